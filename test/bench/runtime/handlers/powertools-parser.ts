import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { Order } from '../order';
import { total } from '../work';

// The documented short form: it builds the record's schema anew for every record.
const processor = new BatchProcessor(EventType.SQS, { parser, innerSchema: Order, transformer: 'json' });

export const handler = (event: SQSEvent, context: Context) =>
  processPartialResponse(
    event,
    async (record: SQSRecord) => {
      total(record.body as unknown as Order);
    },
    processor,
    { context },
  );
