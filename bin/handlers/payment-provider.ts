import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { WorkerContext } from 'cdk-async-patterns/runtime';
import { simulate } from './simulate';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

export interface Charge {
  readonly paymentId: string;
  readonly cents: number;
}

/**
 * Stands for a payment provider: a charge is a row in the ledger. Yours should be given the idempotency key; this one does
 * not look at it and charges as often as it is asked to, so that a second time would show.
 */
export async function charge({ paymentId, cents }: Charge, context: WorkerContext): Promise<void> {
  const { idempotencyKey, messageId, receiveCount, signal } = context;
  await simulate(context);
  await ledger.send(
    new PutCommand({
      TableName: process.env.LEDGER_TABLE,
      Item: {
        pk: `payment#${paymentId}`,
        sk: `${messageId}#${receiveCount}`,
        messageId,
        receiveCount,
        idempotencyKey,
        cents,
        chargedAt: new Date().toISOString(),
      },
    }),
    { abortSignal: signal },
  );
}
