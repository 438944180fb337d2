import { hash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { groupOf } from '../envelope';
import type { Outcome } from '../outcome';
import { receiveCountOf } from '../outcome';
import type { Pacer } from './pacer';
import { Permits } from './permits';

export interface TurnsOptions {
  readonly pacer: Pacer;
  readonly records: readonly SQSRecord[];
  /** Unique to the batch. */
  readonly owner: string;
  /** When the batch began and when its records are given up. Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly deadline: number;
  /** When another may take over from an invocation that has died, likewise. */
  readonly over: number;
  /** Seconds that slots are taken ahead of their time, at most. */
  readonly lookahead: number;
  /** How many may run at once, if the handler says. */
  readonly concurrency?: number;
  now(): number;
  /** Whose pace a record goes by. */
  tenantOf(index: number): string | undefined;
}

/** Thrown in place of a turn that does not come: the record is no failure. */
export class Deferral {
  constructor(
    readonly until: number,
    /** It has an appointment of its own. */
    readonly exact = false,
  ) {}
}

/** Of the lookahead, what is kept for those that come back for it: what polls differ by. Milliseconds. */
const KEPT = 5_000;
const LONGEST_WAIT = 900_000;
/** How long to wait before asking again whether anything may start. Milliseconds. */
const HOLD = 5_000;
/** After a wait of so long it is worth asking whether the pace still is what it was. Milliseconds. */
const LONG = 5_000;
const LONGEST_KEY = 512;

/** A key as it fits into the table's. */
export const rowKeyOf = (tenant: string): string =>
  tenant.length > LONGEST_KEY ? `sha256:${hash('sha256', tenant, 'base64url')}` : tenant;

/** When the records of a batch run. */
export class Turns {
  private readonly turns = new Map<number, number | Deferral>();
  private readonly waits = new Map<ReturnType<typeof setTimeout>, () => void>();
  private readonly permits: Permits | undefined;
  private refused: Deferral | undefined;
  private entered = false;
  private running = 0;
  private over = false;

  constructor(private readonly options: TurnsOptions) {
    const { concurrency, pacer } = options;
    this.permits = pacer.kind === 'rate' && concurrency !== undefined ? new Permits(concurrency) : undefined;
  }

  /** How many records may be on their way at once. With a rate all are, since most of them wait. */
  concurrency(wanted: number): number {
    return this.options.pacer.kind === 'rate' ? Number.POSITIVE_INFINITY : Math.min(wanted, this.options.pacer.each);
  }

  /**
   * Takes the turns of these records. While nothing may start it waits in their place, as long as there is time: a batch
   * that is given back at once makes room for the next, and so the whole backlog would be put off, message by message.
   */
  async open(indexes: readonly number[]): Promise<void> {
    const { pacer, now } = this.options;
    if (indexes.length === 0) return;
    for (;;) {
      const until = (await pacer.open()) ?? (await this.take(indexes));
      if (until === undefined) break;
      const left = this.horizon - now();
      if (left <= 0) {
        this.refused = new Deferral(until);
        return;
      }
      await this.until(now() + Math.min(HOLD, left));
    }
    if (pacer.kind === 'concurrency') pacer.count(indexes.length);
  }

  /** The outcome of a record that is not to run in this batch. */
  decided(index: number): Outcome | undefined {
    const turn = this.turns.get(index) ?? this.refused;
    return turn instanceof Deferral ? outcomeOf(turn) : undefined;
  }

  /** Runs it when its turn comes. Throws a `Deferral` if that is not in this batch. */
  async run(index: number, work: () => unknown): Promise<unknown> {
    await this.turn(index);
    this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.permits?.release();
    }
  }

  /** Nothing waits any more. */
  async close(): Promise<void> {
    this.over = true;
    for (const [timer, wake] of this.waits) {
      clearTimeout(timer);
      wake();
    }
    this.waits.clear();
    this.permits?.close();
    // Who still runs, whatever its signal says, is still the only one: then the lease ends by itself.
    if (this.entered && this.running === 0) await this.options.pacer.leave(this.options.owner);
  }

  private get horizon(): number {
    const { startedAt, deadline, lookahead } = this.options;
    const wait = Math.min((deadline - startedAt) / 2, LONGEST_WAIT, lookahead * 1_000);
    return startedAt + wait;
  }

  private wanted(returning: number, fresh: number) {
    const { startedAt } = this.options;
    const { horizon } = this;
    const kept = Math.min(KEPT, (horizon - startedAt) / 4);
    return { returning, fresh, horizon: horizon * 1_000, freshHorizon: (horizon - kept) * 1_000 };
  }

  /** Resolves to until when nothing may start, if so. */
  private async take(indexes: readonly number[]): Promise<number | undefined> {
    const { pacer } = this.options;
    if (pacer.kind === 'rate') return this.reserveAll(indexes.filter((index) => !this.turns.has(index)));
    return pacer.alone && !this.entered ? this.enter() : undefined;
  }

  private async reserveAll(indexes: readonly number[]): Promise<number | undefined> {
    const { pacer, records, tenantOf } = this.options;
    let until: number | undefined;
    const tenants = new Map<string, number[]>();
    for (const index of indexes) {
      const tenant = rowKeyOf(tenantOf(index) ?? groupOf(records[index]!));
      const members = tenants.get(tenant);
      if (members) members.push(index);
      else tenants.set(tenant, [index]);
    }
    const isBack = (index: number): boolean => receiveCountOf(records[index]!) > 1;
    const isPerTenant = pacer.isPerTenant;
    const lanes: [string, number[]][] = isPerTenant ? [...tenants] : [['', [...indexes]]];
    await Promise.all(
      lanes.map(async ([tenant, members]) => {
        const back = members.filter(isBack);
        const order = [...back, ...members.filter((index) => !isBack(index))];
        const grant = await pacer.reserve(tenant, this.wanted(back.length, members.length - back.length));
        if (grant.kind === 'none') {
          until = grant.until;
          return;
        }
        const turns = [...grant.slots, ...grant.appointments.map((at) => new Deferral(at, true))];
        for (const [i, index] of order.entries()) this.turns.set(index, turns[i]!);
      }),
    );
    return until;
  }

  private async enter(): Promise<number | undefined> {
    const { pacer, owner, over, now } = this.options;
    this.entered = await pacer.enter(owner, Math.min(over, now() + LONGEST_WAIT), this.horizon);
    return this.entered ? undefined : now() + LONG;
  }

  private async turn(index: number): Promise<void> {
    const { pacer, now } = this.options;
    let turn = this.turns.get(index);
    if (turn === undefined) return;
    for (;;) {
      if (turn instanceof Deferral) throw turn;
      const waits: number = turn - now();
      if (waits > 0) await this.until(turn);
      if (waits > LONG && (await pacer.refresh()) && pacer.closed) throw new Deferral(now() + LONG);
      await this.permits?.take();
      if (this.over) throw new Deferral(now());
      if (now() - turn <= pacer.tolerance) return;
      // Others have the slots since then: whoever runs late runs on top of them.
      this.permits?.release();
      turn = await this.another(index);
    }
  }

  private async another(index: number): Promise<number | Deferral> {
    const { pacer, tenantOf, records } = this.options;
    const tenant = rowKeyOf(tenantOf(index) ?? groupOf(records[index]!));
    const grant = await pacer.reserve(pacer.isPerTenant ? tenant : '', this.wanted(1, 0));
    if (grant.kind === 'none') return new Deferral(grant.until);
    return grant.slots[0] ?? new Deferral(grant.appointments[0]!, true);
  }

  private async until(time: number): Promise<void> {
    for (let left = time - this.options.now(); left > 0 && !this.over; left = time - this.options.now()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          this.waits.delete(timer);
          resolve();
        }, Math.ceil(left));
        this.waits.set(timer, resolve);
      });
    }
  }
}

export const outcomeOf = ({ until, exact }: Deferral): Outcome => ({
  kind: 'deferred',
  until,
  ...(exact && { exact }),
});
