import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Message, Worker } from './load';
import type { Reference } from './reference';

/** A message that SQS took, with the id that it gave. */
export interface SentMessage extends Message {
  readonly messageId: string;
}

const BATCH = 10;

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

/** Sends messages to their workers, a queue's one batch after the other so that FIFO groups keep their order. */
export async function send(
  sqs: SQSClient,
  { workers }: Reference,
  messages: readonly Message[],
  onProgress: (sent: number) => void = () => {},
): Promise<SentMessage[]> {
  const sent: SentMessage[] = [];
  const sendAll = async (worker: Worker): Promise<void> => {
    const own = messages.filter((message) => message.worker === worker);
    for (let i = 0; i < own.length; i += BATCH) {
      sent.push(...(await sendBatch(sqs, workers[worker].queueUrl, own.slice(i, i + BATCH))));
      onProgress(sent.length);
    }
  };
  await Promise.all([sendAll('orders'), sendAll('shipments')]);
  return sent;
}
