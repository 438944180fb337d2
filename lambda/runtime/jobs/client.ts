import type { StandardSchemaV1 } from '@standard-schema/spec';
import { JOBS_ENV, variableName } from '../../../lib/private/contract';
import { validate } from '../decode';
import { describe } from '../describe';
import { type Desk, deskOn, type Submission } from './desk';
import { type JobsEdge, lambdaJobsEdge } from './edge';
import { JobCancelledError, JobExpiredError, JobFailedError, SubmitError } from './errors';
import type { JobRow } from './job';
import { problemOf } from './problem';
import { readJobsSpec } from './spec';
import { JobStore } from './store';
import { type JobView, viewOf } from './view';
import { waitFor } from './wait';

export interface SubmitOptions {
  /** Names what is asked for: the same key is the same job, however often it is submitted. */
  readonly idempotencyKey?: string;
}

export interface SubmitAllOptions<T> {
  /** The options of one job. */
  each?(input: T, index: number): SubmitOptions;
  /**
   * Takes each job that was not accepted, and goes on.
   * @default - stop at the first and throw it
   */
  onFailure?(error: SubmitError, input: T): void;
  readonly signal?: AbortSignal;
}

export interface ResultOptions {
  /** Gives up waiting. The job goes on. */
  readonly signal?: AbortSignal;
}

/** A job that was accepted. */
export interface Job<R> {
  readonly id: string;
  /**
   * Waits for the result.
   *
   * @throws JobFailedError, JobCancelledError, JobExpiredError if there will be none
   */
  result(options?: ResultOptions): Promise<R>;
  /** @throws Error if it is not known any more */
  status(): Promise<JobView<R>>;
  /** Cancels it unless it has ended, and returns what it then is. */
  cancel(): Promise<JobView<R>>;
}

/** Submits jobs of one kind. */
export interface Jobs<T, R> {
  /** @throws SubmitError if it is not accepted */
  submit(input: T, options?: SubmitOptions): Promise<Job<R>>;
  /**
   * Submits what an iterable yields, and yields the jobs in the same order. It takes no more than it is asked for but for a
   * hundred, so memory does not grow with their number.
   *
   * @throws SubmitError at the first that is not accepted, without `onFailure`
   */
  submitAll(inputs: Iterable<T> | AsyncIterable<T>, options?: SubmitAllOptions<T>): AsyncGenerator<Job<R>, void>;
  /** A job that was accepted before, by its id. */
  of(id: string): Job<R>;
}

export interface JobsOptions<T> {
  /**
   * What a job must be: the schema of the worker.
   * @default - jobs are not checked here
   */
  readonly schema?: StandardSchemaV1<T, unknown>;
}

interface Parts {
  readonly desk: Desk;
  readonly store: JobStore;
}

/** What one request of rows takes, and how many such are under way. */
const CHUNK = 25;
const CHUNKS = 4;

const ERRORS = { failed: JobFailedError, cancelled: JobCancelledError, expired: JobExpiredError };

class SubmittedJob<R> implements Job<R> {
  constructor(
    readonly id: string,
    private readonly parts: () => Promise<Parts>,
    private readonly now: () => number,
  ) {}

  async result({ signal }: ResultOptions = {}): Promise<R> {
    const { store } = await this.parts();
    const row = this.known(
      await waitFor({
        read: () => store.read(this.id),
        until: () => false,
        now: this.now,
        end: Number.POSITIVE_INFINITY,
        signal,
      }),
    );
    if (row.state === 'succeeded') return JSON.parse((await store.complete(row)).result ?? 'null');
    const state = row.state as keyof typeof ERRORS;
    throw new ERRORS[state](this.id, state, row.problem ?? problemOf(state));
  }

  async status(): Promise<JobView<R>> {
    const { store } = await this.parts();
    return viewOf(await store.complete(this.known(await store.read(this.id)))) as JobView<R>;
  }

  async cancel(): Promise<JobView<R>> {
    const { store } = await this.parts();
    return viewOf(await store.complete(this.known(await store.cancel(this.id)))) as JobView<R>;
  }

  private known(row: JobRow | undefined): JobRow {
    if (row) return row;
    throw new Error(`job ${this.id} is not known: ended jobs are forgotten after their retention`);
  }
}

