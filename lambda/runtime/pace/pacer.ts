import { concurrencyFor, type LevelingSpec, PACE_TABLE, type PaceSpec } from '../../../lib/private/contract';
import type { RowCalls } from '../breaker/store';
import { describe, sentence } from '../describe';
import type { Edge } from '../edge';
import { Ledger, type LedgerCalls } from '../ledger';
import type { Logger } from '../log';
import { pause, within } from '../time';
import { Meter } from './meter';
import { claimExpression, Expression, type PaceRow } from './row';
import { claimOf, rhythmOf, slotsOf, type Wanted } from './slots';
import { PaceStore, type Updated } from './store';
import { PaceView } from './view';

export interface PaceCalls extends RowCalls, LedgerCalls {}

export interface PacerOptions {
  readonly spec: LevelingSpec;
  readonly calls: PaceCalls;
  readonly edge: Pick<Edge, 'now' | 'write' | 'random'>;
  readonly log: Logger;
  readonly worker: string;
  /** How many messages the queue holds. */
  queueSize(): Promise<number>;
}

/** What a batch was given. Times in milliseconds since the epoch. */
export type Grant =
  /** Slots for the returning, then for the fresh; and when those come back that got none. */
  | { readonly kind: 'slots'; readonly slots: readonly number[]; readonly appointments: readonly number[] }
  /** Nobody may start before then. */
  | { readonly kind: 'none'; readonly until: number };

/**
 * How far ahead the first slot after a rest lies, in milliseconds: longer than the request for it takes, since what is
 * late by then would run on top of what is not.
 */
const LEAD = 20;
/** How old a view of the pace may be where taking slots does not renew it. Milliseconds. */
const REFRESH = 5_000;
/** A store that is slower counts as one that is down, and then nothing starts: an exact limit is none without it. */
const TIMEOUT = 1_000;
const ATTEMPTS = 3;
const REST = 100;
const DOWN = 10_000;
/** When a closed pace is looked at again by what was in hand when it closed. */
const CLOSED = 300_000;
/** How often a row may turn out to be other than it was supposed before that counts as down. */
const MAX_REFUSALS = 12;
const POLL = 250;
const LATE = 1_000;

/** A worker's side of a pace, made once a process: takes slots, learns of changes, reads the backlog. */
export class Pacer {
  private readonly store: PaceStore;
  private readonly ledger: Ledger;
  private readonly view: PaceView;
  private readonly meter: Meter;
  /** Messages begun that the row does not count. */
  private uncounted = 0;

  constructor(private readonly options: PacerOptions) {
    const { calls, spec } = options;
    this.store = new PaceStore(calls, spec.table);
    this.ledger = new Ledger(calls, spec.table);
    this.view = new PaceView(spec.pace, () => this.now());
    this.meter = new Meter({
      ...options,
      update: (expression) => this.update(expression),
      found: (item) => this.view.adopt(PACE_TABLE.row, item),
    });
  }

  get kind(): PaceSpec['kind'] {
    return this.options.spec.pace.kind;
  }

  get isPerTenant(): boolean {
    return this.options.spec.perTenant ?? false;
  }

  get closed(): boolean {
    return this.pace.kind === 'closed';
  }

  /** How far past its slot a message may start, in milliseconds: one of a burst lies in the past from the beginning. */
  get tolerance(): number {
    const { pace } = this;
    return LATE + (pace.kind === 'rate' ? ((pace.burst - 1) * pace.per * 1_000) / pace.count : 0);
  }

  /** How many messages of an invocation may run at once. */
  get each(): number {
    const { batchSize, maxConcurrency } = this.options.spec;
    const { pace } = this;
    if (pace.kind !== 'concurrency') return Number.POSITIVE_INFINITY;
    if (pace.limit === 1) return 1;
    if (maxConcurrency !== undefined) return Math.max(1, Math.floor(pace.limit / maxConcurrency));
    return concurrencyFor(pace, batchSize).each ?? 1;
  }

  /** Only one invocation may run at a time. */
  get alone(): boolean {
    return this.pace.kind === 'concurrency' && this.pace.limit === 1;
  }

  /** Learns what the pace is. Resolves to until when nothing may start, if so. */
  async open(): Promise<number | undefined> {
    const mustAsk = this.row.version === 0 || this.kind !== 'rate' || this.isPerTenant || this.closed;
    if (mustAsk && !(await this.refresh())) return this.now() + DOWN;
    return this.closed ? this.now() + CLOSED : undefined;
  }

  /** Whether the pace is known as it was at most five seconds ago. */
  async refresh(): Promise<boolean> {
    if (this.row.version > 0 && this.now() - this.view.seenAt < REFRESH) return true;
    return this.sync();
  }

