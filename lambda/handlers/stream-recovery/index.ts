import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { SendMessageBatchCommand, type SendMessageBatchCommandInput, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda/handler';
import type { SQSEvent } from 'aws-lambda/trigger/sqs';
import { ENV } from '../../../lib/private/contract';
import { answeredWithin, QUEUE_ANSWERS } from '../../runtime/answers';
import { jsonLoggers } from '../../runtime/log';
import { metricsLine } from '../../runtime/metrics';
import { host } from '../host';
import { Recovery } from './recovery';
import { dynamodbPages, kinesisPages } from './streams';

const { env } = host;
const worker = env[ENV.worker] ?? '';
const kinesis = new KinesisClient({ requestHandler: answeredWithin(QUEUE_ANSWERS) });
const dynamodb = new DynamoDBStreamsClient({ requestHandler: answeredWithin(QUEUE_ANSWERS) });
const sqs = new SQSClient({ md5: false, requestHandler: answeredWithin(QUEUE_ANSWERS) });

const recovery = new Recovery({
  queueUrl: env[ENV.deadLetterQueueUrl] ?? '',
  sqs: { sendMessageBatch: (input: SendMessageBatchCommandInput) => sqs.send(new SendMessageBatchCommand(input)) },
  pages: (range) => (range.kind === 'kinesis' ? kinesisPages(kinesis, range) : dynamodbPages(dynamodb, range)),
  log: jsonLoggers(host)({ worker }).own,
  now: host.now,
  random: host.random,
});

/** Invoked by the queue that Lambda tells what it has given up. What throws comes back, and ends in the dead-letter queue as it is. */
export const handler = async ({ Records }: SQSEvent, context?: Context): Promise<void> => {
  for (const { body } of Records) {
    const dead = await recovery.recover(body);
    const counts = { processed: 0, retried: 0, dead, deferred: 0, age: 0 };
    host.write(metricsLine(worker, context?.awsRequestId, counts, host.now()));
  }
};
