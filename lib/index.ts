export { ApiAuthorization } from './api-authorization';
export { AsyncApi } from './async-api';
export type { AsyncApiProps } from './async-api-props';
export { AsyncDashboard, type AsyncDashboardProps } from './async-dashboard';
export { AsyncDestination } from './async-destination';
export { AsyncFunction, type AsyncFunctionProps } from './async-function';
export { AsyncWorker, type AsyncWorkerProps, type ProducerOptions } from './async-worker';
export { Backoff, type ExponentialBackoffOptions } from './backoff';
export { Backpressure } from './backpressure';
export { CircuitBreaker, type CircuitBreakerProps } from './circuit-breaker';
export { EventLog, type EventLogProps, type EventLogWorkerProps } from './event-log';
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
export { KafkaAuthentication } from './kafka-authentication';
export { LoadLevelingQueue } from './load-leveling-queue';
export type { LoadLevelingQueueProps, PaceChange } from './load-leveling-queue-props';
export { MessageFilter, MessageMatch, type NumberRange } from './message-filter';
export { Pace, type RateOptions } from './pace';
export { PayloadStore, type PayloadStoreProps } from './payload-store';
export {
  type DynamodbSourceOptions,
  type KafkaSourceOptions,
  type KinesisSourceOptions,
  type MskSourceOptions,
  StreamSource,
  type StreamStartOptions,
} from './stream-source';
export { StreamWorker, type StreamWorkerProps } from './stream-worker';
export { Webhook, type WebhookOptions } from './webhook';
