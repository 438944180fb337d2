import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { worker } from 'cdk-async-patterns/runtime';
import { OrderBooked } from './order-booked';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

/** Keeps what happened to a customer. The customer is the message group, so events come in the order in which they were published. */
export const handler = worker({
  schema: OrderBooked,
  async process({ orderId, customer, total }, context) {
    const { messageId, receiveCount, correlationId, causationId, groupId, replayed, signal, log } = context;
    await ledger.send(
      new UpdateCommand({
        TableName: process.env.LEDGER_TABLE,
        Key: { pk: `timeline#${customer}`, sk: 'history' },
        UpdateExpression: 'SET history = list_append(if_not_exists(history, :none), :events)',
        ExpressionAttributeValues: {
          ':none': [],
          ':events': [{ messageId, receiveCount, correlationId, causationId, groupId, replayed, orderId, total }],
        },
      }),
      { abortSignal: signal },
    );
    log.info('order on the timeline', { orderId });
  },
});
