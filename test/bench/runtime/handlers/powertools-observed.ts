import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { total } from '../work';

const logger = new Logger({ serviceName: 'orders' });
const metrics = new Metrics({ namespace: 'Orders', serviceName: 'orders' });
const processor = new BatchProcessor(EventType.SQS);

const each = async (record: SQSRecord) => {
  const order = JSON.parse(record.body);
  logger.info('done', { messageId: record.messageId, orderId: order.orderId, total: total(order) });
};

export const handler = async (event: SQSEvent, context: Context) => {
  logger.addContext(context);
  const reply = await processPartialResponse(event, each, processor, { context });
  // Once an invocation, as ours: a metric a record would cost this contender more.
  metrics.addMetric('Processed', MetricUnit.Count, event.Records.length - reply.batchItemFailures.length);
  metrics.addMetric('Retried', MetricUnit.Count, reply.batchItemFailures.length);
  metrics.publishStoredMetrics();
  return reply;
};
