import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { abortAt } from '../abort-at';
import { PermanentError } from '../errors';
import type { Abortable } from '../open';
import { DEFERRED, type Outcome } from '../outcome';
import type { Pacer } from './pacer';
import { Deferral, outcomeOf, Turns } from './turns';

export interface PaceGuardOptions<T> {
  readonly pacer: Pacer;
  readonly records: readonly SQSRecord[];
  /** Unique to the batch. */
  readonly owner: string;
  /** When the batch began, when its records are given up, and when the reply can wait no longer. Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly deadline: number;
  readonly replyBy: number;
  readonly lookahead: number;
  readonly concurrency?: number;
  now(): number;
  paceKey?(message: T): string;
  open?(record: SQSRecord, abortable: Abortable): SQSRecord | Promise<SQSRecord>;
  read(record: SQSRecord): T | Promise<T>;
  judge(record: SQSRecord, thrown: unknown): Outcome;
}

/** By how much, at most, in milliseconds. */
const CLOCKS_DIFFER = 5_000;

/** Has the records of a batch wait for their turns. */
export class PaceGuard<T> {
  private readonly turns: Turns;
  /** Whose pace each goes by, where the handler says. */
  private readonly tenants = new Map<number, string>();
  /** Records whose tenant cannot be told. */
  private readonly unnamed = new Map<number, Outcome>();
  private readonly waiting = new Set<SQSRecord>();

  constructor(private readonly options: PaceGuardOptions<T>) {
    const { pacer, records, owner, startedAt, deadline, replyBy, lookahead, concurrency, now } = options;
    this.turns = new Turns({
      pacer,
      records,
      owner,
      startedAt,
      deadline,
      over: replyBy + CLOCKS_DIFFER,
      lookahead,
      concurrency,
      now,
      tenantOf: (i) => this.tenants.get(i),
    });
  }

  /** Takes turns for what is not decided otherwise. */
  async open(isDecided: (i: number) => boolean): Promise<void> {
    const { pacer, records, paceKey } = this.options;
    if (paceKey && pacer.isPerTenant) await this.nameTenants(paceKey);
    await this.turns.open([...records.keys()].filter((i) => !isDecided(i) && !this.unnamed.has(i)));
  }

  /** How many records may be on their way at once. */
  concurrency(wanted: number): number {
    return this.turns.concurrency(wanted);
  }

  decided(i: number): Outcome | undefined {
    return this.unnamed.get(i) ?? this.turns.decided(i);
  }

  /** Runs a record when its turn has come, unless nothing may start until some time. */
  handle(i: number, until: () => number | undefined, run: () => unknown): unknown {
    const record = this.options.records[i]!;
    this.waiting.add(record);
    return this.turns.run(i, () => {
      const restsUntil = until();
      if (restsUntil !== undefined) throw new Deferral(restsUntil);
      this.waiting.delete(record);
      return run();
    });
  }

  /** What it is if its turn has not come. */
  outcomeOf(record: SQSRecord, thrown: unknown): Outcome | undefined {
    if (thrown instanceof Deferral) return outcomeOf(thrown);
    // The deadline came before its turn.
    return this.waiting.has(record) ? DEFERRED : undefined;
  }

  close(): Promise<void> {
    return this.turns.close();
  }

  private async nameTenants(paceKey: (message: T) => string): Promise<void> {
    const { records, deadline, startedAt, open, now, read, judge } = this.options;
    // Stored bodies get half the time: one that does not come must not keep its neighbours from running.
    const half = open && abortAt(startedAt + (deadline - startedAt) / 2, now());
    const name = async (record: SQSRecord, i: number): Promise<void> => {
      try {
        const opened = open && half ? await open(record, half) : record;
        const key: unknown = paceKey(await read(opened));
        if (typeof key !== 'string') throw new PermanentError(`paceKey: got ${typeof key}, expected a text`);
        this.tenants.set(i, key);
      } catch (thrown) {
        this.unnamed.set(i, judge(record, thrown));
      }
    };
    await Promise.all(records.map(name));
    half?.clear();
  }
}
