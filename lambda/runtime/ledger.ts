import type {
  AttributeValue,
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { LEDGER } from '../../lib/private/contract';
import { inParallel } from './parallel';

/** The two calls, as the SDK's client takes and answers them. */
export interface LedgerCalls {
  batchGetItem(
    input: BatchGetItemCommandInput,
    signal: AbortSignal,
  ): Promise<Pick<BatchGetItemCommandOutput, 'Responses' | 'UnprocessedKeys'>>;
  transactWriteItems(input: TransactWriteItemsCommandInput, signal: AbortSignal): Promise<unknown>;
}

/** The most that a request of either kind takes. */
const MAX_ITEMS = 100;
const IN_FLIGHT = 4;
/** A day more than the queue keeps a message. */
const REMEMBERED_SECONDS = 5 * 86_400;
const FORGIVEN = 'forgiven';

const keyOf = (messageId: string): Record<string, AttributeValue> => ({
  [LEDGER.key]: { S: `${LEDGER.message}${messageId}` },
});

const requests = (messageIds: readonly string[]): string[][] => {
  const ids = [...new Set(messageIds)];
  return Array.from({ length: Math.ceil(ids.length / MAX_ITEMS) }, (_, i) =>
    ids.slice(i * MAX_ITEMS, (i + 1) * MAX_ITEMS),
  );
};

/** Runs all requests and rejects with the first error once each has ended. */
async function all(batches: readonly string[][], request: (ids: readonly string[]) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  await inParallel(batches, IN_FLIGHT, (ids) => request(ids).catch((error) => void errors.push(error)));
  if (errors.length > 0) throw errors[0];
}

/**
 * Receives that messages spent for nothing: SQS counts each hand-out, also of a message that was put off because a breaker
 * was open or its turn had not come. A row a message, in the table of whoever put it off, which DynamoDB forgets after the
 * message has expired.
 */
export class Ledger {
  constructor(
    private readonly calls: LedgerCalls,
    private readonly table: string,
  ) {}

  /** By message, those that have some. Rejects if one cannot be told. */
  async read(messageIds: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    await all(requests(messageIds), async (ids) => {
      const { Responses, UnprocessedKeys } = await this.calls.batchGetItem(
        { RequestItems: { [this.table]: { Keys: ids.map(keyOf), ConsistentRead: true } } },
        signal,
      );
      if (Object.keys(UnprocessedKeys ?? {}).length > 0) throw new Error('the table is throttled');
      for (const item of Responses?.[this.table] ?? []) {
        const key = item[LEDGER.key]!.S!;
        found.set(key.slice(LEDGER.message.length), Math.max(0, Number(item[FORGIVEN]?.N ?? 0)));
      }
    });
    return found;
  }

  /** Adds one receive to each. */
  async forgive(messageIds: readonly string[], now: number, signal: AbortSignal): Promise<void> {
    const ttl = { N: String(Math.ceil(now / 1000) + REMEMBERED_SECONDS) };
    await all(requests(messageIds), async (ids) => {
      // A transaction only because nothing else updates many rows in one request; its token makes a repeated one count once.
      const TransactItems = ids.map((id) => ({
        Update: {
          TableName: this.table,
          Key: keyOf(id),
          UpdateExpression: 'ADD #forgiven :one SET #ttl = :ttl',
          ExpressionAttributeNames: { '#forgiven': FORGIVEN, '#ttl': LEDGER.ttl },
          ExpressionAttributeValues: { ':one': { N: '1' }, ':ttl': ttl },
        },
      }));
      await this.calls.transactWriteItems({ TransactItems }, signal);
    });
  }
}
