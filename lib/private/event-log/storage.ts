import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { EVENT_LOG_REPLAYS, EVENT_LOG_SNAPSHOTS, EVENT_LOG_TABLE } from '../contract';

export interface StorageProps {
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey?: kms.IKey;
}

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

const tableOf = (encryptionKey: kms.IKey | undefined, partitionKey: string, sortKey?: string): dynamodb.TableProps => ({
  partitionKey: text(partitionKey),
  sortKey: sortKey === undefined ? undefined : text(sortKey),
  billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  encryptionKey,
});

/** The table of events, with its index by time. */
export function eventTable(scope: Construct, { removalPolicy, encryptionKey }: StorageProps): dynamodb.Table {
  const table = new dynamodb.Table(scope, 'Table', {
    ...tableOf(encryptionKey, EVENT_LOG_TABLE.stream, EVENT_LOG_TABLE.version),
    stream: dynamodb.StreamViewType.NEW_IMAGE,
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  });
  table.addGlobalSecondaryIndex({
    indexName: EVENT_LOG_TABLE.index,
    partitionKey: text(EVENT_LOG_TABLE.shard),
    sortKey: text(EVENT_LOG_TABLE.time),
    projectionType: dynamodb.ProjectionType.KEYS_ONLY,
  });
  return table;
}

// Of what is in these two nothing is lost with the stack that could not be made or asked for again.
export const snapshotTable = (scope: Construct, encryptionKey?: kms.IKey): dynamodb.Table =>
  new dynamodb.Table(scope, 'Snapshots', {
    ...tableOf(encryptionKey, EVENT_LOG_SNAPSHOTS.stream, EVENT_LOG_SNAPSHOTS.aggregate),
    removalPolicy: RemovalPolicy.DESTROY,
  });

export const replayTable = (scope: Construct, encryptionKey?: kms.IKey): dynamodb.Table =>
  new dynamodb.Table(scope, 'Replays', {
    ...tableOf(encryptionKey, EVENT_LOG_REPLAYS.id),
    timeToLiveAttribute: EVENT_LOG_REPLAYS.ttl,
    removalPolicy: RemovalPolicy.DESTROY,
  });

export const archiveBucket = (scope: Construct, { removalPolicy, encryptionKey }: StorageProps): s3.Bucket =>
  new s3.Bucket(scope, 'Archive', {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption: encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
    encryptionKey,
    bucketKeyEnabled: encryptionKey ? true : undefined,
    enforceSSL: true,
    versioned: true,
    removalPolicy,
  });

/** Where Lambda says which part of the stream it gave up. */
export const missedQueue = (scope: Construct, encryptionKey?: kms.IKey): sqs.Queue =>
  new sqs.Queue(scope, 'DeadLetterQueue', {
    encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
    encryptionMasterKey: encryptionKey,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