  /** Takes slots, of a tenant's own pace where each has one. */
  async reserve(tenant: string, wanted: Omit<Wanted, 'now'>): Promise<Grant> {
    for (let refusals = 0; refusals < MAX_REFUSALS; refusals++) {
      if (this.row.version === 0 && !(await this.sync())) break;
      const { pace } = this;
      if (pace.kind !== 'rate') return { kind: 'none', until: this.now() + CLOSED };
      const rhythm = rhythmOf(pace);
      const key = this.isPerTenant ? PACE_TABLE.tenant + tenant : PACE_TABLE.row;
      const seen = this.view.taken(key);
      const busy = refusals === 0 && seen.busy;
      const claim = claimOf({ ...seen, busy }, { ...wanted, now: (this.now() + LEAD) * 1_000 }, rhythm);
      const expression = claimExpression(this.view.expect(key), claim);
      if (key === PACE_TABLE.row && claim.take > 0) expression.add('taken', claim.take);
      const updated = await this.update(expression);
      if (!updated) break;
      this.view.adopt(key, updated.item);
      if (updated.applied) {
        this.view.noteBusy(key, claim.from === 'next');
        const next = Number(updated.item?.next?.N ?? 0);
        if (key !== PACE_TABLE.row) this.uncounted += claim.take;
        this.meter.measure(this.row, this.pace);
        return {
          kind: 'slots',
          slots: slotsOf(claim, next, rhythm).map((slot) => slot / 1_000),
          appointments: claim.appointments.map((at) => at / 1_000),
        };
      }
      if (this.view.isAhead(key) && !(await this.sync())) break;
    }
    return { kind: 'none', until: this.now() + DOWN };
  }

  /** Waits to be the only one that runs, until `by` at most; `until` is when others may take over. */
  async enter(owner: string, until: number, by: number): Promise<boolean> {
    for (;;) {
      const expression = this.view.expect(PACE_TABLE.row);
      const name = expression.name('owner');
      const free = `${expression.name('ownedUntil')} < ${expression.value('now', { N: String(this.now()) })}`;
      expression
        .set('owner', { S: owner })
        .set('ownedUntil', { N: String(until) })
        .if(`(attribute_not_exists(${name}) OR ${name} = ${expression.value('owner', { S: owner })} OR ${free})`);
      const updated = await this.update(expression);
      if (!updated) return false;
      this.view.adopt(PACE_TABLE.row, updated.item);
      if (updated.applied) return true;
      if (this.closed || this.now() + POLL > by) return false;
      await pause(POLL * (0.5 + this.options.edge.random()));
    }
  }

  async leave(owner: string): Promise<void> {
    const expression = new Expression(PACE_TABLE.row).set('owner', undefined).set('ownedUntil', undefined);
    const updated = await this.update(
      expression.if(`${expression.name('owner')} = ${expression.value('owner', { S: owner })}`),
    );
    if (updated?.applied) this.view.adopt(PACE_TABLE.row, updated.item);
  }

  /** Counts messages that begin without a slot. */
  count(messages: number): void {
    this.uncounted += messages;
  }

  /** The batch is over. Waits for what is under way until `by`, in milliseconds since the epoch. */
  async finish(by: number): Promise<void> {
    const left = Math.min(by - this.now(), TIMEOUT);
    const work = async (): Promise<void> => {
      if (this.uncounted > 0) await this.refresh();
      await this.meter.rest();
    };
    await within(left, work).catch(() => {});
  }

  /** How many of their receives messages are forgiven; nothing if that cannot be told now. */
  forgiven(messageIds: readonly string[]): Promise<ReadonlyMap<string, number> | undefined> {
    return this.attempt((signal) => this.ledger.read(messageIds, signal));
  }

  /** Forgives messages a receive that they had no use of. */
  async forgive(messageIds: readonly string[], by: number): Promise<void> {
    const now = this.now();
    await this.attempt((signal) => this.ledger.forgive(messageIds, now, signal), 1, Math.min(TIMEOUT, by - now));
  }

  private now(): number {
    return this.options.edge.now();
  }

  private get row(): PaceRow {
    return this.view.row;
  }

  private get pace(): PaceSpec {
    return this.view.pace;
  }

  /** Reads the row, or makes it, or has it know of this deployment; and counts what is not counted. */
  private async sync(): Promise<boolean> {
    for (let refusals = 0; refusals < MAX_REFUSALS; refusals++) {
      const { row, uncounted, view } = this;
      const begins = row.version === 0 || !view.settled;
      if (!begins && uncounted === 0) {
        const read = await this.attempt((signal) => this.store.read(signal).then((item) => ({ item })));
        if (!read) return false;
        view.adopt(PACE_TABLE.row, read.item);
        if (this.row.version > 0 && view.settled) break;
        continue;
      }
      const updated = await this.update(begins ? view.begin() : view.expect(PACE_TABLE.row).add('taken', uncounted));
      if (!updated) return false;
      view.adopt(PACE_TABLE.row, updated.item);
      if (updated.applied && !begins) this.uncounted -= uncounted;
      if (this.row.version > 0 && view.settled && (updated.applied || uncounted === 0)) break;
    }
    this.meter.measure(this.row, this.pace);
    return true;
  }

  /** Nothing when the store is down. What was carried out and not answered is carried out twice: fewer start, not more. */
  private update(expression: Expression): Promise<Updated | undefined> {
    return this.attempt((signal) => this.store.update(expression, signal));
  }

  private async attempt<T>(
    call: (signal: AbortSignal) => Promise<T>,
    attempts = ATTEMPTS,
    ms = TIMEOUT,
  ): Promise<T | undefined> {
    const { edge, log } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await within(ms, call);
      } catch (error) {
        if (attempt < attempts) {
          await pause(REST * attempt * (0.5 + edge.random()));
          continue;
        }
        log.error('pace: its table cannot be reached', { reason: sentence(describe(error)) });
        return undefined;
      }
    }
  }
}
