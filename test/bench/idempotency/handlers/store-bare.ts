// What `store-ours` is without idempotency.
import { worker } from '../../../../lambda/runtime/worker';
import { type Order, total } from '../../runtime/work';

export const handler = worker({
  async process(order: Order) {
    total(order);
  },
});
