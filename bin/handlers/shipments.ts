import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PermanentError, worker } from 'cdk-async-patterns/runtime';
import { z } from 'zod';
import { simulate } from './simulate';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

const MAX_KILOGRAMS = 70;

const Step = z.object({
  parcelId: z.string().min(1),
  step: z.string().min(1),
  kilograms: z.number().positive(),
});

/** Appends a step to its parcel's history. The parcel is the message group, so the steps arrive in the order they were sent. */
export const handler = worker({
  schema: Step,
  async process({ parcelId, step, kilograms }, { messageId, receiveCount, attributes, signal, log }) {
    if (kilograms > MAX_KILOGRAMS) {
      throw new PermanentError(`${parcelId} weighs ${kilograms} kg: no carrier takes more than ${MAX_KILOGRAMS} kg`);
    }

    await simulate({ attributes, receiveCount, signal });

    await ledger.send(
      new UpdateCommand({
        TableName: process.env.LEDGER_TABLE,
        Key: { pk: `parcel#${parcelId}`, sk: 'history' },
        UpdateExpression: 'SET history = list_append(if_not_exists(history, :none), :steps)',
        ExpressionAttributeValues: {
          ':none': [],
          ':steps': [{ messageId, receiveCount, step, at: new Date().toISOString() }],
        },
      }),
      { abortSignal: signal },
    );
    log.info('step recorded', { parcelId, step });
  },
});
