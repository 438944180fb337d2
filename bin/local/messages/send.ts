import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Queues, Reference } from '../reference';
import { waitingIn } from '../waiting';
import type { Message } from './load';

/** A message that SQS took, with the id that it gave. */
export interface SentMessage extends Message {
  readonly messageId: string;
}

const BATCH = 10;
const POLL_MS = 200;
/** What is still there then will show in the books. */
const PATIENCE_MS = 60_000;

const textAttributes = (attributes: Message['attributes']) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );

async function sendBatch(sqs: SQSClient, queueUrl: string, batch: readonly Message[]): Promise<SentMessage[]> {
  const { Successful = [], Failed = [] } = await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: batch.map(({ id, body, attributes, groupId }) => ({
        Id: id,
        MessageBody: body,
        MessageAttributes: textAttributes(attributes),
        ...(groupId !== undefined && { MessageGroupId: groupId, MessageDeduplicationId: id }),
      })),
    }),
  );
  if (Failed.length > 0) throw new Error(`${queueUrl} refused messages: ${JSON.stringify(Failed)}`);
  const ids = new Map(Successful.map(({ Id, MessageId }) => [Id, MessageId!]));
  return batch.map((message) => ({ ...message, messageId: ids.get(message.id)! }));
}

async function untilEmpty(sqs: SQSClient, queueUrl: string): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while ((await waitingIn(sqs, queueUrl)) > 0 && Date.now() < until) await sleep(POLL_MS);
}

/** Sends messages to their workers, a queue's one batch after the other so that FIFO groups keep their order. */
export async function send(
  sqs: SQSClient,
  { workers }: Pick<Reference, 'workers'>,
  messages: readonly Message[],
  onProgress: (sent: number) => void = () => {},
): Promise<SentMessage[]> {
  const sent: SentMessage[] = [];
  const sendAll = async (queueUrl: string, own: readonly Message[]): Promise<void> => {
    for (let i = 0; i < own.length; i += BATCH) {
      sent.push(...(await sendBatch(sqs, queueUrl, own.slice(i, i + BATCH))));
      onProgress(sent.length);
    }
  };
  const sendTo = async ([worker, { queueUrl }]: [string, Queues]): Promise<void> => {
    const own = messages.filter((message) => message.worker === worker);
    const again = own.filter((message) => message.again);
    await sendAll(
      queueUrl,
      own.filter((message) => !message.again),
    );
    if (again.length === 0) return;
    await untilEmpty(sqs, queueUrl);
    await sendAll(queueUrl, again);
  };
  await Promise.all(Object.entries(workers).map(sendTo));
  return sent;
}
