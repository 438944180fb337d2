import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ENV, type LevelingSpec, PACE_ENV } from '../../../lib/private/contract';
import { answeredWithin, QUEUE_ANSWERS, TABLE_ANSWERS } from '../../runtime/answers';
import { jsonLoggers } from '../../runtime/log';
import { SIZES, sizeOf } from '../../runtime/pace/queue-size';
import { host } from '../host';
import { mappingCalls } from '../mapping';
import { Controller } from './controller';

const { env } = host;
const spec = JSON.parse(env[PACE_ENV.spec] ?? '') as LevelingSpec;
const worker = env[ENV.worker] ?? '';
const dynamodb = new DynamoDBClient({ cacheMiddleware: true, requestHandler: answeredWithin(TABLE_ANSWERS) });
const sqs = new SQSClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) });

const controller = new Controller({
  worker,
  spec,
  mapping: env[PACE_ENV.mapping],
  rowCalls: {
    getItem: (input) => dynamodb.send(new GetItemCommand(input)),
    updateItem: (input) => dynamodb.send(new UpdateItemCommand(input)),
  },
  mappingCalls: mappingCalls(
    new LambdaClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) }),
  ),
  log: jsonLoggers(host)({ worker }).own,
  queueSize: async () => {
    const input = { QueueUrl: env[ENV.queueUrl], AttributeNames: [...SIZES] };
    return sizeOf((await sqs.send(new GetQueueAttributesCommand(input))).Attributes);
  },
  now: host.now,
  write: host.write,
});

/**
 * Invoked once a minute, by the schedules of the queue, and by operators with `{ "action": "pace", "pace": … }`,
 * `{ "action": "reset" }` or `{ "action": "status" }`.
 */
export const handler = (event: unknown) => controller.handle(event);
