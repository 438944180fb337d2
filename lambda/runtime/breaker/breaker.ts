import { BREAKER_METRIC, type BreakerSpec } from '../../../lib/private/contract';
import { describe, sentence } from '../describe';
import type { Edge } from '../edge';
import { Ledger, type LedgerCalls } from '../ledger';
import type { Logger } from '../log';
import { pause, within } from '../time';
import { tallyOf } from './counts';
import { breakerMetric } from './metrics';
import { ClosedPass, type Gate, type Pass, ProbePass, RefusedPass } from './pass';
import { NEW_ROW, type Row, type Stage } from './row';
import {
  blockedUntil,
  claimed,
  closed,
  coolDownOf,
  mustOpen,
  opened,
  type Policy,
  policyOf,
  released,
  verdictOf,
} from './state';
import { type RowCalls, Store } from './store';
import { Streak } from './streak';

export interface BreakerCalls extends RowCalls, LedgerCalls {}

export interface BreakerOptions {
  readonly spec: BreakerSpec;
  readonly calls: BreakerCalls;
  readonly edge: Pick<Edge, 'now' | 'write' | 'uuid'>;
  readonly log: Logger;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** How old a view may be, how long successes gather, and how long a store that failed is not asked again. Milliseconds. */
const REFRESH = 5_000;
/** A store that is slower counts as one that is down. */
const TIMEOUT = 1_000;
/**
 * A batch that comes while another probes waits so long for what becomes of it: the mapping lets two through at least, and
 * the second would hand out the whole queue meanwhile, to put it off message by message.
 */
const PATIENCE = 5_000;
const POLL = 500;
const MAX_CLAIMS = 3;
/** What clocks may differ by, and a reply may take, before another takes over a probe. */
const LEASE_MARGIN = 5_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
const LONGEST_INVOCATION = 900_000;

/**
 * A worker's side of a circuit breaker, made once a process. It keeps a view of the shared row, so that a closed breaker
 * costs no request a batch, and it fails open: a store that cannot be reached stops nobody for longer than the cool-down of
 * what was last seen.
 */
export class Breaker implements Gate {
  private readonly policy: Policy;
  private readonly store: Store;
  private readonly ledger: Ledger;
  private row: Row = NEW_ROW;
  private seenAt = Number.NEGATIVE_INFINITY;
  private failedAt = Number.NEGATIVE_INFINITY;
  private flushedAt: number | undefined;
  /** Calls in the stage of `row` that the store does not know of. */
  private failures = 0;
  private successes = 0;
  private readonly streak: Streak;
  private reporting: Promise<void> | undefined;

  constructor(private readonly options: BreakerOptions) {
    const { spec, calls } = options;
    this.policy = policyOf(spec);
    this.streak = new Streak(this.policy.minimumCalls, this.policy.window);
    this.store = new Store(calls, spec.table);
    this.ledger = new Ledger(calls, spec.table);
  }

  /** Asks on behalf of a batch, whose records are given up at the deadline. */
  async admit(deadline: number): Promise<Pass> {
    const { edge, sleep = pause } = this.options;
    const owner = edge.uuid();
    const start = this.now();
    const left = Math.max(0, Math.min(deadline - start, LONGEST_INVOCATION));
    const patience = start + Math.min(PATIENCE, left / 4);

    if (start - this.seenAt >= REFRESH) await this.refresh();
    for (let claims = 0; claims < MAX_CLAIMS; ) {
      const row = this.view();
      const verdict = verdictOf(row, this.now(), owner);
      if (verdict === 'closed') return new ClosedPass(this, row.version);
      if (verdict === 'ours') return new ProbePass(this, owner);
      if (verdict === 'open') break;
      if (verdict === 'free') {
        claims++;
        if (!(await this.enter(row, claimed(row, owner, start + left + LEASE_MARGIN)))) break;
      } else {
        if (this.now() + POLL > patience) break;
        await sleep(POLL);
        await this.refresh();
      }
    }
    return new RefusedPass(this.restingTime());
  }

  /** How many of their receives messages are forgiven; nothing if that cannot be told now. */
  async forgiven(messageIds: readonly string[]): Promise<ReadonlyMap<string, number> | undefined> {
    return this.attempt((signal) => this.ledger.read(messageIds, signal));
  }

  /** Forgives messages a receive that they had no use of. Has time until `by`, in milliseconds since the epoch. */
  async forgive(messageIds: readonly string[], by = Number.POSITIVE_INFINITY): Promise<void> {
    const now = this.now();
    await this.attempt((signal) => this.ledger.forgive(messageIds, now, signal), by - now);
  }

