import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { Attempts } from './attempts';
import { Breaker } from './breaker/breaker';
import { BreakerGuard } from './breaker/guard';
import type { RecordContext } from './context';
import type { GuardedBatch, GuardsOptions } from './guarded';
import { IdempotencyGuard } from './idempotency/guard';
import { JobsGuard } from './jobs/guard';
import { DONE, type Outcome } from './outcome';
import { PaceGuard } from './pace/guard';
import { Pacer } from './pace/pacer';

/** What stands between SQS and the handler of a worker that keeps state: made once, asked for each batch. */
export class Guards<T> {
  private readonly breaker: Breaker | undefined;
  private readonly pacer: Pacer | undefined;
  private readonly process: string;
  private batches = 0;

  constructor(private readonly options: GuardsOptions<T>) {
    this.process = options.edge.uuid();
    const { edge, calls, config, log } = options;
    this.breaker = config.circuitBreaker && new Breaker({ spec: config.circuitBreaker, calls, edge, log });
    const queueSize = async () => (await edge.failurePath()).queueSize(config.queueUrl ?? '');
    this.pacer =
      config.pace && new Pacer({ spec: config.pace, calls, edge, log, worker: config.worker ?? '', queueSize });
  }

  async open(batch: GuardedBatch): Promise<Guard<T>> {
    const guard = new Guard(this.options, this.breaker, this.pacer, batch, `${this.process}/${++this.batches}`);
    await guard.open();
    return guard;
  }
}

/**
 * The guards of one batch: what may run, what came of it, and what of that is on record. While the dependency is down the
 * breaker lets nothing through; a job that is over, and what was done before, needs no turn; the rest waits for its own.
 */
export class Guard<T> {
  private readonly attempts: Attempts;
  private breaking: BreakerGuard | undefined;
  private jobs: JobsGuard | undefined;
  private idempotency: IdempotencyGuard<T> | undefined;
  private pace: PaceGuard<T> | undefined;

  constructor(
    private readonly options: GuardsOptions<T>,
    private readonly breaker: Breaker | undefined,
    private readonly pacer: Pacer | undefined,
    private readonly batch: GuardedBatch,
    /** Unique to the batch. */
    private readonly owner: string,
  ) {
    this.attempts = new Attempts(options.config.maxReceiveCount, breaker ?? pacer);
  }

  async open(): Promise<void> {
    await Promise.all([this.openBreaker(), this.attempts.open(this.batch.records)]);
    if (this.breaking?.until !== undefined) return;
    await this.openJobs();
    await this.openIdempotency();
    await this.openPace();
  }

  /** How many records may run at once. */
  concurrency(wanted: number): number {
    return this.breaking?.isProbe ? 1 : (this.pace?.concurrency(wanted) ?? wanted);
  }

  /** The outcome of a record that must not run, or not now. */
  decided(i: number): Outcome | undefined {
    const until = this.breaking?.until;
    if (until !== undefined) return { kind: 'deferred', until };
    return this.decidedBefore(i) ?? this.pace?.decided(i);
  }

  handle(record: SQSRecord, context: RecordContext, i: number): unknown {
    const { breaking, jobs, idempotency, batch } = this;
    const run = () => (idempotency ? idempotency.handle(record, context, i) : batch.handle(record, context));
    const asJob = jobs ? () => jobs.handle(context, i, run) : run;
    const watched = breaking ? () => breaking.handle(asJob) : asJob;
    return this.pace ? this.pace.handle(i, () => breaking?.until, watched) : watched();
  }

  judge(record: SQSRecord, thrown: unknown): Outcome {
    // Stopped because nobody wants it any more: no failure of its.
    if (this.jobs?.isOver(record)) return DONE;
    return (
      this.pace?.outcomeOf(record, thrown) ??
      this.breaking?.outcomeOf(record, thrown) ??
      this.judgeAttempt(record, thrown)
    );
  }

