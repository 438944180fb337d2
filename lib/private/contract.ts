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

/** In tables that count what messages are forgiven; `message` is what the keys of messages begin with. */
export const LEDGER = { key: 'pk', ttl: 'ttl', message: 'message#' } as const;

/** The table of a breaker: one row is its state, the others are a ledger. */
export const BREAKER_TABLE = {
  key: 'pk',
  ttl: 'ttl',
  /** Key of the row that is the state. */
  row: 'breaker',
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

// --- Pace ---

/** Environment variables of a worker with a pace, and of the controller that changes it. */
export const PACE_ENV = {
  /** A `LevelingSpec` as JSON. */
  spec: 'ASYNC_PACE',
  /** Id of the event source mapping; the controller's alone, and missing if it leaves that alone. */
  mapping: 'ASYNC_PACE_MAPPING',
} as const;

/** What the downstream bears. Times in seconds. */
export type PaceSpec =
  /** `count` starts every `per`, evenly, and after a rest up to `burst` at once. */
  | { readonly kind: 'rate'; readonly count: number; readonly per: number; readonly burst: number }
  /** So many at once. */
  | { readonly kind: 'concurrency'; readonly limit: number }
  /** Nothing. */
  | { readonly kind: 'closed' };

/** How a worker keeps a pace. Times in seconds. */
export interface LevelingSpec {
  readonly table: string;
  /** The pace that the deployment gives; the table may hold another by now. */
  readonly pace: PaceSpec;
  /** Each tenant has the pace for itself. */
  readonly perTenant?: boolean;
  /** How far ahead slots are taken, at most. */
  readonly lookahead: number;
  readonly batchSize: number;
  /** Instead of the concurrency that follows from the pace. */
  readonly maxConcurrency?: number;
}

/**
 * The table of a pace: one row is the pace and what is known of the backlog, with a pace for each tenant one more each holds
 * its slots, the others are a ledger.
 */
export const PACE_TABLE = { key: 'pk', ttl: 'ttl', row: 'pace', tenant: 'pace#' } as const;

export const PACE_METRIC = { timeToDrain: 'TimeToDrain', backlog: 'Backlog', rate: 'Rate' } as const;

/** Where a producer sees how long the backlog takes, and what is too long, in seconds. */
export interface BackpressureSpec {
  readonly table: string;
  readonly limit: number;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const MAPPING_CONCURRENCY = { min: 2, max: 1000 } as const;
/** Tenants that are busy at once, as far as anybody can know. */
const TENANTS = 10;
/**
 * Seconds of slots that are in hand at once: enough for handlers and polls of some seconds to leave no slot unused, and no
 * more, since whoever waits for its slot is paid for.
 */
const IN_HAND = 5;
/** A process of a worker can run so many messages, as a rule. */
const PER_INVOCATION = 100;

/** Seconds from one slot to the next, of all tenants together. */
const intervalOf = (pace: PaceSpec & { kind: 'rate' }, perTenant: boolean): number =>
  pace.per / pace.count / (perTenant ? TENANTS : 1);

export const defaultBatchSize = (pace: PaceSpec, perTenant = false): number => {
  if (pace.kind !== 'rate') return 10;
  const inHand = Math.ceil(IN_HAND / intervalOf(pace, perTenant));
  if (inHand > 100) return Math.min(PER_INVOCATION, Math.ceil(inHand / 10));
  return Math.max(1, Math.min(10, Math.floor(inHand / MAPPING_CONCURRENCY.min)));
};

/** How many invocations a pace needs at once, and how many messages each may run. */
export function concurrencyFor(
  pace: PaceSpec,
  batchSize: number,
  perTenant = false,
): { maxConcurrency: number; each?: number } {
  const { min, max } = MAPPING_CONCURRENCY;
  switch (pace.kind) {
    case 'closed':
      return { maxConcurrency: min };
    case 'rate': {
      const wanted = Math.ceil(IN_HAND / intervalOf(pace, perTenant) / batchSize);
      return { maxConcurrency: Math.max(min, Math.min(max, wanted)) };
    }
    case 'concurrency': {
      if (pace.limit < min) return { maxConcurrency: min, each: 1 };
      // The product must be the limit. Half a batch at once, at most: a batch is over when its slowest message is.
      const most = Math.max(1, Math.floor(batchSize / 2));
      for (let each = most; each >= 1; each--) {
        const maxConcurrency = pace.limit / each;
        if (Number.isInteger(maxConcurrency) && maxConcurrency >= min && maxConcurrency <= max)
          return { maxConcurrency, each };
      }
      const each = Math.max(1, Math.min(batchSize, Math.floor(pace.limit / max)));
      return { maxConcurrency: Math.min(max, Math.floor(pace.limit / each)), each };
    }
  }
}

// --- Asynchronous functions ---

/** What `invoker(name)` of the runtime reads, as JSON. */
export interface InvokerSpec {
  readonly functionArn: string;
  /** Of an event, in bytes: what the failure destination of the function holds together with Lambda's record of the failure. */
  readonly maxBytes: number;
  /** Where larger payloads go. */
  readonly payloads?: PayloadSpec;
}

/** Largest event that Lambda takes asynchronously, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_EVENT_BYTES = 1_048_576;

/** What an invoker wraps a payload in; other events are their own payload. */
export const EVENT = { origin: 'cdk-async-patterns', payload: 'payload' } as const;

export const FUNCTION_ENV = {
  /** Where the runtime puts an event that can never succeed, a `FailureSpec` as JSON; missing where only Lambda may. */
  failure: 'ASYNC_FAILURE_DESTINATION',
} as const;

/** One of them. */
export interface FailureSpec {
  readonly queueUrl?: string;
  readonly topicArn?: string;
  readonly functionArn?: string;
}

/** The client of those that invoke. */
export const LAMBDA_CLIENT_FILE = 'async-patterns-lambda.js';

// --- Command line ---

/** Key of a template's metadata under which the constructs leave word of themselves: `{ version: 1, patterns }`. */
export const INVENTORY = 'cdk-async-patterns';

export interface InventoryPattern {
  /** The class of the construct. */
  readonly kind: string;
  /** Its path in the construct tree. */
  readonly path: string;
  /** Logical ids by the parts that the resources play: queue, deadLetterQueue, function, mapping, logGroup, ... */
  readonly resources: { readonly [part: string]: string };
}

// --- Streams ---

/** Environment variables of a stream worker, beside those of every worker. */
export const STREAM_ENV = {
  /** A `StreamSpec` as JSON. */
  spec: 'ASYNC_STREAM',
} as const;

/** Message attribute of a dead record whose body is not its text: base64, gzip+base64, empty, or location. */
export const ENCODING_ATTRIBUTE = 'DeadLetterEncoding';

/** The event source mapping of a stream worker, as far as the runtime goes by it. */
export interface StreamSpec {
  /** Whether it has tumbling windows. */
  readonly window: boolean;
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
