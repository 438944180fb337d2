import { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SOURCE_RETENTION_DAYS, VISIBILITY_FACTOR } from '../sizing';

export const RECOVERY_TIMEOUT = Duration.minutes(1);
const DEAD_LETTER_RETENTION = Duration.days(14);
/** What cannot be recovered in as many tries is dead as it is: where the record is says more than nothing. */
const RECOVERY_RECEIVES = 5;

/** The dead-letter queue of a stream worker, and the queue that Lambda tells what it has given up. */
export function streamQueues(
  scope: Construct,
  encryptionKey?: kms.IKey,
): { deadLetterQueue: sqs.Queue; onFailureQueue: sqs.Queue } {
  const common: sqs.QueueProps = {
    encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
    encryptionMasterKey: encryptionKey,
    enforceSSL: true,
  };
  const deadLetterQueue = new sqs.Queue(scope, 'DeadLetterQueue', {
    ...common,
    retentionPeriod: DEAD_LETTER_RETENTION,
  });
  const onFailureQueue = new sqs.Queue(scope, 'OnFailureQueue', {
    ...common,
    visibilityTimeout: Duration.seconds(VISIBILITY_FACTOR * RECOVERY_TIMEOUT.toSeconds()),
    retentionPeriod: Duration.days(SOURCE_RETENTION_DAYS),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: RECOVERY_RECEIVES },
  });
  return { deadLetterQueue, onFailureQueue };
}
