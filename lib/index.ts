export { ApiAuthorization } from './api-authorization';
export { AsyncApi, type AsyncApiProps } from './async-api';
export { AsyncWorker, type AsyncWorkerProps, type ProducerOptions } from './async-worker';
export { Backoff, type ExponentialBackoffOptions } from './backoff';
export { CircuitBreaker, type CircuitBreakerProps } from './circuit-breaker';
export {
  type FanOutFunctionOptions,
  type FanOutQueueOptions,
  FanOutTopic,
  type FanOutTopicProps,
  type FanOutWorkerProps,
} from './fan-out-topic';
export { type EntryOptions, Handler } from './handler';
export { Idempotency, type IdempotencyOptions } from './idempotency';
export type { IJobQueue } from './job-queue';
export { MessageFilter, MessageMatch, type NumberRange } from './message-filter';
export { PayloadStore, type PayloadStoreProps } from './payload-store';
export { Webhook, type WebhookOptions } from './webhook';
