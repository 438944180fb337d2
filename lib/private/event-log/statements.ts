import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { EVENT_LOG_ARCHIVE_PREFIX, EVENT_LOG_TABLE } from '../contract';

const allow = (actions: string[], ...resources: string[]): iam.PolicyStatement =>
  new iam.PolicyStatement({ actions, resources });

export const USE_OF_KEY = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'];

const useOf = (...keys: (kms.IKey | undefined)[]): iam.PolicyStatement[] => {
  const arns = [...new Set(keys.flatMap((key) => (key ? [key.keyArn] : [])))];
  return arns.length > 0 ? [allow(USE_OF_KEY, ...arns)] : [];
};

/** Who appends puts rows, in transactions too, which are authorized by their parts. Nobody updates or deletes any. */
export const APPEND = ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'];
export const READ = ['dynamodb:Query'];

export interface LogResources {
  readonly table: dynamodb.Table;
  readonly deadLetterQueue: sqs.IQueue;
  readonly encryptionKey?: kms.IKey;
}

const readStream = ({ table, deadLetterQueue }: LogResources): iam.PolicyStatement[] => [
  allow(
    ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
    table.tableStreamArn!,
  ),
  allow(['sqs:SendMessage'], deadLetterQueue.queueArn),
];

export const outboxStatements = (log: LogResources, topic: sns.ITopic): iam.PolicyStatement[] => [
  ...readStream(log),
  allow(['sns:Publish'], topic.topicArn),
  ...useOf(log.encryptionKey, topic.masterKey),
];

export const archiverStatements = (log: LogResources, bucket: s3.IBucket): iam.PolicyStatement[] => [
  ...readStream(log),
  allow(['s3:PutObject'], bucket.arnForObjects(`${EVENT_LOG_ARCHIVE_PREFIX}*`)),
  ...useOf(log.encryptionKey, bucket.encryptionKey),
];

export interface ReplayResources extends LogResources {
  readonly replays: dynamodb.Table;
  readonly topic: sns.ITopic;
  readonly bucket: s3.IBucket;
}

export const replayerStatements = (log: ReplayResources): iam.PolicyStatement[] => [
  allow(['dynamodb:Query'], `${log.table.tableArn}/index/${EVENT_LOG_TABLE.index}`),
  allow(['dynamodb:BatchGetItem'], log.table.tableArn),
  allow(['dynamodb:Scan', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], log.replays.tableArn),
  // Without it S3 says of an object that is gone that access is denied.
  new iam.PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [log.bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': `${EVENT_LOG_ARCHIVE_PREFIX}*` } },
  }),
  allow(['s3:GetObject'], log.bucket.arnForObjects(`${EVENT_LOG_ARCHIVE_PREFIX}*`)),
  allow(['sns:Publish'], log.topic.topicArn),
  ...useOf(log.encryptionKey, log.topic.masterKey, log.bucket.encryptionKey),
];

/** One statement for all: a policy has room for no more. */
export const subscriberStatement = (queueArn: string): iam.PolicyStatement => allow(['sqs:SendMessage'], queueArn);