  /** The outcomes as they are once the breaker has had its say and the work that was done is recorded. */
  async finish(outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
    const { records, deadline, replyBy } = this.batch;
    await this.pace?.close();
    // Half of what is left, if the table hangs: failures are still to be settled.
    const by = deadline === Number.POSITIVE_INFINITY ? deadline : deadline + (replyBy - deadline) / 2;
    const judged = this.breaking ? await this.breaking.finish(outcomes, by) : outcomes;
    const puts = this.breaking?.until !== undefined || this.pace !== undefined;
    const spared = puts ? records.filter((_, i) => judged[i]!.kind === 'deferred') : [];
    const recorded = this.jobs ? await this.jobs.finish(judged) : judged;
    const [finished] = await Promise.all([
      this.idempotency ? this.idempotency.finish(recorded) : recorded,
      this.attempts.forgive(spared, replyBy),
      this.pace && this.pacer?.finish(replyBy),
    ]);
    return finished;
  }

  private async openBreaker(): Promise<void> {
    const { breaker, options, batch } = this;
    if (!breaker) return;
    this.breaking = new BreakerGuard({
      pass: await breaker.admit(batch.deadline),
      records: batch.records,
      isDependencyFailure: options.isDependencyFailure,
      judge: (record, thrown) => this.judgeAttempt(record, thrown),
    });
  }

  private async openJobs(): Promise<void> {
    const { edge, calls, config } = this.options;
    if (!config.jobs) return;
    const { owner } = this;
    const { records, deadline, replyBy, log } = this.batch;
    const judge = (record: SQSRecord, thrown: unknown) => this.judge(record, thrown);
    this.jobs = new JobsGuard({ edge, calls, spec: config.jobs, log, owner, deadline, replyBy, judge });
    await this.jobs.open(records);
  }

  private async openIdempotency(): Promise<void> {
    const { edge, calls, config, identity, read } = this.options;
    if (!identity) return;
    const { records, deadline, startedAt, replyBy, log } = this.batch;
    this.idempotency = new IdempotencyGuard<T>({
      edge,
      owner: this.owner,
      calls,
      spec: config.idempotency,
      worker: config.worker ?? '',
      log,
      startedAt,
      deadline,
      replyBy,
      identity,
      read,
      open: this.batch.open,
      process: (message, context) => this.options.process(message, context),
      judge: (record, thrown) => this.judge(record, thrown),
    });
    await this.idempotency.open(records);
  }

  private async openPace(): Promise<void> {
    const { pacer, owner } = this;
    const { edge, config, paceKey, concurrency, read } = this.options;
    if (!pacer || !config.pace) return;
    const { records, startedAt, deadline, replyBy, open } = this.batch;
    const { lookahead } = config.pace;
    const { now } = edge;
    const judge = (record: SQSRecord, thrown: unknown) => this.judge(record, thrown);
    const times = { startedAt, deadline, replyBy, lookahead, now };
    const pace = new PaceGuard<T>({ pacer, records, owner, ...times, concurrency, paceKey, open, read, judge });
    await pace.open((i) => this.decidedBefore(i) !== undefined);
    this.pace = pace;
  }

  private decidedBefore(i: number): Outcome | undefined {
    // A job that is over is over, however often its message has come.
    return this.jobs?.decided(i) ?? this.beyondLast(this.batch.records[i]!) ?? this.idempotency?.decided(i);
  }

  private judgeAttempt(record: SQSRecord, thrown: unknown): Outcome {
    return this.batch.judge(record, thrown, this.attemptOf(record));
  }

  /** Which attempt at a message this is. */
  private attemptOf(record: SQSRecord): number {
    return this.jobs?.attemptOf(record) ?? this.attempts.of(record);
  }

  /**
   * The redrive policy of a queue behind a breaker or with a pace leaves room for receives that are forgiven, and that of a
   * queue of jobs so that no job dies without its end being written. So it falls to us to end what has had its attempts and
   * came back all the same, because the function died at it each time.
   */
  private beyondLast(record: SQSRecord): Outcome | undefined {
    const { maxReceiveCount } = this.options.config;
    if (!(this.breaker || this.pacer || this.jobs)) return undefined;
    if (this.attemptOf(record) <= maxReceiveCount) return undefined;
    return this.judgeAttempt(record, new Error('the last attempt came to no end'));
  }
}
