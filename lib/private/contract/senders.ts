import type { BackpressureSpec } from './pace';

/** What the variables begin with that tell a function where to send; the name follows, as `variableName` writes it. */
export const CONNECTION_ENV = {
  publisher: 'ASYNC_PUBLISHER_',
  producer: 'ASYNC_PRODUCER_',
  invoker: 'ASYNC_INVOKER_',
  log: 'ASYNC_EVENT_LOG_',
} as const;

/** `OrderEvents`, `orderEvents` and `order-events` are all `ORDER_EVENTS`. */
export const variableName = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .toUpperCase();

/** Where bodies lie that were too large to travel. */
export interface PayloadPlace {
  readonly bucket: string;
  /** What the keys begin with. */
  readonly prefix?: string;
}

/** Where a sender puts such bodies. */
export interface PayloadSpec extends PayloadPlace {
  /** Bodies of more bytes than this are stored. */
  readonly threshold: number;
  /** For how many seconds at most a message may wait in a schedule, so that its body is not gone before it is read. */
  readonly maxWait?: number;
}

/** What makes the one-shot schedules of messages that are sent later than SQS can delay them. */
export interface ScheduleSpec {
  readonly groupName: string;
  readonly roleArn: string;
  readonly queueArn: string;
  /** Where messages end that the scheduler cannot send: a standard queue. */
  readonly deadLetterQueueArn?: string;
  /** Whether a FIFO queue takes messages without a deduplication id. Missing: that is not known. */
  readonly contentBasedDeduplication?: boolean;
  /** Customer-managed key under which the schedules are kept. */
  readonly kmsKeyArn?: string;
}

/** What `publisher(name)` of the runtime reads, as JSON. */
export interface PublisherSpec {
  readonly topicArn: string;
  readonly fifo: boolean;
  readonly payloads?: PayloadSpec;
}

/** What `producer(name)` of the runtime reads, as JSON. */
export interface ProducerSpec {
  readonly queueUrl: string;
  readonly fifo: boolean;
  readonly backpressure?: BackpressureSpec;
  readonly payloads?: PayloadSpec;
  readonly schedule?: ScheduleSpec;
}
