export { AsyncWorker, type AsyncWorkerProps } from './async-worker';
export { Backoff, type ExponentialBackoffOptions } from './backoff';
export { type EntryOptions, Handler } from './handler';
export { Idempotency, type IdempotencyOptions } from './idempotency';
