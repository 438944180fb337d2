import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PermanentError, streamWorker } from 'cdk-async-patterns/runtime';
import { z } from 'zod';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

const ABSOLUTE_ZERO = -273.15;
/** As long as any sequence number: as text they sort as the numbers do. */
const DIGITS = 64;

const Reading = z.object({ readingId: z.string().min(1), sensor: z.string().min(1), celsius: z.number() });

/**
 * Appends a reading to its sensor's history. The sensor is the partition key, so its readings come in the order in which they
 * were put, and what comes a second time is not behind the last one: it is passed.
 */
export const handler = streamWorker({
  schema: Reading,
  async process({ readingId, sensor, celsius }, { sequenceNumber, signal, log }) {
    if (celsius < ABSOLUTE_ZERO) throw new PermanentError(`${sensor} reads ${celsius} °C: nothing is as cold as that`);

    try {
      await ledger.send(
        new UpdateCommand({
          TableName: process.env.LEDGER_TABLE,
          Key: { pk: `sensor#${sensor}`, sk: 'history' },
          UpdateExpression:
            'SET history = list_append(if_not_exists(history, :none), :readings), lastSequence = :sequence',
          ConditionExpression: 'attribute_not_exists(lastSequence) OR lastSequence < :sequence',
          ExpressionAttributeValues: {
            ':none': [],
            ':readings': [{ readingId, celsius }],
            ':sequence': sequenceNumber.padStart(DIGITS, '0'),
          },
        }),
        { abortSignal: signal },
      );
      log.info('reading recorded', { sensor, readingId });
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      log.info('reading came again', { sensor, readingId });
    }
  },
});
