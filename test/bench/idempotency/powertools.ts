import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import type { BasePersistenceLayer } from '@aws-lambda-powertools/idempotency/persistence';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { type Order, total } from '../runtime/work';

/** As documented for a batch, and without its validation of payloads: Powertools at its best. */
export const powertools = (persistenceStore: BasePersistenceLayer) => {
  const processor = new BatchProcessor(EventType.SQS);
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'orderId' });
  const process = makeIdempotent(
    async (order: Order) => {
      total(order);
    },
    { persistenceStore, config },
  );
  const each = (record: SQSRecord) => process(JSON.parse(record.body));

  return (event: SQSEvent, context: Context) => {
    config.registerLambdaContext(context);
    return processPartialResponse(event, each, processor, { context });
  };
};
