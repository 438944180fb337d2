// The runtime from its sources, since only there can the store be put in the place of the client.
import type { BreakerCalls } from '../../../../lambda/runtime/breaker/breaker';
import { lambdaEdge } from '../../../../lambda/runtime/edge';
import { Guards } from '../../../../lambda/runtime/guards';
import { workerOn } from '../../../../lambda/runtime/worker';
import { type Order, total } from '../../runtime/work';
import { Store } from '../store';

const none = () => Promise.reject(new Error('no breaker in this benchmark'));
const NO_BREAKER: BreakerCalls = { getItem: none, updateItem: none, batchGetItem: none, transactWriteItems: none };

export const store = new Store();

const calls = {
  ...NO_BREAKER,
  batchExecuteStatement: (statements: Parameters<Store['batchExecuteStatement']>[0]) =>
    store.batchExecuteStatement(statements),
};

export const handler = workerOn<Order>(
  { ...lambdaEdge, storePath: async () => ({ Guards, calls }) },
  {
    idempotencyKey: (order) => order.orderId,
    async process(order) {
      total(order);
    },
  },
);
