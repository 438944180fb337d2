import middy from '@middy/core';
import partialBatchFailure from '@middy/sqs-partial-batch-failure';
import type { SQSEvent } from 'aws-lambda';
import { total } from '../work';

export const handler = middy((event: SQSEvent) =>
  Promise.allSettled(event.Records.map(async (record) => total(JSON.parse(record.body)))),
).use(partialBatchFailure());
