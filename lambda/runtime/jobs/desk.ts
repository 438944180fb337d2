import { createHash, randomBytes } from 'node:crypto';
import { JOB_ID, type JobsSpec } from '../../../lib/private/contract';
import { SendError } from '../producer/errors';
import type { Producer } from '../producer/types';
import { SubmitError } from './errors';
import { isEnd, type JobRow } from './job';
import type { JobStore } from './store';

/** What somebody asks for. */
export interface Submission<T = unknown> {
  readonly input: T;
  readonly owner: string;
  /** Names what is asked for: the same key of the same owner is the same job. */
  readonly key?: string;
  readonly callback?: string;
}

export interface DeskOptions {
  readonly spec: JobsSpec;
  readonly store: JobStore;
  readonly producer: Producer<unknown>;
  now(): number;
}

/** Who sends a job's message has this long; then a job that was written and not sent has failed. Milliseconds. */
const SEND_WITHIN = 60_000;
/** SQS takes this and its attributes, whatever `maxBodyBytes` says. */
const ROOM_FOR_ATTRIBUTES = 4_096;

const digest = (...parts: string[]): string => {
  const hash = createHash('sha256');
  // By length, so that no two lists of parts read the same.
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('base64url');
};

/** Takes jobs: writes the row, sends the message, and notes that it is sent. In this order nothing runs that has no row. */
export class Desk {
  constructor(private readonly options: DeskOptions) {}

  /** Takes jobs together, and answers for each. Never rejects. */
  async submitAll(submissions: readonly Submission[]): Promise<(JobRow | SubmitError)[]> {
    const { store } = this.options;
    const answers = new Array<JobRow | SubmitError>(submissions.length);
    const drafts: { index: number; row: JobRow; input: unknown }[] = [];
    const ids = new Map<string, number>();
    const repeats: { index: number; of: number; row: JobRow }[] = [];
    submissions.forEach((submission, index) => {
      const row = this.rowOf(submission);
      if (row instanceof SubmitError) answers[index] = row;
      else if (ids.has(row.id)) repeats.push({ index, of: ids.get(row.id)!, row });
      else {
        ids.set(row.id, index);
        drafts.push({ index, row, input: submission.input });
      }
    });
    const failAll = (of: readonly { index: number }[], error: unknown): void => {
      for (const { index } of of)
        answers[index] = new SubmitError('unavailable', 'the table of jobs does not answer', error);
    };

    let unsent: typeof drafts = [];
    try {
      const existing = await store.create(drafts.map(({ row }) => row));
      drafts.forEach((draft, i) => {
        const found = existing[i];
        if (found && found.hash !== draft.row.hash) answers[draft.index] = mismatch();
        else if (found && (isEnd(found.state) || found.sendBy === 0)) answers[draft.index] = found;
        // Written by us, or by somebody who has not sent it, or has and not said so: a second message does no harm.
        else unsent.push(found ? { ...draft, row: found } : draft);
      });
    } catch (error) {
      failAll(drafts, error);
      unsent = [];
    }

    const sent: typeof drafts = [];
    await Promise.all(
      unsent.map(async (draft) => {
        try {
          await this.options.producer.send(draft.input, {
            attributes: { [JOB_ID]: draft.row.id },
            correlationId: draft.row.id,
            // A fair queue: who sends much delays itself.
            tenant: digest(draft.row.owner),
          });
          sent.push(draft);
        } catch (error) {
          answers[draft.index] = refusalOf(error);
        }
      }),
    );
    if (sent.length > 0) {
      try {
        const rows = await store.sent(sent.map(({ row }) => row));
        sent.forEach(({ index }, i) => {
          answers[index] = rows[i]!;
        });
      } catch (error) {
        failAll(sent, error);
      }
    }
    for (const { index, of, row } of repeats) {
      const first = answers[of]!;
      answers[index] = !(first instanceof SubmitError) && first.hash !== row.hash ? mismatch() : first;
    }
    return answers;
  }

  private rowOf({ input, owner, key, callback }: Submission): JobRow | SubmitError {
    const { spec, now } = this.options;
    let body: string | undefined;
    try {
      body = JSON.stringify(input);
    } catch {}
    if (body === undefined) return new SubmitError('invalid', 'it cannot be written as JSON');
    const limit = Math.min(spec.maxBodyBytes, 1_048_576 - ROOM_FOR_ATTRIBUTES);
    if (Buffer.byteLength(body) > limit) return new SubmitError('too-large', `it has more than ${limit} bytes`);
    const created = now();
    return {
      id: key === undefined ? randomBytes(24).toString('base64url') : digest(owner, key).slice(0, 32),
      state: 'accepted',
      owner,
      hash: digest(body, callback ?? ''),
      created,
      expires: created + spec.maxAge * 1000,
      sendBy: created + SEND_WITHIN,
      run: '',
      lease: 0,
      attempt: 0,
      changed: created,
      callback,
    };
  }
}

const mismatch = (): SubmitError =>
  new SubmitError('key-reused', 'the idempotency key was used before, for something else');

/** Seconds after which to come again, if a producer has not sent because its queue holds more than it should. */
function backpressureOf(error: unknown): number | undefined {
  const { name, retryAfter } = (error ?? {}) as { name?: unknown; retryAfter?: unknown };
  return name === 'BackpressureError' && typeof retryAfter === 'number' ? Math.ceil(retryAfter) : undefined;
}

function refusalOf(error: unknown): SubmitError {
  const retryAfter = backpressureOf(error) ?? backpressureOf((error as Error | undefined)?.cause);
  if (retryAfter !== undefined) return new SubmitError('busy', 'the queue is behind', error, undefined, retryAfter);
  const { code, mayHaveArrived } = error instanceof SendError ? error : { code: '', mayHaveArrived: true };
  if ((code === 'InvalidMessage' || code === 'MessageTooLong') && !mayHaveArrived)
    return new SubmitError(code === 'MessageTooLong' ? 'too-large' : 'invalid', 'the queue does not take it', error);
  return new SubmitError('unavailable', 'the queue does not answer', error);
}
