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
export const CONNECTION_ENV = {
  publisher: 'ASYNC_PUBLISHER_',
  producer: 'ASYNC_PRODUCER_',
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
  readonly payloads?: PayloadSpec;
  readonly schedule?: ScheduleSpec;
}

// --- Event log ---

/** What `eventLog(name)` of the runtime reads, as JSON: names of tables. */
export interface EventLogSpec {
  readonly table: string;
  /** Where aggregates are remembered. */
  readonly snapshots?: string;
  /** Whether this function may remember them. */
  readonly savesSnapshots?: boolean;
  /** Where replays are asked for; missing where the function may not. */
  readonly replays?: string;
}

/** Environment variables of the functions of an event log: its outbox, its archiver and its replayer. */
export const EVENT_LOG_ENV = {
  /** Its path in the construct tree, the value of the metrics' dimension. */
  name: 'ASYNC_LOG',
  table: 'ASYNC_LOG_TABLE',
  topicArn: 'ASYNC_LOG_TOPIC_ARN',
  bucket: 'ASYNC_LOG_BUCKET',
  replays: 'ASYNC_LOG_REPLAYS',
  /** `SubscriberSpec`s by name, as JSON. */
  subscribers: 'ASYNC_LOG_SUBSCRIBERS',
} as const;

/** Who can be sent events again. */
export interface SubscriberSpec {
  readonly queueUrl: string;
  /** The only types that it gets; missing: all. */
  readonly types?: readonly string[];
}

/** The subscriber that stands for the topic itself, and so for everybody. */
export const ALL_SUBSCRIBERS = '*';

/** The table of events: a row is one version of one stream. */
export const EVENT_LOG_TABLE = {
  stream: 'pk',
  /** Its number, with zeros in front. */
  version: 'sk',
  /** What no row has but those that hold an event. */
  type: 'type',
  /** Index of all events by time. A stream is in one shard of it, in the order of its versions. */
  index: 'byTime',
  shard: 'shard',
  time: 'time',
} as const;

/** Writes that the index takes at most, a second: 1,000 for each. Part of what is stored; must not change. */
export const EVENT_LOG_SHARDS = 16;

export const EVENT_LOG_SNAPSHOTS = { stream: 'pk', aggregate: 'sk' } as const;
export const EVENT_LOG_REPLAYS = { id: 'id', ttl: 'ttl' } as const;

/** What the keys of archived objects begin with; then come year, month, day and hour. */
export const EVENT_LOG_ARCHIVE_PREFIX = 'events/';

export const EVENT_LOG_METRIC = {
  dimension: 'EventLog',
  published: 'Published',
  archived: 'Archived',
  replayed: 'Replayed',
  /** Events that were changed or deleted after they were appended. */
  tampered: 'Tampered',
} as const;

/** Message attributes of an event, beside those that say where it comes from. */
export const EVENT_ATTRIBUTE = { type: 'type', streamId: 'streamId', version: 'version' } as const;
