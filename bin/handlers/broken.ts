import { worker } from 'cdk-async-patterns/runtime';

/** Stands for a subscriber with a bug. What it gets is dead after its retries; the others and the publisher do not notice. */
export const handler = worker({
  process() {
    throw new Error('broken on purpose');
  },
});
