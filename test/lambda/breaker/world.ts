import { Controller } from '../../../lambda/handlers/breaker-controller/controller';
import type { Mapping, Settings } from '../../../lambda/handlers/mapping';
import { Breaker, type BreakerCalls } from '../../../lambda/runtime/breaker/breaker';
import { type Row, rowOf } from '../../../lambda/runtime/breaker/row';
import type { BreakerSpec, MappingSpec } from '../../../lib/private/contract';
import { FakeTable, TABLE } from './fake-table';

export interface Scenario {
  readonly spec: Omit<BreakerSpec, 'name' | 'table'>;
  readonly seed: number;
  /** Of each worker, how many batches it may run at once; nothing for no limit of its own. */
  readonly workers: readonly (number | undefined)[];
  readonly batchSize: number;
  /** Seconds. */
  readonly outages: readonly { readonly from: number; readonly to: number }[];
  /** Share of the calls that fail all the same. */
  readonly noise: number;
  /** How far clocks are off, at most, in milliseconds. */
  readonly skew: number;
  /** Shares of requests to the store that are not carried out, or whose replies are lost. */
  readonly lostRequests: number;
  readonly lostReplies: number;
  /** Share of batches, and of runs of the controller, that die half way. */
  readonly crashes: number;
  /** Share of probes that do. */
  readonly probeDeaths: number;
  /** Of operators, at a second each. */
  readonly commands: readonly { readonly at: number; readonly action: string }[];
  /** From when on nothing is lost any more, nobody dies, and the dependency is well. Seconds. */
  readonly calm: number;
  readonly end: number;
}

/** A call of the dependency, as it was. */
export interface Call {
  readonly at: number;
  readonly end: number;
  readonly failed: boolean;
  readonly probe: boolean;
  readonly owner: string;
}

export interface Change {
  readonly at: number;
  readonly before: Row;
  readonly after: Row;
}

/** A pseudo-random number generator (mulberry32): the scenario decides all that happens. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const START = 1_800_000_000_000;
const INVOCATION = 30_000;
const PROCESSES = 3;
/** Records of a batch that run at once. */
export const WIDTH = 4;
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface Life {
  dead: boolean;
}

interface Process {
  readonly mapping: string;
  readonly name: string;
  readonly life: Life;
  readonly skew: number;
  batches: number;
}

/**
 * Workers, controllers, operators and a store in virtual time, which passes from event to event. They run the real code, each
 * with a clock of its own, and whatever they ask takes its time and may be lost.
 */
export class World {
  readonly table = new FakeTable();
  readonly calls: Call[] = [];
  readonly changes: Change[] = [];
  readonly mappings = new Map<string, { -readonly [K in keyof Mapping]: Mapping[K] }>();
  readonly specs: readonly MappingSpec[];
  refused = 0;
  time = START;
  private readonly random: () => number;
  /** In the order of their times. */
  private readonly queue: { readonly at: number; run(): void }[] = [];
  private readonly running = new Map<string, number>();
  private readonly spec: BreakerSpec;

  constructor(readonly scenario: Scenario) {
    this.random = randomOf(scenario.seed);
    this.spec = { ...scenario.spec, name: 'Test/Payments', table: TABLE };
    this.specs = scenario.workers.map((maxConcurrency, i) => ({ id: `mapping-${i}`, maxConcurrency }));
    for (const { id, maxConcurrency } of this.specs) {
      this.mappings.set(id, { state: 'Enabled', maxConcurrency, provisioned: false });
    }
    this.table.onChange = (after, before) => {
      const change = { at: this.time, before: rowOf(before), after: rowOf(after) };
      this.changes.push(change);
      // What the stream lets through.
      if (change.after.state !== 'closed' || change.after.paused.length > 0) {
        this.in(200 + this.random() * 2_000, () => this.control('reconcile'));
      }
    };
  }

  get row(): Row {
    return rowOf(this.table.row);
  }

  seconds(at: number): number {
    return (at - START) / 1000;
  }

  async run(): Promise<void> {
    const { commands, end } = this.scenario;
    for (const { id } of this.specs) for (let i = 0; i < PROCESSES; i++) this.startProcess(id, `${id}/${i}`);
    for (let minute = 1; minute * 60 < end; minute++) this.in(minute * 60_000, () => this.control('reconcile'));
    for (const { at, action } of commands) this.in(at * 1000, () => this.control(action));
    const last = START + end * 1000;
    while (this.queue.length > 0 && this.queue[0]!.at < last) {
      const { at, run } = this.queue.shift()!;
      this.time = at;
      run();
      // Lets all that follows from it run, up to where it waits for something.
      await new Promise(setImmediate);
    }
    this.time = last;
  }

  private get calm(): boolean {
    return this.time >= START + this.scenario.calm * 1000;
  }