/** Inputs with their places, in chunks. */
async function* chunksOf<T>(inputs: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T[], void> {
  let chunk: T[] = [];
  for await (const input of inputs) {
    chunk.push(input);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** `jobs` with its edge as a parameter: what the tests call. */
export function jobsOn<T, R>(edge: JobsEdge, name: string, { schema }: JobsOptions<T> = {}): Jobs<T, R> {
  const { env, now } = edge.sender;
  let made: Promise<Parts> | undefined;
  const make = async (): Promise<Parts> => {
    const spec = readJobsSpec(env, JOBS_ENV.client + variableName(name), name);
    const store = new JobStore(await edge.calls(), spec, now, edge.sender.storeCalls);
    return { store, desk: deskOn(edge.sender, spec, store) };
  };
  const parts = () => (made ??= make());
  // In Lambda a missing connection is found at the deployment; a unit test may import what never submits.
  if (env.AWS_LAMBDA_FUNCTION_NAME !== undefined) readJobsSpec(env, JOBS_ENV.client + variableName(name), name);
  const owner = `client:${env.AWS_LAMBDA_FUNCTION_NAME ?? name}`;
  const of = (id: string): Job<R> => new SubmittedJob<R>(id, parts, now);

  /** @throws SubmitError */
  const checked = async (input: T, { idempotencyKey: key }: SubmitOptions): Promise<Submission> => {
    if (key !== undefined && (typeof key !== 'string' || key === '')) {
      throw new SubmitError('invalid', 'idempotencyKey: expected a text that is not empty');
    }
    try {
      if (schema) await validate(schema, JSON.parse(JSON.stringify(input)));
    } catch (error) {
      throw new SubmitError('invalid', describe(error).message, error);
    }
    return { input, owner, key };
  };

  const submitChunk = async (
    chunk: readonly T[],
    start: number,
    each: SubmitAllOptions<T>['each'],
  ): Promise<(Job<R> | SubmitError)[]> => {
    const checks = await Promise.allSettled(
      chunk.map(async (input, i) => checked(input, each?.(input, start + i) ?? {})),
    );
    const good = checks.flatMap((check, i) => (check.status === 'fulfilled' ? [{ i, submission: check.value }] : []));
    const { desk } = await parts();
    const replies = await desk.submitAll(good.map(({ submission }) => submission));
    const replyTo = new Map(good.map(({ i }, n) => [i, replies[n]!]));
    return checks.map((check, i) => {
      const reply = check.status === 'rejected' ? (check.reason as SubmitError) : replyTo.get(i)!;
      return reply instanceof SubmitError ? reply.at(start + i) : of(reply.id);
    });
  };

  return {
    of,
    async submit(input, options = {}) {
      const submission = await checked(input, options);
      const { desk } = await parts();
      const [reply] = await desk.submitAll([submission]);
      if (reply instanceof SubmitError) throw reply;
      return of(reply!.id);
    },
    async *submitAll(inputs, { each, onFailure, signal } = {}) {
      const under: { inputs: readonly T[]; answers: Promise<(Job<R> | SubmitError)[]> }[] = [];
      const chunks = chunksOf(inputs);
      let taken = 0;
      let more = true;
      try {
        for (;;) {
          while (more && under.length < CHUNKS) {
            signal?.throwIfAborted();
            const { value, done } = await chunks.next();
            if (done) more = false;
            else {
              const answers = submitChunk(value, taken, each);
              // It may fail before it is its turn.
              answers.catch(() => {});
              under.push({ inputs: value, answers });
              taken += value.length;
            }
          }
          const next = under.shift();
          if (!next) return;
          const answers = await next.answers;
          for (const [i, answer] of answers.entries()) {
            if (!(answer instanceof SubmitError)) yield answer;
            else if (onFailure) onFailure(answer, next.inputs[i]!);
            else throw answer;
          }
        }
      } finally {
        await chunks.return();
        await Promise.allSettled(under.map(({ answers }) => answers));
      }
    },
  };
}

/**
 * Submits jobs from a function that `api.connectClient` has connected, without going through the API: by the name of that
 * connection. Make one, outside the handler.
 *
 * @throws Error if there is no connection of that name: in Lambda at once, elsewhere when it is used
 */
export const jobs = <T = unknown, R = unknown>(name: string, options?: JobsOptions<T>): Jobs<T, R> =>
  jobsOn<T, R>(lambdaJobsEdge(), name, options);
