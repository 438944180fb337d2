import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { DEAD_LETTER_RETENTION_DAYS, SOURCE_RETENTION_DAYS } from './sizing';
import type { WorkerNumbers } from './worker-numbers';

/** A dead letter keeps the time at which its message was sent, so its queue must remember longer. */
const DEAD_LETTER_RETENTION = Duration.days(DEAD_LETTER_RETENTION_DAYS);

/** A queue and its dead-letter queue, of one kind and under one key. */
export function workerQueues(
  scope: Construct,
  { fifo, visibilityTimeout, redriveCount }: WorkerNumbers,
  encryptionKey?: kms.IKey,
): { queue: sqs.Queue; deadLetterQueue: sqs.Queue } {
  const common: sqs.QueueProps = {
    // Without the prop a standard queue stays one: CloudFormation does not take `false` there.
    ...(fifo && {
      fifo,
      deduplicationScope: sqs.DeduplicationScope.MESSAGE_GROUP,
      fifoThroughputLimit: sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
    }),
    encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
    encryptionMasterKey: encryptionKey,
    enforceSSL: true,
  };
  const deadLetterQueue = new sqs.Queue(scope, 'DeadLetterQueue', {
    ...common,
    retentionPeriod: DEAD_LETTER_RETENTION,
  });
  const queue = new sqs.Queue(scope, 'Queue', {
    ...common,
    visibilityTimeout,
    retentionPeriod: Duration.days(SOURCE_RETENTION_DAYS),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: redriveCount },
  });
  return { queue, deadLetterQueue };
}
