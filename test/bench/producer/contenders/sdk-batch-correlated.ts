import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { batches, IN_FLIGHT, inLanes } from './lanes';

const client = new SQSClient({ cacheMiddleware: true });

// The same content as ours: every message with a correlation id.
export const send = (QueueUrl: string, count: number): Promise<void> =>
  inLanes(batches(count), IN_FLIGHT, async (batch) => {
    const Entries = batch.map((order, i) => ({
      Id: String(i),
      MessageBody: JSON.stringify(order),
      MessageAttributes: { CorrelationId: { DataType: 'String', StringValue: crypto.randomUUID() } },
    }));
    const { Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    if (Successful.length !== batch.length) throw new Error('a message was not accepted');
  });
