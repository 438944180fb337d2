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

// --- Circuit breaker ---

/** Environment variables of a worker with a circuit breaker, and of the controller that pauses its event source mapping. */
export const BREAKER_ENV = {
  /** A `BreakerSpec` as JSON. */
  spec: 'ASYNC_CIRCUIT_BREAKER',
  /** The `MappingSpec`s of all its workers as JSON; the controller's alone. */
  mappings: 'ASYNC_MAPPINGS',
} as const;

/** A circuit breaker; times in seconds. */
export interface BreakerSpec {
  /** Its path in the construct tree, the value of the metrics' dimension. */
  readonly name: string;
  readonly table: string;
  readonly failureRatio: number;
  readonly minimumCalls: number;
  readonly window: number;
  readonly coolDown: number;
  readonly maxCoolDown: number;
}

/** An event source mapping that a breaker pauses, as the template has it. */
export interface MappingSpec {
  readonly id: string;
  readonly maxConcurrency?: number;
}

/** The table of a breaker: one row is its state, the others count what messages are forgiven. */
export const BREAKER_TABLE = {
  key: 'pk',
  ttl: 'ttl',
  /** Key of the row that is the state. */
  row: 'breaker',
  /** What the keys of messages begin with. */
  message: 'message#',
  /** Attributes by which the stream is filtered. */
  state: 'state',
  paused: 'paused',
} as const;

export const BREAKER_METRIC = {
  dimension: 'CircuitBreaker',
  /** 1 unless the breaker is closed; once a minute and at every change. */
  open: 'Open',
  /** Times that a worker could not reach the state and went on as if the breaker were closed. */
  unavailable: 'StateUnavailable',
} as const;

/** What the variables begin with that tell a function where to send; the name follows, as `variableName` writes it. */
export const CONNECTION_ENV = { publisher: 'ASYNC_PUBLISHER_', producer: 'ASYNC_PRODUCER_' } as const;

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
  readonly payloads?: PayloadSpec;
  readonly schedule?: ScheduleSpec;
}

// --- Jobs ---

/**
 * Environment variables about jobs, each a `JobsSpec` as JSON: of the worker that does them, of the function behind the API,
 * and of clients; there the name follows, as `variableName` writes it.
 */
export const JOBS_ENV = {
  worker: 'ASYNC_JOBS',
  api: 'ASYNC_JOBS_API',
  client: 'ASYNC_JOBS_CLIENT_',
  /** A `CompletionsSpec` as JSON, of the function that tells of jobs that have ended. */
  completions: 'ASYNC_JOBS_COMPLETIONS',
  /** A `WebhookSpec` as JSON, of the worker that calls back. */
  webhook: 'ASYNC_JOBS_WEBHOOK',
} as const;

/** Message attribute that makes a message a job. */
export const JOB_ID = 'JobId';

/** The table of jobs: one row a job. */
export const JOBS_TABLE = {
  key: 'pk',
  ttl: 'ttl',
  /** Attributes by which the stream is filtered. */
  state: 'state',
} as const;

/** How jobs end. */
export const JOB_ENDS = ['succeeded', 'failed', 'cancelled', 'expired'] as const;

/** Results of more bytes than this do not fit in their row. */
export const MAX_RESULT_BYTES = 300 * 1024;
/** Lambda answers with no more than 6 MB. */
export const MAX_STORED_RESULT_BYTES = 5_000_000;
/** Longest URL that is called back. */
export const MAX_CALLBACK_URL = 2_000;

/** What the worker, the API and the clients of jobs share; times in seconds. */
export interface JobsSpec {
  /** The path of the API in the construct tree. */
  readonly name: string;
  readonly table: string;
  readonly queue: ProducerSpec;
  /** From its acceptance until a job that has not ended is expired. */
  readonly maxAge: number;
  /** That an ended job is remembered. */
  readonly retention: number;
  readonly maxBodyBytes: number;
  /** Whether a caller may say where it wants to be called back. */
  readonly callbacks: boolean;
  /** Where results lie that do not fit in their row. */
  readonly results?: PayloadSpec;
}

/** Who hears of jobs that have ended. */
export interface CompletionsSpec {
  readonly name: string;
  readonly topic?: PublisherSpec;
  /** Queue of the worker that calls back. */
  readonly webhook?: ProducerSpec;
  /** Called back for every job, beside the URL that its caller gave. */
  readonly url?: string;
}

/** What signs the calls. */
export interface WebhookSpec {
  readonly secretArn: string;
  /** Seconds that a receiver may take. */
  readonly timeout: number;
}
