import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ChangeMessageVisibilityBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { ATTRIBUTE } from '../../lib/private/contract';
import { account, type Books, type DeadLetter, isMissing, type Processed } from './account';
import type { Emulator } from './emulator';
import type { Reference } from './reference';
import type { SentMessage } from './send';
import { waitingIn } from './waiting';

export interface CollectOptions {
  /** When what is missing is given up. */
  readonly timeoutSeconds: number;
  readonly onProgress?: (books: Books) => void;
}

const POLL_MS = 500;
/** Until a look at a dead-letter queue is over. */
const LOOK_SECONDS = 30;

interface LedgerRow extends Processed {
  /** A parcel's steps in the order in which they were processed; a row of an order has none. */
  readonly history?: readonly Processed[];
}

async function readLedger(dynamodb: DynamoDBDocumentClient, TableName: string): Promise<Processed[]> {
  const processed: Processed[] = [];
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName, ConsistentRead: true })) {
    for (const row of Items as LedgerRow[]) processed.push(...(row.history ?? [row]));
  }
  return processed;
}

/** The books' view of a message in a dead-letter queue. */
export function deadLetterOf({ MessageId, Body, MessageAttributes = {}, Attributes }: Message): DeadLetter {
  const { [ATTRIBUTE.reason]: reason, [ATTRIBUTE.context]: context, ...own } = MessageAttributes;
  const origin = JSON.parse(context?.StringValue ?? '{}') as {
    messageId?: string;
    receiveCount?: number;
    attributes?: object;
  };
  const folded = Object.entries(origin.attributes ?? {}).map(([name, { stringValue }]) => [name, stringValue]);
  return {
    messageId: origin.messageId ?? MessageId!,
    receiveCount: origin.receiveCount ?? Number(Attributes?.ApproximateReceiveCount),
    reason: reason?.StringValue,
    body: Body!,
    groupId: Attributes?.MessageGroupId,
    attributes: Object.fromEntries([
      ...Object.entries(own).map(([name, { StringValue }]) => [name, StringValue]),
      ...folded,
    ]),
  };
}

/**
 * Reads a dead-letter queue and leaves everything in it. A FIFO queue hides a group while one of its messages is in flight,
 * so a look ends by giving all of them back, and what one look missed the next one sees.
 */
async function look(sqs: SQSClient, QueueUrl: string): Promise<Message[]> {
  const seen: Message[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: LOOK_SECONDS,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) break;
    seen.push(...Messages);
  }
  for (let i = 0; i < seen.length; i += 10) {
    const Entries = seen
      .slice(i, i + 10)
      .map(({ ReceiptHandle }, j) => ({ Id: String(j), ReceiptHandle, VisibilityTimeout: 0 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
  return seen;
}

/**
 * Reads the ledger and the dead-letter queues until every message is accounted for and the queues are empty (what is still
 * there may be processed a second time), or until time is up.
 */
export async function collect(
  emulator: Emulator,
  { ledgerTable, workers }: Reference,
  sent: readonly SentMessage[],
  { timeoutSeconds, onProgress = () => {} }: CollectOptions,
): Promise<Books> {
  const sqs = new SQSClient(emulator.clientConfig);
  const dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(emulator.clientConfig));
  const queues = Object.values(workers);
  const letters = new Map<string, DeadLetter>();
  const until = Date.now() + timeoutSeconds * 1000;
  try {
    for (;;) {
      // In this order: what left a queue before it was counted is in the ledger or among the dead by then.
      const waiting = await Promise.all(queues.map(({ queueUrl }) => waitingIn(sqs, queueUrl)));
      const total = waiting.reduce((sum, count) => sum + count, 0);
      const dead = await Promise.all(queues.map(({ deadLetterQueueUrl }) => look(sqs, deadLetterQueueUrl)));
      for (const message of dead.flat()) {
        // The first sight counts: each look is one more receive.
        if (!letters.has(message.MessageId!)) letters.set(message.MessageId!, deadLetterOf(message));
      }
      const books = account(sent, await readLedger(dynamodb, ledgerTable), [...letters.values()], total);
      onProgress(books);
      if ((total === 0 && !books.accounts.some(isMissing)) || Date.now() > until) return books;
      await sleep(POLL_MS);
    }
  } finally {
    sqs.destroy();
    dynamodb.destroy();
  }
}