  private in(ms: number, run: () => void): void {
    const at = this.time + ms;
    let i = this.queue.length;
    while (i > 0 && this.queue[i - 1]!.at > at) i--;
    this.queue.splice(i, 0, { at, run });
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.in(ms, resolve));
  }

  /** Who is dead waits for ever. */
  private async live(life: Life, ms: number): Promise<void> {
    await this.sleep(ms);
    if (life.dead) await new Promise(() => {});
  }

  /** Some time soon. */
  private kill(life: Life, within: number): void {
    this.in(this.random() * within, () => {
      life.dead = true;
    });
  }

  private happens(share: number): boolean {
    return !this.calm && this.random() < share;
  }

  private store(life: Life): BreakerCalls {
    const { table } = this;
    const reach = async <T>(request: () => Promise<T>): Promise<T> => {
      await this.live(life, 1 + this.random() * 20);
      if (this.happens(this.scenario.lostRequests)) throw new Error('lost request');
      const [reply] = await Promise.allSettled([request()]);
      await this.live(life, 1 + this.random() * 20);
      if (this.happens(this.scenario.lostReplies)) throw new Error('lost reply');
      if (reply.status === 'rejected') throw reply.reason;
      return reply.value;
    };
    return {
      getItem: (input, signal) => reach(() => table.getItem(input, signal)),
      updateItem: (input, signal) => reach(() => table.updateItem(input, signal)),
      batchGetItem: (input, signal) => reach(() => table.batchGetItem(input, signal)),
      transactWriteItems: (input, signal) => reach(() => table.transactWriteItems(input, signal)),
    };
  }

  private startProcess(mapping: string, name: string): void {
    const life: Life = { dead: false };
    const skew = Math.round((this.random() * 2 - 1) * this.scenario.skew);
    const process: Process = { mapping, name, life, skew, batches: 0 };
    const breaker = new Breaker({
      spec: this.spec,
      calls: this.store(life),
      edge: {
        now: () => Math.round(this.time) + skew,
        write: () => {},
        uuid: () => `${name}#${process.batches++}`,
      },
      log: SILENT,
      sleep: (ms) => this.live(life, ms),
    });
    const next = (): void => {
      this.in(1_000 + this.random() * 10_000, async () => {
        const { state, maxConcurrency = PROCESSES } = this.mappings.get(mapping)!;
        const running = this.running.get(mapping) ?? 0;
        // One that is about to stop still hands out for a while.
        if (state === 'Disabled' || state === 'Enabling' || running >= maxConcurrency) return next();
        this.running.set(mapping, running + 1);
        const died = await Promise.race([this.batch(breaker, process), this.sleep(INVOCATION).then(() => true)]);
        this.running.set(mapping, this.running.get(mapping)! - 1);
        life.dead ||= died;
        if (life.dead) this.startProcess(mapping, `${name}'`);
        else next();
      });
    };
    next();
  }

  /** What a worker does with a batch. */
  private async batch(breaker: Breaker, { name, life, skew, batches }: Process): Promise<boolean> {
    const { crashes, batchSize } = this.scenario;
    if (this.happens(crashes)) this.kill(life, 3_000);
    const owner = `${name}#${batches}`;
    const pass = await breaker.admit(Math.round(this.time) + skew + INVOCATION - 1_000);
    if (pass.until !== undefined) this.refused++;
    if (pass.probe && this.happens(this.scenario.probeDeaths)) this.kill(life, 200);
    await new Promise<void>((resolve) => {
      let left = batchSize;
      let running = 0;
      const fill = (): void => {
        while (left > 0 && pass.until === undefined && running < (pass.probe ? 1 : WIDTH)) {
          left--;
          running++;
          void this.callDependency(life, owner, pass.probe).then((failed) => {
            if (failed) pass.failed();
            else pass.succeeded();
            running--;
            fill();
          });
        }
        if (running === 0) resolve();
      };
      fill();
    });
    await pass.end();
    return false;
  }

  private async callDependency(life: Life, owner: string, probe: boolean): Promise<boolean> {
    const { outages, noise } = this.scenario;
    const at = this.time;
    const second = this.seconds(at);
    const failed = this.happens(noise) || (!this.calm && outages.some(({ from, to }) => second >= from && second < to));
    const end = at + 20 + this.random() * 500;
    this.calls.push({ at, end, failed, probe, owner });
    await this.live(life, end - at);
    return failed;
  }

  private async control(action: string): Promise<void> {
    const life: Life = { dead: false };
    if (this.happens(this.scenario.crashes)) this.kill(life, 500);
    this.in(INVOCATION, () => {
      life.dead = true;
    });
    const controller = new Controller({
      spec: this.spec,
      mappings: this.specs,
      rowCalls: this.store(life),
      mappingCalls: {
        get: async (id) => {
          await this.live(life, 30);
          return { ...this.mappings.get(id)! };
        },
        update: async (id, settings) => {
          await this.live(life, 30);
          return this.updateMapping(id, settings);
        },
      },
      log: SILENT,
      now: () => Math.round(this.time),
      write: () => {},
    });
    const late = this.sleep(INVOCATION).then(() => Promise.reject(new Error('timed out')));
    await Promise.race([controller.handle({ action }), late]).catch(() => {
      // An operator sees that it failed. The schedule comes again anyway.
      if (action !== 'reconcile') this.in(5_000, () => this.control(action));
    });
    late.catch(() => {});
  }

  private updateMapping(id: string, { enabled, maxConcurrency }: Settings): boolean {
    const mapping = this.mappings.get(id)!;
    if (mapping.state !== 'Enabled' && mapping.state !== 'Disabled') return false;
    const was = mapping.state === 'Enabled';
    mapping.state = was === enabled ? 'Updating' : enabled ? 'Enabling' : 'Disabling';
    this.in(500 + this.random() * 50_000, () => {
      mapping.state = enabled ? 'Enabled' : 'Disabled';
      if (maxConcurrency !== undefined) mapping.maxConcurrency = maxConcurrency ?? undefined;
    });
    return true;
  }
}
