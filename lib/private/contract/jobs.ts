import type { PayloadSpec, ProducerSpec, PublisherSpec } from './senders';

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
