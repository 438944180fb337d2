import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { total } from '../work';

const processor = new BatchProcessor(EventType.SQS);

const each = async (record: SQSRecord) => {
  total(JSON.parse(record.body));
};

export const handler = (event: SQSEvent, context: Context) =>
  processPartialResponse(event, each, processor, { context });
