import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import { JOBS_ENV } from '../../../lib/private/contract';
import { answeredWithin, QUEUE_ANSWERS } from '../../runtime/answers';
import { jsonLoggers } from '../../runtime/log';
import type { SenderEdge } from '../../runtime/producer/edge';
import { host } from '../host';
import { Relay } from './relay';

const { env, now, random } = host;
const sns = new SNSClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) });
const sqs = new SQSClient({ cacheMiddleware: true, md5: false, requestHandler: answeredWithin(QUEUE_ANSWERS) });

const unused = (): Promise<never> => Promise.reject(new Error('completions are neither stored nor scheduled'));
const edge: SenderEdge = {
  env,
  now,
  random,
  uuid: () => crypto.randomUUID(),
  traceparent: () => undefined,
  queueCalls: async () => ({ sendMessageBatch: (input) => sqs.send(new SendMessageBatchCommand(input)) }),
  topicCalls: async () => ({ publishBatch: (input) => sns.send(new PublishBatchCommand(input)) }),
  scheduleCalls: unused,
  storeCalls: unused,
  tableCalls: unused,
};
const relay = new Relay(edge, JSON.parse(env[JOBS_ENV.completions] ?? ''), jsonLoggers(host)({}).own);

/** Invoked by the stream of the table of jobs. */
export const handler = (event: DynamoDBStreamEvent) => relay.handle(event);
