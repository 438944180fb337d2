import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { ATTRIBUTE, JOB_ID, type JobsSpec } from '../../../lib/private/contract';
import { type Alarm, abortAt } from '../abort-at';
import type { RecordContext } from '../context';
import type { Edge } from '../edge';
import { PermanentError } from '../errors';
import { execute, type StatementCalls } from '../idempotency/store';
import type { Logger } from '../log';
import { DONE, type Outcome } from '../outcome';
import { JobEndedError } from './context';
import { Ends, resultOf } from './ends';
import { type Attempt, type Ending, type JobRow, rowOf, standing } from './job';
import { problemOf } from './problem';
import { JobStatements } from './statements';
import { type UpdateCalls, update } from './update';
import { type ReadCalls, TAKEN_OVER, Watch, type Watched } from './watch';

export interface JobsGuardOptions {
  readonly edge: Pick<Edge, 'now' | 'random' | 'payloadPath'>;
  readonly calls: StatementCalls & ReadCalls & UpdateCalls;
  readonly spec: JobsSpec;
  readonly log: Logger;
  /** Unique to the invocation. */
  readonly owner: string;
  /** When running records are given up, and when the reply can wait no longer. Milliseconds since the epoch. */
  readonly deadline: number;
  readonly replyBy: number;
  judge(record: SQSRecord, thrown: unknown): Outcome;
}

/** A job of the batch that is this invocation's to run. */
interface Held extends Watched {
  readonly record: SQSRecord;
  attempt: Attempt;
  readonly index: number;
  /** What its end has come to, once its handler has returned. */
  ended?: Promise<Outcome>;
  /** How it has ended without us. */
  gone?: string;
}

/** A lease outlives its invocation by this much, for clocks that differ. Milliseconds. */
const MARGIN = 2_000;
const LONGEST_INVOCATION = 900_000;
const MAX_ROUNDS = 4;
/** The longest that a second message of a running job rests. Seconds. */
const LONGEST_REST = 60;

const isOver = ({ gone }: Held): boolean => gone !== undefined && gone !== TAKEN_OVER;

const jobIdOf = ({ messageAttributes }: SQSRecord): string | undefined =>
  messageAttributes?.[JOB_ID]?.stringValue || undefined;

/**
 * Keeps the state of the jobs in a batch around their handlers: what may run is decided before, and how it ended is written
 * before its message is acknowledged or dead-lettered. Messages that are no jobs pass.
 */
export class JobsGuard {
  private readonly held = new Map<number, Held>();
  private readonly decisions = new Map<number, Outcome>();
  private readonly statements: JobStatements;
  private readonly alarm: Alarm;
  private readonly watch: Watch;
  private readonly ends: Ends;
  private closed = false;

  constructor(private readonly options: JobsGuardOptions) {
    const { spec, edge, replyBy, calls, log } = options;
    const statements = new JobStatements(spec.table, spec.retention);
    const alarm = abortAt(replyBy, edge.now());
    this.statements = statements;
    this.alarm = alarm;
    this.ends = new Ends({ edge, calls, spec, log, statements, alarm });
    this.watch = new Watch({ calls, log, statements, table: spec.table, alarm, now: edge.now });
  }

  async open(records: readonly SQSRecord[]): Promise<void> {
    const { edge, owner, replyBy, deadline } = this.options;
    const lease = Math.min(replyBy, edge.now() + LONGEST_INVOCATION) + MARGIN;
    const first = new Set<string>();
    const asked: { held: Held; seen?: JobRow }[] = [];
    records.forEach((record, index) => {
      const jobId = jobIdOf(record);
      if (jobId === undefined) return;
      // A second message of one job in one batch: by the time that it is back the first will have ended.
      if (first.has(jobId)) {
        this.decisions.set(index, { kind: 'retry', reason: 'the job runs already' });
        return;
      }
      first.add(jobId);
      const attempt: Attempt = {
        jobId,
        run: `${owner}/${index}`,
        lease,
        attempt: 1,
        redriven: record.messageAttributes?.[ATTRIBUTE.context] !== undefined,
      };
      const held: Held = {
        record,
        index,
        attempt,
        lost: (state) => {
          held.gone = state;
        },
      };
      asked.push({ held });
    });
    if (asked.length === 0) return;
    const starting = abortAt(deadline, edge.now());
    await this.start(records, asked, starting);
    starting.clear();
  }

  /** The outcome of a record that must not run. */
  decided(i: number): Outcome | undefined {
    const held = this.held.get(i);
    return held && isOver(held) ? DONE : this.decisions.get(i);
  }

  /** Which attempt at its job a record is; nothing if it is none. */
  attemptOf(record: SQSRecord): number | undefined {
    for (const held of this.held.values()) if (held.record === record) return held.attempt.attempt;
    return undefined;
  }

  /** Whether a record's job ended while it ran. */
  isOver(record: SQSRecord): boolean {
    for (const held of this.held.values()) if (held.record === record) return isOver(held);
    return false;
  }

  /** Runs a handler, and keeps what it returns if its message is a job. */
  handle(context: RecordContext, i: number, run: () => unknown): unknown {
    const held = this.held.get(i);
    if (!held) return run();
    // Over before its turn came.
    if (isOver(held)) throw new JobEndedError(held.gone!);
    const { jobId } = held.attempt;
    context.job = {
      id: jobId,
      progress: (share) => {
        if (typeof share !== 'number' || !(share >= 0 && share <= 1))
          throw new RangeError(`progress: got ${share}, expected a number from 0 to 1`);
        this.watch.tell(held, share);
      },
    };
    held.lost = (state) => {
      held.gone = state;
      context.abort(new JobEndedError(state));
    };
    const done = (value: unknown): void => {
      this.watch.remove(held);
      const result = resultOf(value, this.options.spec);
      // At once: whoever waits for it does not wait for the others of the batch, and who dies does not take it along.
      if (!this.closed) held.ended = this.ends.succeed(held.attempt, result);
    };
    const failed = (thrown: unknown): never => {
      this.watch.remove(held);
      throw thrown;
    };
    let result: unknown;
    try {
      result = run();
    } catch (thrown) {
      return failed(thrown);
    }
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function')
      return Promise.resolve(result).then(done, failed);
    done(result);
    return undefined;
  }