  now(): number {
    return this.options.edge.now();
  }

  blocked(): number | undefined {
    return blockedUntil(this.view(), this.policy, this.now());
  }

  restingTime(): number {
    return this.blocked() ?? this.now() + coolDownOf(this.policy, this.row.opens + 1);
  }

  succeeded(version: number): void {
    if (!this.isCounting(version)) return;
    this.successes++;
    this.streak.broken();
  }

  failed(version: number): void {
    if (!this.isCounting(version)) return;
    this.failures++;
    this.streak.failed(this.now());
    // At once, since the next records of the batch should know; what fails meanwhile goes with the next report.
    this.reporting ??= this.report().finally(() => {
      this.reporting = undefined;
    });
  }

  async settle(owner: string, verdict: 'closed' | 'open' | 'released'): Promise<number | undefined> {
    const { row } = this;
    const now = this.now();
    if (verdictOf(row, now, owner) !== 'ours') return undefined;
    const stage = {
      closed: () => closed(row, now),
      open: () => opened(row, this.policy, now),
      released: () => released(row),
    }[verdict]();
    return (await this.enter(row, stage))?.version;
  }

  async flush(): Promise<void> {
    await this.reporting;
    this.flushedAt ??= this.now();
    if (this.successes > 0 && this.now() - this.flushedAt >= REFRESH) await this.report();
  }

  private isCounting(version: number): boolean {
    return version === this.row.version && this.row.state === 'closed';
  }

  /** What is known, for as long as it is worth something. */
  private view(): Row {
    const age = this.now() - this.seenAt;
    return this.row.state === 'closed' || age < Math.max(REFRESH, this.policy.coolDown) ? this.row : NEW_ROW;
  }

  private adopt(row: Row): void {
    if (row.version !== this.row.version) {
      // They belong to a stage that is over.
      this.failures = 0;
      this.successes = 0;
      this.streak.broken();
    }
    this.row = row;
    this.seenAt = this.now();
  }

  private async refresh(): Promise<void> {
    if (this.now() - this.failedAt < REFRESH) return;
    const row = await this.attempt((signal) => this.store.read(signal));
    if (row) this.adopt(row);
  }

  /** Counts what has come together, until no failure is left that was not counted. */
  private async report(): Promise<void> {
    const { window } = this.policy;
    do {
      const { row, failures, successes } = this;
      this.failures = 0;
      this.successes = 0;
      this.flushedAt = this.now();
      const counted = await this.attempt((signal) =>
        this.store.count(row, { failures, successes }, window, this.now(), signal),
      );
      if (!counted) return;
      this.adopt(counted.row);
      const now = this.now();
      if (mustOpen(this.row, this.policy, now, this.streak.length(now))) await this.open();
    } while (this.failures > 0);
  }

  private async open(): Promise<void> {
    const { row, policy } = this;
    const now = this.now();
    const entered = await this.enter(row, opened(row, policy, now));
    if (entered?.openedAt !== now) return;
    const tally = tallyOf(row.counters, policy.window, now);
    this.options.log.warn('circuit breaker opened', { circuitBreaker: this.options.spec.name, ...tally });
  }

  /**
   * Moves the breaker on from what was seen, unless it has moved meanwhile. Resolves to where it then is, nothing if that is
   * not known. A second try finds out what became of a first whose reply was lost: it is refused if that was carried out.
   */
  private async enter(seen: Row, stage: Stage): Promise<Row | undefined> {
    const once = () => this.attempt((signal) => this.store.enter(seen, stage, signal));
    const written = (await once()) ?? (await once());
    if (written) this.adopt(written.row);
    return written?.row;
  }

  /** The result, or nothing when the store failed: then the work goes on without it. */
  private async attempt<T>(call: (signal: AbortSignal) => Promise<T>, ms = TIMEOUT): Promise<T | undefined> {
    const { edge, spec, log } = this.options;
    try {
      return await within(Math.min(ms, TIMEOUT), call);
    } catch (error) {
      this.failedAt = this.now();
      log.error('circuit breaker: its state cannot be reached', {
        circuitBreaker: spec.name,
        reason: sentence(describe(error)),
      });
      edge.write(breakerMetric(spec.name, BREAKER_METRIC.unavailable, 1, this.now()));
      return undefined;
    }
  }
}
