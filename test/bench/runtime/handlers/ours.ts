import { worker } from 'cdk-async-patterns/runtime';
import { type Order, total } from '../work';

export const handler = worker({
  async process(order: Order) {
    total(order);
  },
});
