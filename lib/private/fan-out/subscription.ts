import { Duration, Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct, IDependable } from 'constructs';
import type { MessageFilter } from '../../message-filter';
import { letSnsSend } from './access';
import { undeliveredAlarm } from './alarms';
import { leavesOf } from './filter-policy';

export interface SubscriptionProps {
  readonly topic: sns.ITopic;
  readonly protocol: sns.SubscriptionProtocol;
  readonly endpoint: string;
  /** Where SNS puts what it cannot deliver. */
  readonly deadLetterQueue: sqs.IQueue;
  /** What must be there before SNS sends. */
  readonly after: readonly IDependable[];
  readonly filter?: MessageFilter;
  readonly rawMessageDelivery?: boolean;
  readonly replayFrom?: Date;
}

/** On the L1: the L2 knows neither alternatives nor replays, and writes key policies that refer to the topic. */
export function subscription(scope: Construct, props: SubscriptionProps): sns.CfnSubscription {
  const { topic, deadLetterQueue, filter, replayFrom } = props;
  const made = new sns.CfnSubscription(scope, 'Subscription', {
    topicArn: topic.topicArn,
    protocol: props.protocol,
    endpoint: props.endpoint,
    rawMessageDelivery: props.rawMessageDelivery,
    redrivePolicy: { deadLetterTargetArn: deadLetterQueue.queueArn },
    ...(filter && { filterPolicy: filter._policy, filterPolicyScope: filter._scope }),
    ...(replayFrom && { replayPolicy: { PointType: 'Timestamp', StartingPoint: replayFrom.toISOString() } }),
  });
  if (filter && leavesOf(filter._policy).some(({ conditions }) => conditions.includes(null))) {
    // A template holds no null, but CloudFormation takes the policy as a text too. The L1 does not.
    made.addPropertyOverride('FilterPolicy', Stack.of(scope).toJsonString(filter._policy));
  }
  made.node.addDependency(...props.after, ...letSnsSend(scope, topic, deadLetterQueue));
  return made;
}

export interface UndeliveredProps {
  /** How operators know the subscription. */
  readonly name: string;
  readonly fifo: boolean;
  readonly encryptionKey?: kms.IKey;
  readonly alarmTopic?: sns.ITopic;
}

/** A dead-letter queue for a subscription alone, with its alarm. It must be of the topic's kind. */
export function undeliveredQueue(
  scope: Construct,
  { name, fifo, encryptionKey, alarmTopic }: UndeliveredProps,
): sqs.Queue {
  const queue = new sqs.Queue(scope, 'DeadLetterQueue', {
    // Without the prop a standard queue stays one: CloudFormation does not take `false` there.
    ...(fifo && { fifo }),
    encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
    encryptionMasterKey: encryptionKey,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  undeliveredAlarm(scope, name, queue, alarmTopic);
  return queue;
}
