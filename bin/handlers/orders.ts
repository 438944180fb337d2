import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { PermanentError, worker } from 'cdk-async-patterns/runtime';
import { z } from 'zod';
import { simulate } from './simulate';

// Made once for each environment, not for each message.
const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

const Order = z.object({
  orderId: z.string().min(1),
  customer: z.string().min(1),
  items: z.array(z.object({ sku: z.string().min(1), quantity: z.int().positive(), price: z.number().nonnegative() })),
});

/** Books an order: one row for each time that it was processed, so that a second time would show. */
export const handler = worker({
  schema: Order,
  async process(order, { messageId, receiveCount, attributes, signal, log }) {
    // It will be empty at the next attempt too: no use in trying again.
    if (order.items.length === 0) throw new PermanentError(`order ${order.orderId} has no items`);

    await simulate({ attributes, receiveCount, signal });

    const total = order.items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    await ledger.send(
      new PutCommand({
        TableName: process.env.LEDGER_TABLE,
        Item: {
          pk: `order#${order.orderId}`,
          sk: `${messageId}#${receiveCount}`,
          messageId,
          receiveCount,
          customer: order.customer,
          total,
          bookedAt: new Date().toISOString(),
        },
      }),
      { abortSignal: signal },
    );
    log.info('order booked', { orderId: order.orderId, total });
  },
});
