import { worker } from 'cdk-async-patterns/runtime';
import { type Order, total } from '../../runtime/work';

export const handler = worker<Order>({
  idempotencyKey: (order) => order.orderId,
  async process(order) {
    total(order);
  },
});
