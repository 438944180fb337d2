import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { worker } from 'cdk-async-patterns/runtime';
import { OrderBooked } from './order-booked';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

/** Notes the orders that somebody should look at. Which these are the filter of its subscription says; it sees no others. */
export const handler = worker({
  schema: OrderBooked,
  async process({ orderId, total }, { messageId, receiveCount, correlationId, causationId, signal, log }) {
    await ledger.send(
      new PutCommand({
        TableName: process.env.LEDGER_TABLE,
        Item: {
          pk: `large-order#${orderId}`,
          sk: `${messageId}#${receiveCount}`,
          messageId,
          receiveCount,
          correlationId,
          causationId,
          orderId,
          total,
        },
      }),
      { abortSignal: signal },
    );
    log.info('large order noted', { orderId, total });
  },
});
