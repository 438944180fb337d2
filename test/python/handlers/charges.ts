import { producer, worker } from 'cdk-async-patterns/runtime';

const orders = producer<{ orderId: string }>('orders');

export const handler = worker<{ orderId: string }>({
  idempotencyKey: ({ orderId }) => orderId,
  process: (charge, context) => orders.with(context).send(charge),
});
