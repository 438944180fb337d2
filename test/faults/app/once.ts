import { worker } from 'cdk-async-patterns/runtime';
import { effect } from './effect';
import type { Work } from './work';

export const charges = worker<Work>({
  idempotencyKey: ({ key }) => key,
  // Copies differ by their ids.
  idempotencyPayload: ({ key }) => key,
  process: (work, context) => effect('charges', work, context, context.idempotencyKey),
});

export const billing = worker<Work>({
  idempotencyKey: ({ key }) => key,
  process: (work, context) => effect('billing', work, context, context.idempotencyKey),
});