  /** The outcomes once it is on record how the jobs ended: only that may be acknowledged or dead-lettered. */
  async finish(outcomes: readonly Outcome[]): Promise<Outcome[]> {
    // Whoever still runs has been given up: the reply is on its way.
    this.closed = true;
    await this.watch.close();
    const settled = [...outcomes];
    const released: { readonly held: Held; readonly counts: boolean }[] = [];
    await Promise.all(
      [...this.held.values()].map(async (held) => {
        const outcome = outcomes[held.index]!;
        if (isOver(held)) settled[held.index] = DONE;
        else if (outcome.kind === 'done' && held.ended) settled[held.index] = await held.ended;
        else if (outcome.kind === 'dead') {
          const ending: Ending = { state: 'failed', problem: problemOf('failed', outcome.reason) };
          settled[held.index] = await this.ends.end(held.attempt, ending, outcome);
        } else released.push({ held, counts: outcome.kind !== 'deferred' });
      }),
    );
    await this.release(released);
    this.alarm.clear();
    return settled;
  }

  /** Asks until every job has answered. */
  private async start(
    records: readonly SQSRecord[],
    asked: readonly { readonly held: Held; readonly seen?: JobRow }[],
    alarm: Alarm,
  ): Promise<void> {
    const { calls, edge, log } = this.options;
    const { statements } = this;
    let pending = asked;
    for (let round = 0; pending.length > 0 && round < MAX_ROUNDS; round++) {
      const now = edge.now();
      const answers = await execute(
        calls,
        pending.map(({ held, seen }) =>
          seen ? statements.take(held.attempt, seen, now) : statements.start(held.attempt, now),
        ),
        alarm,
      );
      const again: { held: Held; seen: JobRow }[] = [];
      const lapsed: { row: JobRow; ending: Ending; index: number }[] = [];
      pending.forEach(({ held }, i) => {
        const answer = answers[i]!;
        const { index } = held;
        if (answer.kind === 'done') this.hold(held);
        else if (answer.kind === 'unknown') this.unknown(index, answer.reason);
        else if (!answer.item) this.decisions.set(index, this.stray(records[index]!));
        else {
          const row = rowOf(answer.item);
          const found = standing(row, held.attempt, edge.now());
          if (found.kind === 'ours') this.hold(held);
          else if (found.kind === 'free') {
            held.attempt = { ...held.attempt, attempt: row.state === 'running' ? row.attempt + 1 : 1 };
            again.push({ held, seen: row });
          } else if (found.kind === 'lapsed') lapsed.push({ row, ending: found.ending, index });
          else this.decisions.set(index, this.outcomeOf(found));
        }
      });
      if (lapsed.length > 0) await this.lapse(lapsed, alarm);
      pending = again;
    }
    for (const { held } of pending) this.unknown(held.index, 'it changes faster than it can be read');
    const unanswered = [...this.decisions.values()].find(
      (outcome) => outcome.kind === 'retry' && outcome.reason.startsWith(UNKNOWN),
    );
    if (unanswered) log.error('the table of jobs does not answer: no job runs without it', { ...unanswered });
  }

  /** From now on it is noticed when it ends without us, also while it waits for its turn. */
  private hold(held: Held): void {
    this.held.set(held.index, held);
    this.watch.add(held);
  }

  private outcomeOf(
    found: { kind: 'busy'; until: number } | { kind: 'over' } | { kind: 'failed'; reason: string },
  ): Outcome {
    if (found.kind === 'over') return DONE;
    // It was to be dead-lettered and is here again: so it was not.
    if (found.kind === 'failed') return { kind: 'dead', reason: found.reason };
    const seconds = Math.ceil((found.until - this.options.edge.now()) / 1000);
    return {
      kind: 'retry',
      reason: 'another attempt has the job',
      after: Math.min(LONGEST_REST, Math.max(1, seconds)),
    };
  }

  private stray(record: SQSRecord): Outcome {
    return this.options.judge(
      record,
      new PermanentError('its job is not known: it was forgotten, or is of another API'),
    );
  }

  private unknown(index: number, reason: string): void {
    this.decisions.set(index, { kind: 'retry', reason: UNKNOWN + reason });
  }

  private async lapse(lapsed: readonly { row: JobRow; ending: Ending; index: number }[], alarm: Alarm): Promise<void> {
    const now = this.options.edge.now();
    const answers = await Promise.all(
      lapsed.map(({ row, ending }) => update(this.options.calls, this.statements.finish(row, ending, now), alarm)),
    );
    lapsed.forEach(({ index }, i) => {
      // If another was faster, the next delivery sees what it came to.
      if (answers[i]!.kind === 'done') this.decisions.set(index, DONE);
      else this.unknown(index, 'its end was not written');
    });
  }

  private async release(released: readonly { readonly held: Held; readonly counts: boolean }[]): Promise<void> {
    if (released.length === 0) return;
    // Not waited for beyond its time: the lease ends by itself.
    await execute(
      this.options.calls,
      released.map(({ held, counts }) => this.statements.release(held.attempt, counts)),
      this.alarm,
    );
  }
}

const UNKNOWN = 'the table of jobs does not answer: ';
