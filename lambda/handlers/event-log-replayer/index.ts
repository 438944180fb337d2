import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda/handler';
import { EVENT_LOG_ENV } from '../../../lib/private/contract';
import { answeredWithin, QUEUE_ANSWERS, STORE_ANSWERS, TABLE_ANSWERS } from '../../runtime/answers';
import { producerOn, publisherOn } from '../../runtime/producer/sender';
import { logger, required } from '../event-log/environment';
import { senderEdge } from '../event-log/sender';
import { topicCalls } from '../event-log/sns';
import { host } from '../host';
import { BucketArchive } from './event-archive';
import { IndexedTable } from './event-table';
import { Ledger } from './ledger';
import { Replayer } from './replayer';

const dynamodb = new DynamoDBClient({ cacheMiddleware: true, requestHandler: answeredWithin(TABLE_ANSWERS) });
const sqs = new SQSClient({ cacheMiddleware: true, md5: false, requestHandler: answeredWithin(QUEUE_ANSWERS) });
const s3 = new S3Client({ requestHandler: answeredWithin(STORE_ANSWERS) });
const Bucket = required(EVENT_LOG_ENV.bucket);
const name = required(EVENT_LOG_ENV.name);

const edge = senderEdge({
  topic: topicCalls,
  queue: { sendMessageBatch: (input) => sqs.send(new SendMessageBatchCommand(input)) },
});

const replayer = new Replayer({
  name,
  subscribers: JSON.parse(required(EVENT_LOG_ENV.subscribers)),
  ledger: new Ledger(
    {
      getItem: (input) => dynamodb.send(new GetItemCommand(input)),
      putItem: (input) => dynamodb.send(new PutItemCommand(input)),
      updateItem: (input) => dynamodb.send(new UpdateItemCommand(input)),
      scan: (input) => dynamodb.send(new ScanCommand(input)),
    },
    required(EVENT_LOG_ENV.replays),
    host.now,
  ),
  table: new IndexedTable(
    {
      query: (input) => dynamodb.send(new QueryCommand(input)),
      batchGetItem: (input) => dynamodb.send(new BatchGetItemCommand(input)),
    },
    required(EVENT_LOG_ENV.table),
    sleep,
  ),
  archive: new BucketArchive({
    async list(Prefix, ContinuationToken) {
      const { Contents = [], NextContinuationToken: next } = await s3.send(
        new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }),
      );
      return { keys: Contents.flatMap(({ Key }) => Key ?? []), next };
    },
    async read(Key) {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
        return await Body?.transformToString();
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
  }),
  sender: (queueUrl) =>
    queueUrl === undefined
      ? publisherOn(edge, { topicArn: required(EVENT_LOG_ENV.topicArn), fifo: true })
      : producerOn(edge, { queueUrl, fifo: true }),
  log: logger(name),
  ...host,
  uuid: () => crypto.randomUUID(),
  sleep,
});

/** Invoked by a schedule, and by operators: see command.ts. */
export const handler = (event: unknown, context: Context) =>
  replayer.handle(event, () => context.getRemainingTimeInMillis());
