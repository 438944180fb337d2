import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import type { IdempotencySpec } from '../../../lib/private/contract';
import { type Alarm, abortAt } from '../abort-at';
import type { RecordContext } from '../context';
import type { Edge } from '../edge';
import { PermanentError } from '../errors';
import type { Logger } from '../log';
import type { Abortable } from '../open';
import { DONE, type Outcome, receiveCountOf } from '../outcome';
import { Leases, type Refusal } from './leases';
import { type Identity, type Prepared, prepareAll, type Ready } from './prepare';
import { Statements } from './statements';
import type { StatementCalls } from './store';

export interface GuardOptions<T> {
  readonly edge: Pick<Edge, 'now' | 'random'>;
  /** Unique to the invocation. */
  readonly owner: string;
  readonly calls: StatementCalls;
  /** Missing in a unit test: keys are checked, and nothing is remembered. */
  readonly spec?: IdempotencySpec;
  readonly worker: string;
  readonly log: Logger;
  readonly startedAt: number;
  /** When running records are given up, and when the reply can wait no longer. Milliseconds since the epoch. */
  readonly deadline: number;
  readonly replyBy: number;
  readonly identity: Identity<T>;
  read(record: SQSRecord): T | Promise<T>;
  /** Makes of a record what its sender sent; missing where that is the record. */
  open?(record: SQSRecord, abortable: Abortable): SQSRecord | Promise<SQSRecord>;
  process(message: T, context: RecordContext): unknown;
  judge(record: SQSRecord, thrown: unknown): Outcome;
}

/** A lease outlives its invocation by this much, for clocks that differ. Milliseconds. */
const MARGIN = 30_000;
const LONGEST_INVOCATION = 900_000;

/** Runs a batch so that work with a key is done once: what may run is decided before, and what was done is recorded after. */
export class IdempotencyGuard<T> {
  private readonly decisions = new Map<number, Outcome>();
  private prepared: Prepared<T>[] = [];
  private leases: Leases | undefined;
  private leaseEnd = Number.POSITIVE_INFINITY;
  private alarm: Alarm | undefined;

  constructor(private readonly options: GuardOptions<T>) {}

  async open(records: readonly SQSRecord[]): Promise<void> {
    const { identity, judge, spec, open, read, edge, deadline } = this.options;
    // Stored bodies get half the time: one that does not come must not keep its neighbours from running.
    const now = edge.now();
    const half = open && abortAt(now + (deadline - now) / 2, now);
    this.prepared = await prepareAll(records, read, identity, open && half && ((record) => open(record, half)));
    half?.clear();
    this.prepared.forEach((prepared, i) => {
      if ('thrown' in prepared) this.decisions.set(i, judge(records[i]!, prepared.thrown));
    });
    if (spec) await this.acquire(spec, records);
  }

  /** The outcome of a record that must not run. */
  decided(i: number): Outcome | undefined {
    return this.decisions.get(i);
  }

  handle(_record: SQSRecord, context: RecordContext, i: number): unknown {
    // What could not be prepared is decided, and does not come here.
    const prepared = this.prepared[i] as Ready<T>;
    if (this.options.edge.now() >= this.leaseEnd) throw new Error('its lease ended before it was its turn');
    context.idempotencyKey = prepared.key;
    this.leases?.started(i);
    try {
      const result = this.options.process(prepared.message, context);
      // Also one of another's making, which may not even have begun.
      if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
        return Promise.resolve(result).then(
          (value) => this.leases?.done(i, value),
          (thrown) => {
            this.leases?.failed(i);
            throw thrown;
          },
        );
      }
      this.leases?.done(i, result);
      return undefined;
    } catch (thrown) {
      this.leases?.failed(i);
      throw thrown;
    }
  }

  /** The outcomes once it is known what was recorded. */
  async finish(outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
    const finished = await this.leases?.finish(outcomes);
    this.alarm?.clear();
    return finished ?? outcomes;
  }

  private async acquire(spec: IdempotencySpec, records: readonly SQSRecord[]): Promise<void> {
    const { edge, calls, worker, log, startedAt, deadline, replyBy } = this.options;
    this.leaseEnd =
      spec.lease === undefined
        ? Math.min(replyBy, startedAt + LONGEST_INVOCATION) + MARGIN
        : startedAt + spec.lease * 1000;
    this.alarm = abortAt(replyBy, edge.now());
    this.leases = new Leases({
      calls,
      statements: new Statements(spec.table, spec.retention),
      log,
      owner: this.options.owner,
      leaseEnd: this.leaseEnd,
      now: edge.now,
      random: edge.random,
      alarm: this.alarm,
    });
    const candidates = this.prepared.flatMap((prepared, index) =>
      'thrown' in prepared
        ? []
        : [{ index, key: `${worker}#${prepared.key}`, hash: prepared.hash, seen: receiveCountOf(records[index]!) > 1 }],
    );
    // Half the time: those whose keys are told must be able to run.
    const now = edge.now();
    const acquiring = abortAt(now + (deadline - now) / 2, now);
    const refused = await this.leases.acquire(candidates, acquiring);
    acquiring.clear();
    for (const [i, refusal] of refused) this.decisions.set(i, this.outcomeOf(records[i]!, refusal));
    // Repeats share the outcome of their first; until that is known they count as done.
    for (const { index } of candidates) if (this.leases.follows(index)) this.decisions.set(index, DONE);
    const unknown = [...refused.values()].find(({ kind }) => kind === 'unknown');
    if (unknown) log.error('idempotency store does not answer: nothing runs without it', { ...unknown });
  }

  private outcomeOf(record: SQSRecord, refusal: Refusal): Outcome {
    switch (refusal.kind) {
      case 'finished':
        return DONE;
      case 'running': {
        const seconds = Math.ceil((refusal.until - this.options.edge.now()) / 1000);
        return { kind: 'retry', reason: 'another attempt has its key', after: Math.max(1, seconds) };
      }
      case 'mismatch':
        return this.options.judge(record, new PermanentError('its idempotency key stands for another payload'));
      case 'unknown':
        return { kind: 'retry', reason: `the idempotency store does not answer: ${refusal.reason}` };
    }
  }
}
