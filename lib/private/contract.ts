/**
 * What the constructs write and the runtime reads. Both worlds import this file; it imports nothing.
 */

/** Environment variables that a construct sets on a worker's function. */
export const ENV = {
  /** Name of the worker: its path in the construct tree, the value of the metrics' dimension. */
  worker: 'ASYNC_WORKER',
  queueUrl: 'ASYNC_QUEUE_URL',
  deadLetterQueueUrl: 'ASYNC_DEAD_LETTER_QUEUE_URL',
  maxReceiveCount: 'ASYNC_MAX_RECEIVE_COUNT',
  /** A `BackoffSpec` as JSON. */
  backoff: 'ASYNC_BACKOFF',
} as const;

/** How long a failed message rests before its next attempt. */
export interface BackoffSpec {
  /** Upper bound of the first delay, in seconds. */
  readonly initial: number;
  /** Upper bound of every delay, in seconds. */
  readonly max: number;
  /** By what the bound grows from one attempt to the next. */
  readonly factor: number;
  /** Draw the delay from [0, bound] (full jitter) instead of taking the bound. */
  readonly jitter: boolean;
}

export const DEFAULT_BACKOFF: BackoffSpec = { initial: 5, max: 300, factor: 2, jitter: true };
export const DEFAULT_MAX_RECEIVE_COUNT = 5;

/** Message attributes that the runtime adds to a dead letter. */
export const ATTRIBUTE = {
  /** Why the message is here, in a sentence. */
  reason: 'DeadLetterReason',
  /** JSON: where the message came from, and the attributes that found no room among the ten. */
  context: 'DeadLetterContext',
} as const;

export const METRIC = {
  namespace: 'AsyncPatterns',
  dimension: 'Worker',
  processed: 'Processed',
  retried: 'Retried',
  dead: 'Dead',
  deferred: 'Deferred',
  /** Age of the oldest message of an invocation when it starts, in milliseconds. */
  age: 'Age',
} as const;

/** File name of the SQS client that lies beside a bundled handler and is loaded only when a message fails. */
export const SQS_CLIENT_FILE = 'async-patterns-sqs.js';

/** Largest message and largest batch that SQS takes, in bytes, attributes included. */
export const MAX_MESSAGE_BYTES = 1_048_576;
