import { worker } from 'cdk-async-patterns/runtime';
import { Order } from '../order';
import { total } from '../work';

export const handler = worker({
  schema: Order,
  async process(order, { log }) {
    log.info('done', { orderId: order.orderId, total: total(order) });
  },
});
