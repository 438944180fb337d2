import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DeadLetterReader } from './dead-letters';
import type { Emulator } from './emulator';
import { readLedger } from './ledger';
import type { Bookkeepers, Books, Page, Sight } from './page';
import type { QueuelessName, Reference, WorkerName } from './reference';
import { waitingIn } from './waiting';

export interface CollectOptions {
  /** When what is missing is given up. */
  readonly timeoutSeconds: number;
  readonly onProgress?: (pages: readonly Page[]) => void;
}

const POLL_MS = 500;

type Per<Name extends string, T> = Readonly<Record<Name, T>>;

/** One after the other, in the app's order: what left a queue has reached those after it by the time that they are asked. */
async function each<Name extends WorkerName | QueuelessName, From, To>(
  of: Per<Name, From>,
  ask: (from: From) => Promise<To>,
): Promise<Per<Name, To>> {
  const answers: [string, To][] = [];
  for (const [name, from] of Object.entries<From>(of)) answers.push([name, await ask(from)]);
  return Object.fromEntries(answers) as Record<Name, To>;
}

/**
 * Looks at the app until every page is complete, the queues empty (what is still there may be handled a second time), or
 * until time is up.
 */
export async function collect<B extends Bookkeepers>(
  emulator: Emulator,
  { ledgerTable, workers, queueless, accountLog }: Reference,
  bookkeepers: B,
  { timeoutSeconds, onProgress = () => {} }: CollectOptions,
): Promise<Books<B>> {
  const sqs = new SQSClient(emulator.clientConfig);
  const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(emulator.clientConfig));
  const readers = await each(
    { ...workers, ...queueless },
    async ({ deadLetterQueueUrl }) => new DeadLetterReader(sqs, deadLetterQueueUrl),
  );
  const until = Date.now() + timeoutSeconds * 1000;
  try {
    for (;;) {
      // In this order: what left a queue before it was counted is in the ledger or among the dead by then.
      const waiting = await each(workers, ({ queueUrl }) => waitingIn(sqs, queueUrl));
      const deadLetters = await each(readers, (reader) => reader.look());
      // A projection is not ahead of the log.
      const rows = await readLedger(dynamodb, ledgerTable);
      const logRows = await readLedger(dynamodb, accountLog.table);
      const sight: Sight = { waiting, deadLetters, rows, logRows };
      const books = await Promise.all(
        Object.entries(bookkeepers).map(async ([name, write]) => [name, await write(sight)] as const),
      );
      const pages = books.map(([, page]) => page);
      onProgress(pages);
      if (pages.every(({ isComplete }) => isComplete) || Date.now() > until)
        return Object.fromEntries(books) as Books<B>;
      await sleep(POLL_MS);
    }
  } finally {
    await each(readers, (reader) => reader.giveBack());
    sqs.destroy();
    dynamodb.destroy();
  }
}
