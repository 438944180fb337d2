import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { abortAt } from './abort-at';
import { Breaker, type BreakerCalls } from './breaker/breaker';
import { isDependencyError } from './breaker/dependency-error';
import type { Pass } from './breaker/pass';
import type { Config } from './config';
import type { RecordContext } from './context';
import { describe, sentence } from './describe';
import type { Edge } from './edge';
import { PermanentError } from './errors';
import { IdempotencyGuard } from './idempotency/guard';
import type { Identity } from './idempotency/prepare';
import type { StatementCalls } from './idempotency/store';
import { JobsGuard } from './jobs/guard';
import type { Logger } from './log';
import type { Abortable } from './open';
import { DEFERRED, DONE, type Outcome, receiveCountOf } from './outcome';
import { type PaceCalls, Pacer } from './pace/pacer';
import { Deferral, outcomeOf, Turns } from './pace/turns';

export interface GuardsOptions<T> {
  readonly edge: Edge;
  readonly calls: StatementCalls & BreakerCalls & PaceCalls;
  readonly config: Config;
  readonly log: Logger;
  readonly identity?: Identity<T>;
  /** Of the handler, if it says. */
  readonly concurrency?: number;
  paceKey?(message: T): string;
  isDependencyFailure?(thrown: unknown): boolean;
  read(record: SQSRecord): T | Promise<T>;
  process(message: T, context: RecordContext): unknown;
}

/** By how much, at most, in milliseconds. */
const CLOCKS_DIFFER = 5_000;

/** What is of one batch. Times are milliseconds since the epoch. */
export interface GuardedBatch {
  readonly records: readonly SQSRecord[];
  readonly log: Logger;
  readonly startedAt: number;
  /** When running records are given up. */
  readonly deadline: number;
  /** When the reply can wait no longer. */
  readonly replyBy: number;
  /** What a failure makes of a record that has been handed out so often. */
  judge(record: SQSRecord, thrown: unknown, receives: number): Outcome;
  /** Opens, reads and handles a record. */
  handle(record: SQSRecord, context: RecordContext): unknown;
  /** Makes of a record what its sender sent; missing where that is the record. */
  open?(record: SQSRecord, abortable: Abortable): SQSRecord | Promise<SQSRecord>;
}

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

/** The guards of one batch: what may run, what came of it, and what of that is on record. */
export class Guard<T> {
  private pass: Pass | undefined;
  private idempotency: IdempotencyGuard<T> | undefined;
  private turns: Turns | undefined;
  /** Whose pace each goes by, where the handler says. */
  private readonly tenants = new Map<number, string>();
  /** Records whose tenant cannot be told. */
  private readonly unnamed = new Map<number, Outcome>();
  private readonly waiting = new Set<SQSRecord>();
  private jobs: JobsGuard | undefined;
  /** Receives that were no attempts; missing when the ledger does not answer. */
  private forgiven: ReadonlyMap<string, number> | undefined = new Map();
  /** Failures of the dependency, judged when it is known whether the breaker has opened. */
  private readonly dependencyFailures = new Map<SQSRecord, unknown>();

  constructor(
    private readonly options: GuardsOptions<T>,
    private readonly breaker: Breaker | undefined,
    private readonly pacer: Pacer | undefined,
    private readonly batch: GuardedBatch,
    /** Unique to the batch. */
    private readonly owner: string,
  ) {}

  async open(): Promise<void> {
    const { records, deadline } = this.batch;
    const { forgiving } = this;
    if (forgiving) {
      const spent = records.filter((record) => receiveCountOf(record) >= this.options.config.maxReceiveCount);
      const [pass, forgiven] = await Promise.all([
        this.breaker?.admit(deadline),
        spent.length > 0 ? forgiving.forgiven(spent.map(({ messageId }) => messageId)) : this.forgiven,
      ]);
      this.pass = pass;
      this.forgiven = forgiven;
      if (pass?.until !== undefined) return;
    }
    await this.openJobs();
    await this.openIdempotency();
    await this.openTurns();
  }

  /** How many records may run at once: a probe is no stampede. */
  concurrency(wanted: number): number {
    return this.pass?.probe ? 1 : (this.turns?.concurrency(wanted) ?? wanted);
  }

  /** The outcome of a record that must not run, or not now. */
  decided(i: number): Outcome | undefined {
    const until = this.pass?.until;
    if (until !== undefined) return { kind: 'deferred', until };
    return this.decidedBefore(i) ?? this.turns?.decided(i);
  }

  handle(record: SQSRecord, context: RecordContext, i: number): unknown {
    if (!this.turns) return this.passing(record, context, i);
    this.waiting.add(record);
    return this.turns.run(i, () => {
      const until = this.pass?.until;
      if (until !== undefined) throw new Deferral(until);
      this.waiting.delete(record);
      return this.passing(record, context, i);
    });
  }

  judge(record: SQSRecord, thrown: unknown): Outcome {
    // Stopped because nobody wants it any more: no failure of its.
    if (this.jobs?.isOver(record)) return DONE;
    if (thrown instanceof Deferral) return outcomeOf(thrown);
    // The deadline came before its turn.
    if (this.waiting.has(record)) return DEFERRED;
    if (this.pass && this.isDependencyFailure(thrown)) {
      this.dependencyFailures.set(record, thrown);
      return { kind: 'retry', reason: sentence(describe(thrown)) };
    }
    return this.batch.judge(record, thrown, this.receives(record));
  }

