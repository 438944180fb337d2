// All that a worker needs only with idempotency or a circuit breaker, bundled into a file of its own: the DynamoDB client is
// start-up that a worker without them need not pay.
import { BatchExecuteStatementCommand, type BatchStatementRequest, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StatementCalls } from './idempotency/store';

export { IdempotencyGuard } from './idempotency/guard';

const client = new DynamoDBClient({ cacheMiddleware: true });

export const calls: StatementCalls = {
  batchExecuteStatement: async (Statements: BatchStatementRequest[], abortSignal: AbortSignal) =>
    (await client.send(new BatchExecuteStatementCommand({ Statements }), { abortSignal })).Responses ?? [],
};
