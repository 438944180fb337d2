// The whole of what `ours-full` does, with the schema built once: Powertools at its best.
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { parser } from '@aws-lambda-powertools/batch/parser';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { JSONStringified } from '@aws-lambda-powertools/parser/helpers';
import { SqsRecordSchema } from '@aws-lambda-powertools/parser/schemas/sqs';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { Order } from '../order';
import { total } from '../work';

const logger = new Logger({ serviceName: 'orders' });
const metrics = new Metrics({ namespace: 'Orders', serviceName: 'orders' });
const processor = new BatchProcessor(EventType.SQS, {
  parser,
  schema: SqsRecordSchema.extend({ body: JSONStringified(Order) }),
});

export const handler = async (event: SQSEvent, context: Context) => {
  logger.addContext(context);
  const reply = await processPartialResponse(
    event,
    async (record: SQSRecord) => {
      const order = record.body as unknown as Order;
      logger.info('done', { messageId: record.messageId, orderId: order.orderId, total: total(order) });
    },
    processor,
    { context },
  );
  metrics.addMetric('Processed', MetricUnit.Count, event.Records.length - reply.batchItemFailures.length);
  metrics.addMetric('Retried', MetricUnit.Count, reply.batchItemFailures.length);
  metrics.publishStoredMetrics();
  return reply;
};
