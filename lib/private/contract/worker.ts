/** Environment variables that a construct sets on a worker's function. */
export const ENV = {
  /** Name of the worker: its path in the construct tree, the value of the metrics' dimension. */
  worker: 'ASYNC_WORKER',
  queueUrl: 'ASYNC_QUEUE_URL',
  deadLetterQueueUrl: 'ASYNC_DEAD_LETTER_QUEUE_URL',
  maxReceiveCount: 'ASYNC_MAX_RECEIVE_COUNT',
  /** A `BackoffSpec` as JSON. */
  backoff: 'ASYNC_BACKOFF',
  /** An `IdempotencySpec` as JSON; missing without idempotency. */
  idempotency: 'ASYNC_IDEMPOTENCY',
  /** `PayloadPlace`s as JSON: where bodies may lie that were too large to travel; missing without a payload store. */
  payloads: 'ASYNC_PAYLOADS',
  /** ARNs as JSON of the topics that deliver here in SNS's envelope; missing if none does. */
  envelopes: 'ASYNC_ENVELOPES',
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

/** Where idempotency keys are kept, and for how long. */
export interface IdempotencySpec {
  readonly table: string;
  /** Seconds that a key is remembered once its work is done. */
  readonly retention: number;
  /** Seconds that an attempt has its key for itself; missing: as long as its invocation may run. */
  readonly lease?: number;
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

/** Message attributes by which messages tell where they come from. */
export const ORIGIN = {
  /** The same on everything that one cause has set off. */
  correlationId: 'CorrelationId',
  /** Id of the message whose handling sent this one. */
  causationId: 'CausationId',
  /** https://www.w3.org/TR/trace-context/ */
  traceparent: 'traceparent',
  /** Set by SNS on what it delivers again from an archive. */
  replayed: 'Replayed',
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
/** The same of the DynamoDB client, loaded by workers with idempotency or a circuit breaker. */
export const DYNAMODB_CLIENT_FILE = 'async-patterns-dynamodb.js';
/** Those of senders. */
export const SNS_CLIENT_FILE = 'async-patterns-sns.js';
export const SCHEDULER_CLIENT_FILE = 'async-patterns-scheduler.js';
export const S3_CLIENT_FILE = 'async-patterns-s3.js';
/** No client: what opens messages, for workers whose messages come in envelopes or leave their bodies in a payload store. */
export const OPEN_FILE = 'async-patterns-open.js';
/** No client: what makes spans of records, where OpenTelemetry is set up. */
export const SPANS_FILE = 'async-patterns-spans.js';

/** Largest message and largest batch that SQS takes, in bytes, attributes included. */
export const MAX_MESSAGE_BYTES = 1_048_576;