  /** The outcomes as they are once the breaker has had its say and the work that was done is recorded. */
  async finish(outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
    const { deadline, replyBy } = this.batch;
    await this.turns?.close();
    // Half of what is left, if the table hangs: failures are still to be settled.
    await this.pass?.end(deadline === Number.POSITIVE_INFINITY ? deadline : deadline + (replyBy - deadline) / 2);
    const judged = this.pass ? this.afterBreaker(outcomes, this.pass.until) : outcomes;
    const puts = this.pass?.until !== undefined || this.turns !== undefined;
    const spared = puts ? this.batch.records.filter((_, i) => judged[i]!.kind === 'deferred') : [];
    const recorded = this.jobs ? await this.jobs.finish(judged) : judged;
    const [finished] = await Promise.all([
      this.idempotency ? this.idempotency.finish(recorded) : recorded,
      spared.length > 0 &&
        this.forgiving?.forgive(
          spared.map(({ messageId }) => messageId),
          replyBy,
        ),
      this.turns && this.pacer?.finish(replyBy),
    ]);
    return finished;
  }

  /** A failure of a dependency that is down is none of the message's: it rests until the breaker lets it through. */
  private afterBreaker(outcomes: readonly Outcome[], until: number | undefined): Outcome[] {
    return outcomes.map((outcome, i) => {
      const record = this.batch.records[i]!;
      if (!this.dependencyFailures.has(record)) {
        return outcome.kind === 'deferred' && until !== undefined ? { kind: 'deferred', until } : outcome;
      }
      if (until !== undefined) return { kind: 'deferred', until };
      return this.batch.judge(record, this.dependencyFailures.get(record), this.receives(record));
    });
  }

  private passing(record: SQSRecord, context: RecordContext, i: number): unknown {
    if (!this.pass) return this.run(record, context, i);
    const passed = this.pass;
    const failed = (thrown: unknown): never => {
      if (this.isDependencyFailure(thrown)) passed.failed();
      throw thrown;
    };
    try {
      const result = this.run(record, context, i);
      if (result instanceof Promise) return result.then(() => passed.succeeded(), failed);
      passed.succeeded();
      return undefined;
    } catch (thrown) {
      return failed(thrown);
    }
  }

  private run(record: SQSRecord, context: RecordContext, i: number): unknown {
    return this.jobs
      ? this.jobs.handle(context, i, () => this.runRecord(record, context, i))
      : this.runRecord(record, context, i);
  }

  private runRecord(record: SQSRecord, context: RecordContext, i: number): unknown {
    return this.idempotency ? this.idempotency.handle(record, context, i) : this.batch.handle(record, context);
  }

  /** Who keeps count of the receives that were no attempts. */
  private get forgiving(): Breaker | Pacer | undefined {
    return this.breaker ?? this.pacer;
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

  /** Comes after idempotency: what is done already needs no slot. */
  private async openTurns(): Promise<void> {
    const { pacer } = this;
    const { edge, config, paceKey, concurrency } = this.options;
    if (!pacer || !config.pace) return;
    const { records, deadline, startedAt, replyBy } = this.batch;
    if (paceKey && pacer.isPerTenant) await this.nameTenants(paceKey);
    this.turns = new Turns({
      pacer,
      records,
      owner: this.owner,
      startedAt,
      deadline,
      over: replyBy + CLOCKS_DIFFER,
      lookahead: config.pace.lookahead,
      concurrency,
      now: edge.now,
      tenantOf: (i) => this.tenants.get(i),
    });
    await this.turns.open([...records.keys()].filter((i) => !this.decidedBefore(i)));
  }

  private async nameTenants(paceKey: (message: T) => string): Promise<void> {
    const { records, deadline, startedAt, open } = this.batch;
    // Stored bodies get half the time: one that does not come must not keep its neighbours from running.
    const half = open && abortAt(startedAt + (deadline - startedAt) / 2, this.options.edge.now());
    const name = async (record: SQSRecord, i: number): Promise<void> => {
      try {
        const opened = open && half ? await open(record, half) : record;
        const key: unknown = paceKey(await this.options.read(opened));
        if (typeof key !== 'string') throw new PermanentError(`paceKey: got ${typeof key}, expected a text`);
        this.tenants.set(i, key);
      } catch (thrown) {
        this.unnamed.set(i, this.judge(record, thrown));
      }
    };
    await Promise.all(records.map(name));
    half?.clear();
  }

  private decidedBefore(i: number): Outcome | undefined {
    return (
      // A job that is over is over, however often its message has come.
      this.jobs?.decided(i) ??
      this.beyondLast(this.batch.records[i]!) ??
      this.idempotency?.decided(i) ??
      this.unnamed.get(i)
    );
  }

  private isDependencyFailure(thrown: unknown): boolean {
    try {
      return isDependencyError(thrown) || this.options.isDependencyFailure?.(thrown) === true;
    } catch {
      return false;
    }
  }

  /** How often a message has been handed out in earnest. Without the ledger nobody is at the end: SQS counts on. */
  private receives(record: SQSRecord): number {
    const attempt = this.jobs?.attemptOf(record);
    if (attempt !== undefined) return attempt;
    const receives = receiveCountOf(record);
    if (receives < this.options.config.maxReceiveCount || !this.forgiving) return receives;
    return this.forgiven ? Math.max(1, receives - (this.forgiven.get(record.messageId) ?? 0)) : 1;
  }

  /**
   * The redrive policy of a queue behind a breaker or with a pace leaves room for receives that are forgiven, and that of a queue of
   * jobs so that no job dies without its end being written. So it falls to us to end what
   * has had its attempts and came back all the same, because the function died at it each time.
   */
  private beyondLast(record: SQSRecord): Outcome | undefined {
    const { maxReceiveCount } = this.options.config;
    if (!(this.forgiving || this.jobs)) return undefined;
    const receives = this.receives(record);
    if (receives <= maxReceiveCount) return undefined;
    return this.batch.judge(record, new Error('the last attempt came to no end'), receives);
  }
}
