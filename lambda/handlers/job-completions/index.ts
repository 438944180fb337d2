import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import { JOBS_ENV } from '../../../lib/private/contract';
import { answeredWithin, QUEUE_ANSWERS } from '../../runtime/answers';
import { jsonLoggers } from '../../runtime/log';
import type { SenderEdge } from '../../runtime/producer/edge';
import { Relay } from './relay';

const { env } = process;
const sns = new SNSClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) });
const sqs = new SQSClient({ cacheMiddleware: true, md5: false, requestHandler: answeredWithin(QUEUE_ANSWERS) });

const unused = (): Promise<never> => Promise.reject(new Error('completions are neither stored nor scheduled'));
const edge: SenderEdge = {
  env,
  now: Date.now,
  random: Math.random,
  uuid: () => crypto.randomUUID(),
  traceparent: () => undefined,
  queueCalls: async () => ({ sendMessageBatch: (input) => sqs.send(new SendMessageBatchCommand(input)) }),
  topicCalls: async () => ({ publishBatch: (input) => sns.send(new PublishBatchCommand(input)) }),
  scheduleCalls: unused,
  storeCalls: unused,
  tableCalls: unused,
};
const write = (line: string): void => void process.stdout.write(`${line}\n`);
const relay = new Relay(
  edge,
  JSON.parse(env[JOBS_ENV.completions] ?? ''),
  jsonLoggers({ env, now: Date.now, write })({}).own,
);

/** Invoked by the stream of the table of jobs. */
export const handler = (event: DynamoDBStreamEvent) => relay.handle(event);
