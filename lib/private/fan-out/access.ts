import { Annotations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { type IQueue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IDependable } from 'constructs';
import { InvalidInput } from '../problem';

const SNS = 'sns.amazonaws.com';

/** What SNS needs to send to a queue. A subscription depends on it: SNS sends as soon as there is one. */
export function letSnsSend(scope: Construct, topic: sns.ITopic, queue: IQueue): IDependable[] {
  if (queue.encryptionType === QueueEncryption.KMS_MANAGED) {
    throw new InvalidInput(
      {
        what: `encryption of ${queue.node.path}`,
        got: 'the AWS-managed key',
        expected: 'SQS-managed encryption or a customer-managed key',
        todo: 'change it: the policy of the AWS-managed key does not let SNS in, and cannot be changed',
      },
      scope,
    );
  }
  const { statementAdded, policyDependable } = queue.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(SNS)],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': topic.topicArn } },
    }),
  );
  if (!statementAdded) {
    Annotations.of(scope).addWarningV2(
      'cdk-async-patterns:importedQueue',
      `the policy and the encryption of ${queue.node.path} cannot be set or seen from here; see that it lets ${SNS} send ` +
        'messages of this topic, that it is not under the AWS-managed key, that a customer-managed key lets SNS use it, ' +
        'and acknowledge this',
    );
  }
  if (queue.encryptionMasterKey) letSnsUse(scope, topic, queue.encryptionMasterKey);
  return policyDependable ? [policyDependable] : [];
}

/** Under the topic's account, not the topic: the topic may be under the same key, and each would wait for the other. */
function letSnsUse(scope: Construct, topic: sns.ITopic, key: kms.IKey): void {
  const { statementAdded } = key.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal(SNS)],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': topic.env.account } },
    }),
    true,
  );
  if (!statementAdded) {
    Annotations.of(scope).addWarningV2(
      'cdk-async-patterns:importedKey',
      `the policy of ${key.node.path} cannot be set or seen from here; see that it lets ${SNS} use kms:Decrypt and ` +
        'kms:GenerateDataKey, or nothing is delivered to the queues under it, and acknowledge this',
    );
  }
}
