// The store's part of what `store-ours` takes: the calls that ours makes for an event, written down beforehand.
import type { BatchStatementRequest } from '@aws-sdk/client-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { Statements } from '../../../../lambda/runtime/idempotency/statements';
import { Store, TABLE } from '../store';

interface Asked {
  readonly inserts: BatchStatementRequest[];
  readonly completions: BatchStatementRequest[];
}

const statements = new Statements(TABLE, 86_400);
const asked = new Map<SQSEvent, Asked>();

const askedOf = (event: SQSEvent): Asked => {
  let found = asked.get(event);
  if (!found) {
    const claims = event.Records.map(({ messageId }) => ({
      key: `orders#${messageId}`,
      owner: `owner/${messageId}`,
      hash: messageId,
      lease: Date.now() + 60_000,
    }));
    found = {
      inserts: claims.map((claim) => statements.insert(claim)),
      completions: claims.map((claim) => statements.complete(claim, undefined, Date.now())),
    };
    asked.set(event, found);
  }
  return found;
};

export const store = new Store();

export const handler = async (event: SQSEvent) => {
  const { inserts, completions } = askedOf(event);
  await store.batchExecuteStatement(inserts);
  await store.batchExecuteStatement(completions);
  return { batchItemFailures: [] };
};
