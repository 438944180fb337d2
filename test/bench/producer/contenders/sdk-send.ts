import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { IN_FLIGHT, inLanes, orders } from './lanes';

const client = new SQSClient({});

export const send = (QueueUrl: string, count: number): Promise<void> =>
  inLanes(orders(count), IN_FLIGHT, (order) =>
    client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(order) })),
  );
