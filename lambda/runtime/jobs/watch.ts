import type { Alarm } from '../abort-at';
import { describe, sentence } from '../describe';
import { execute, type StatementCalls } from '../idempotency/store';
import type { Logger } from '../log';
import type { Attempt, Item } from './job';
import type { JobStatements } from './statements';

export interface ReadCalls {
  batchGetItem(
    input: {
      RequestItems: Record<
        string,
        {
          Keys: Item[];
          ConsistentRead: boolean;
          ProjectionExpression: string;
          ExpressionAttributeNames: Record<string, string>;
        }
      >;
    },
    signal: AbortSignal,
  ): Promise<{ readonly Responses?: Record<string, Item[]> }>;
}

export interface WatchOptions {
  readonly calls: StatementCalls & ReadCalls;
  readonly statements: JobStatements;
  readonly table: string;
  readonly log: Logger;
  readonly alarm: Alarm;
  now(): number;
}

/** An attempt that runs. */
export interface Watched {
  readonly attempt: Attempt;
  /** The job is no longer this attempt's. */
  lost(state: string): void;
}

/** Another attempt has it: no end, and no state of a job. */
export const TAKEN_OVER = 'taken over';
/** How often running jobs are looked at. Milliseconds. */
const LOOK = 1_000;
/** Progress waits this long for what comes after it. */
const GATHER = 200;
const MAX_KEYS = 100;

/** Looks after the jobs that run in an invocation: writes their progress, and notices when one is cancelled. */
export class Watch {
  private readonly running = new Map<string, Watched>();
  private readonly progress = new Map<Watched, number>();
  private looking: ReturnType<typeof setTimeout> | undefined;
  private telling: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly options: WatchOptions) {}

  add(watched: Watched): void {
    if (this.closed) return;
    this.running.set(watched.attempt.jobId, watched);
    this.looking ??= setTimeout(() => void this.look(), LOOK);
  }

  remove(watched: Watched): void {
    this.running.delete(watched.attempt.jobId);
    this.progress.delete(watched);
    if (this.running.size === 0) this.stopLooking();
  }

  tell(watched: Watched, share: number): void {
    if (this.closed || this.running.get(watched.attempt.jobId) !== watched) return;
    this.progress.set(watched, share);
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      // One after another: an older share must not overwrite a newer one.
      this.writing = this.writing.then(() => this.write());
    }, GATHER);
  }

  /** Nothing is written any more when it resolves. */
  async close(): Promise<void> {
    this.closed = true;
    this.stopLooking();
    clearTimeout(this.telling);
    this.progress.clear();
    await this.writing;
  }

  private stopLooking(): void {
    clearTimeout(this.looking);
    this.looking = undefined;
  }

  private async write(): Promise<void> {
    const { calls, statements, alarm, now } = this.options;
    const batch = [...this.progress];
    this.progress.clear();
    const answers = await execute(
      calls,
      batch.map(([{ attempt }, share]) => statements.progress(attempt, share, now())),
      alarm,
    );
    // Why, the next look tells.
    if (answers.some(({ kind }) => kind === 'refused')) await this.lookNow();
  }

  private async look(): Promise<void> {
    await this.lookNow();
    this.looking = undefined;
    if (!this.closed && this.running.size > 0) this.looking = setTimeout(() => void this.look(), LOOK);
  }

  private async lookNow(): Promise<void> {
    const { calls, table, log, alarm } = this.options;
    const ids = [...this.running.keys()];
    for (let i = 0; i < ids.length; i += MAX_KEYS) {
      const request = {
        Keys: ids.slice(i, i + MAX_KEYS).map((id): Item => ({ pk: { S: id } })),
        ConsistentRead: true,
        ProjectionExpression: '#pk, #state, #run',
        ExpressionAttributeNames: { '#pk': 'pk', '#state': 'state', '#run': 'run' },
      };
      try {
        const { Responses } = await alarm.race(
          calls.batchGetItem({ RequestItems: { [table]: request } }, alarm.signal),
        );
        for (const { pk, state, run } of Responses?.[table] ?? []) {
          const watched = this.running.get(pk?.S ?? '');
          if (!watched || (state?.S === 'running' && run?.S === watched.attempt.run)) continue;
          watched.lost(state?.S === 'running' ? TAKEN_OVER : (state?.S ?? 'gone'));
        }
      } catch (error) {
        // The next look may see better, and the end is written on a condition all the same.
        log.warn('running jobs cannot be looked at', { reason: sentence(describe(error)) });
      }
    }
  }
}
