import { worker } from 'cdk-async-patterns/runtime';

export const handler = worker<{ orderId: string }>({
  process({ orderId }, { log }) {
    log.info('handled', { orderId });
  },
});
