import {
  DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { BREAKER_ENV, type BreakerSpec } from '../../../lib/private/contract';
import { answeredWithin, QUEUE_ANSWERS, TABLE_ANSWERS } from '../../runtime/answers';
import { jsonLoggers } from '../../runtime/log';
import { host } from '../host';
import { mappingCalls } from '../mapping';
import { Controller } from './controller';

const { env } = host;
const spec = JSON.parse(env[BREAKER_ENV.spec] ?? '') as BreakerSpec;
const dynamodb = new DynamoDBClient({ cacheMiddleware: true, requestHandler: answeredWithin(TABLE_ANSWERS) });
const lambda = new LambdaClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) });

const controller = new Controller({
  spec,
  mappings: JSON.parse(env[BREAKER_ENV.mappings] ?? '[]'),
  rowCalls: {
    getItem: (input: GetItemCommandInput, abortSignal) => dynamodb.send(new GetItemCommand(input), { abortSignal }),
    updateItem: (input: UpdateItemCommandInput, abortSignal) =>
      dynamodb.send(new UpdateItemCommand(input), { abortSignal }),
  },
  mappingCalls: mappingCalls(lambda),
  log: jsonLoggers(host)({ circuitBreaker: spec.name }).own,
  now: host.now,
  write: host.write,
});

/** Invoked by the table's stream, by a schedule, and by operators with `{ "action": "open" | "close" | "auto" | "status" }`. */
export const handler = (event: unknown) => controller.handle(event);
