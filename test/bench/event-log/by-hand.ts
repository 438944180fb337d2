import {
  type DynamoDBClient,
  PutItemCommand,
  paginateQuery,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import type { Order } from '../runtime/work';
import { BATCH, TABLE, versionKey } from './stored';

const row = (streamId: string, version: number, data: unknown) => ({
  TableName: TABLE,
  Item: {
    pk: { S: streamId },
    sk: { S: versionKey(version) },
    type: { S: 'OrderPlaced' },
    data: { S: JSON.stringify(data) },
    id: { S: crypto.randomUUID() },
    at: { S: new Date().toISOString() },
  },
  ConditionExpression: 'attribute_not_exists(pk)',
});

const each = (task: (order: Order) => Promise<unknown>) => async (event: SQSEvent) => {
  for (const { body } of event.Records) await task(JSON.parse(body));
  return { batchItemFailures: [] };
};

/** The floor: conditional puts, and rows that are read back. No limits, no retry of a conflict, no index. */
export const appendByHand = (client: DynamoDBClient) =>
  each((order) => client.send(new PutItemCommand(row(order.orderId, 1, order))));

export const transactByHand = (client: DynamoDBClient) =>
  each((order) =>
    client.send(
      new TransactWriteItemsCommand({
        TransactItems: Array.from({ length: BATCH }, (_, i) => ({ Put: row(order.orderId, i + 1, order) })),
        ClientRequestToken: crypto.randomUUID(),
      }),
    ),
  );

export const readByHand = (client: DynamoDBClient) =>
  each(async ({ orderId }) => {
    const pages = paginateQuery(
      { client },
      {
        TableName: TABLE,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: orderId } },
        ConsistentRead: true,
      },
    );
    let lines = 0;
    for await (const { Items = [] } of pages) {
      for (const { data } of Items) lines += (JSON.parse(data!.S!) as Order).lines.length;
    }
    if (lines === 0) throw new Error('nothing was read');
  });
