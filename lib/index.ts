export { AsyncWorker, type AsyncWorkerProps } from './async-worker';
export { Backoff, type ExponentialBackoffOptions } from './backoff';
export { CircuitBreaker, type CircuitBreakerProps } from './circuit-breaker';
export { type EntryOptions, Handler } from './handler';
export { Idempotency, type IdempotencyOptions } from './idempotency';
