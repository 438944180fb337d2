// All that a worker needs only with idempotency, a circuit breaker or a pace, and the client of event logs, bundled into a file of
// its own: the DynamoDB client is
// start-up that a worker without them need not pay.
import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { answeredWithin, TABLE_ANSWERS } from './answers';
import type { BreakerCalls } from './breaker/breaker';
import type { LogCalls } from './event-log/store';
import type { StatementCalls } from './idempotency/store';
import type { PaceCalls } from './pace/pacer';

export { Guards } from './guards';

const client = new DynamoDBClient({ cacheMiddleware: true, requestHandler: answeredWithin(TABLE_ANSWERS) });
// What is counted must not be counted twice: the retry after a lost reply would be.
const once = new DynamoDBClient({
  cacheMiddleware: true,
  maxAttempts: 1,
  requestHandler: client.config.requestHandler,
});

// Without options to `send`, so that the middleware is cached: see the client of SQS.
export const calls: StatementCalls & BreakerCalls & PaceCalls = {
  batchExecuteStatement: async (Statements) =>
    (await client.send(new BatchExecuteStatementCommand({ Statements }))).Responses ?? [],
  getItem: (input) => client.send(new GetItemCommand(input)),
  updateItem: (input) => once.send(new UpdateItemCommand(input)),
  batchGetItem: (input) => client.send(new BatchGetItemCommand(input)),
  transactWriteItems: (input) => client.send(new TransactWriteItemsCommand(input)),
};

export const logCalls: LogCalls = {
  putItem: (input) => client.send(new PutItemCommand(input)),
  transactWriteItems: (input) => client.send(new TransactWriteItemsCommand(input)),
  query: (input) => client.send(new QueryCommand(input)),
  getItem: (input) => client.send(new GetItemCommand(input)),
  updateItem: (input) => client.send(new UpdateItemCommand(input)),
};
