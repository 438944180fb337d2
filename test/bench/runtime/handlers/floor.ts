import type { SQSBatchItemFailure, SQSEvent } from 'aws-lambda';
import { type Order, total } from '../work';

const process = async (order: Order) => total(order);

export const handler = async (event: SQSEvent) => {
  const batchItemFailures: SQSBatchItemFailure[] = [];
  for (const record of event.Records) {
    try {
      await process(JSON.parse(record.body));
    } catch {
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  return { batchItemFailures };
};
