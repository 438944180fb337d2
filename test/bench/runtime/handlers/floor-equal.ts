// What `ours-full` does, written by hand: a schema, one log line a record, one line of metrics an invocation.
import type { Context, SQSBatchItemFailure, SQSEvent } from 'aws-lambda';
import { Order } from '../order';
import { total } from '../work';

type Fields = Record<string, string | number>;

const log = (level: string, message: string, fields: Fields) =>
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields })}\n`);

const handle = async (order: Order, ids: Fields) =>
  log('INFO', 'done', { ...ids, orderId: order.orderId, total: total(order) });

export const handler = async (event: SQSEvent, context: Context) => {
  const batchItemFailures: SQSBatchItemFailure[] = [];
  let oldest = Number.POSITIVE_INFINITY;
  for (const record of event.Records) {
    oldest = Math.min(oldest, Number(record.attributes.SentTimestamp));
    const ids = { requestId: context.awsRequestId, messageId: record.messageId };
    try {
      await handle(Order.parse(JSON.parse(record.body)), ids);
    } catch (error) {
      log('ERROR', 'failed', { ...ids, error: String(error) });
      batchItemFailures.push({ itemIdentifier: record.messageId });
    }
  }
  const now = Date.now();
  process.stdout.write(
    `${JSON.stringify({
      _aws: {
        Timestamp: now,
        CloudWatchMetrics: [
          {
            Namespace: 'AsyncPatterns',
            Dimensions: [['Worker']],
            Metrics: [
              { Name: 'Processed', Unit: 'Count' },
              { Name: 'Retried', Unit: 'Count' },
              { Name: 'Dead', Unit: 'Count' },
              { Name: 'Deferred', Unit: 'Count' },
              { Name: 'Age', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      Worker: 'orders',
      requestId: context.awsRequestId,
      Processed: event.Records.length - batchItemFailures.length,
      Retried: batchItemFailures.length,
      Dead: 0,
      Deferred: 0,
      Age: now - oldest,
    })}\n`,
  );
  return { batchItemFailures };
};
