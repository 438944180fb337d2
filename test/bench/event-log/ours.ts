import type { SQSEvent } from 'aws-lambda';
import { eventLog } from 'cdk-async-patterns/runtime';
import type { Order } from '../runtime/work';
import { BATCH, type Events, TABLE } from './stored';

const log = eventLog<Events>({ tableName: TABLE });

const each = (task: (order: Order) => Promise<unknown>) => async (event: SQSEvent) => {
  for (const { body } of event.Records) await task(JSON.parse(body));
  return { batchItemFailures: [] };
};

export const append = each((data) =>
  log.append(data.orderId, [{ type: 'OrderPlaced', data }], { expectedVersion: 'none' }),
);

export const transact = each((data) =>
  log.append(
    data.orderId,
    Array.from({ length: BATCH }, () => ({ type: 'OrderPlaced' as const, data })),
    { expectedVersion: 'none' },
  ),
);

export const read = each(async ({ orderId }) => {
  let lines = 0;
  for await (const { data } of log.read(orderId)) lines += data.lines.length;
  if (lines === 0) throw new Error('nothing was read');
});
