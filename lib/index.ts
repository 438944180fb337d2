export { AsyncWorker, type AsyncWorkerProps } from './async-worker';
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
export { KafkaAuthentication } from './kafka-authentication';
export { MessageFilter, MessageMatch, type NumberRange } from './message-filter';
export {
  type DynamodbSourceOptions,
  type KafkaSourceOptions,
  type KinesisSourceOptions,
  type MskSourceOptions,
  StreamSource,
  type StreamStartOptions,
} from './stream-source';
export { StreamWorker, type StreamWorkerProps } from './stream-worker';
