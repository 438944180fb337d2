import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface WorkerResources {
  /** What is polled for it; another source has its own statements. */
  readonly queue?: sqs.IQueue;
  readonly deadLetterQueue?: sqs.IQueue;
  readonly logGroup?: logs.ILogGroup;
  readonly encryptionKey?: kms.IKey;
  readonly statements: iam.PolicyStatement[];
}

const CONSUME = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'];

/**
 * What a worker's function may do on our behalf: one managed policy of exact actions on exact resources. What the user
 * grants goes to the role's own policy and never mixes with it.
 */
export function workerPolicy(scope: Construct, id: string, resources: WorkerResources): iam.ManagedPolicy {
  const { queue, deadLetterQueue, logGroup, encryptionKey } = resources;
  const allow = (actions: string[], resource: string) => new iam.PolicyStatement({ actions, resources: [resource] });
  return new iam.ManagedPolicy(scope, id, {
    statements: [
      ...(queue ? [allow(CONSUME, queue.queueArn)] : []),
      ...(deadLetterQueue ? [allow(['sqs:SendMessage'], deadLetterQueue.queueArn)] : []),
      ...(logGroup ? [allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn)] : []),
      // The key's own policy must leave access to IAM, as the CDK's and the console's default does.
      ...(encryptionKey ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], encryptionKey.keyArn)] : []),
      ...resources.statements,
    ],
  });
}
