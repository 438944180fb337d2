// All that a worker needs only with idempotency or a circuit breaker, bundled into a file of its own: the DynamoDB client is
// start-up that a worker without them need not pay.
import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { BreakerCalls } from './breaker/breaker';
import type { StatementCalls } from './idempotency/store';

export { Guards } from './guards';

const client = new DynamoDBClient({ cacheMiddleware: true });
// What is counted must not be counted twice: the retry after a lost reply would be.
const once = new DynamoDBClient({
  cacheMiddleware: true,
  maxAttempts: 1,
  requestHandler: client.config.requestHandler,
});

export const calls: StatementCalls & BreakerCalls = {
  batchExecuteStatement: async (Statements, abortSignal) =>
    (await client.send(new BatchExecuteStatementCommand({ Statements }), { abortSignal })).Responses ?? [],
  getItem: (input, abortSignal) => client.send(new GetItemCommand(input), { abortSignal }),
  updateItem: (input, abortSignal) => once.send(new UpdateItemCommand(input), { abortSignal }),
  batchGetItem: (input, abortSignal) => client.send(new BatchGetItemCommand(input), { abortSignal }),
  transactWriteItems: (input, abortSignal) => client.send(new TransactWriteItemsCommand(input), { abortSignal }),
};
