import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PermanentError, publisher, worker } from 'cdk-async-patterns/runtime';
import { z } from 'zod';
import type { OrderBooked } from './order-booked';
import { simulate } from './simulate';

// Made once for each environment, not for each message.
const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());
const events = publisher<OrderBooked>('OrderEvents');

const Order = z.object({
  orderId: z.string().min(1),
  customer: z.string().min(1),
  items: z.array(z.object({ sku: z.string().min(1), quantity: z.int().positive(), price: z.number().nonnegative() })),
});

/**
 * Books an order and tells everyone who asked. One row for each time that it was processed, so that a second time would show;
 * an event that is published again is the same to the topic, by its deduplication id.
 */
export const handler = worker({
  schema: Order,
  async process(order, context) {
    const { messageId, receiveCount, signal, log } = context;
    const { orderId, customer, items } = order;
    // It will be empty at the next attempt too: no use in trying again.
    if (items.length === 0) throw new PermanentError(`order ${orderId} has no items`);

    await simulate(context);

    const cents = items.reduce((sum, { quantity, price }) => sum + quantity * Math.round(price * 100), 0);
    const total = cents / 100;
    const row = { pk: `order#${orderId}`, sk: `${messageId}#${receiveCount}` };
    await ledger.send(
      new PutCommand({
        TableName: process.env.LEDGER_TABLE,
        Item: { ...row, messageId, receiveCount, customer, total, bookedAt: new Date().toISOString() },
      }),
      { abortSignal: signal },
    );
    log.info('order booked', { orderId, total });

    // Awaited or not, the order is acknowledged only when its event is accepted.
    const { messageId: eventId, sequenceNumber } = await events
      .with(context)
      .send({ orderId, customer, total }, { groupId: customer, deduplicationId: orderId, signal });
    await ledger.send(
      new UpdateCommand({
        TableName: process.env.LEDGER_TABLE,
        Key: row,
        UpdateExpression: 'SET eventId = :eventId, sequenceNumber = :sequenceNumber',
        ExpressionAttributeValues: { ':eventId': eventId, ':sequenceNumber': sequenceNumber },
      }),
      { abortSignal: signal },
    );

    await simulate(context, 'end');
  },
});
