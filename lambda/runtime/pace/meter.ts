import { concurrencyFor, type LevelingSpec, PACE_TABLE, type PaceSpec } from '../../../lib/private/contract';
import { describe, sentence } from '../describe';
import type { Edge } from '../edge';
import type { Logger } from '../log';
import { within } from '../time';
import { type Capacity, gaugeOf } from './gauge';
import { gaugeLine } from './metrics';
import { Expression, gaugeExpression, type Item, type PaceRow } from './row';
import type { Updated } from './store';

export interface MeterOptions {
  readonly spec: LevelingSpec;
  readonly edge: Pick<Edge, 'now' | 'write'>;
  readonly log: Logger;
  readonly worker: string;
  /** How many messages the queue holds. */
  queueSize(): Promise<number>;
  /** Nothing when the table is down. */
  update(expression: Expression): Promise<Updated | undefined>;
  /** Takes the row as it was found. */
  found(item: Item | undefined): void;
}

/** How often the backlog is read, by whoever comes first. Milliseconds. */
const EVERY = 5_000;
const TIMEOUT = 1_000;

/** Reads the backlog of a queue while it is worked on. */
export class Meter {
  private measuring: Promise<void> | undefined;

  constructor(private readonly options: MeterOptions) {}

  /** Reads the backlog and writes it down, if nobody has lately. Not waited for. */
  measure(row: PaceRow, pace: PaceSpec): void {
    const { edge } = this.options;
    if (this.measuring || pace.kind === 'closed' || edge.now() - (row.gauge?.at ?? 0) < EVERY) return;
    this.measuring = this.read(row, pace).finally(() => {
      this.measuring = undefined;
    });
  }

  /** Until what was begun is over. */
  async rest(): Promise<void> {
    await this.measuring;
  }

  private async read({ version, gauge: before, taken }: PaceRow, pace: PaceSpec): Promise<void> {
    const { spec, edge, worker, log, queueSize, update, found } = this.options;
    const backlog = await within(TIMEOUT, queueSize).catch((error) => {
      log.warn('pace: the size of the queue cannot be read', { reason: sentence(describe(error)) });
    });
    if (backlog === undefined) return;
    const gauge = gaugeOf(before, { now: edge.now(), backlog, taken }, capacityOf(spec, pace));
    const updated = await update(gaugeExpression(new Expression(PACE_TABLE.row).ifVersion(version), gauge, before?.at));
    if (!updated) return;
    found(updated.item);
    if (updated.applied) edge.write(gaugeLine(worker, gauge));
  }
}

/** What a pace can do. */
export function capacityOf(spec: LevelingSpec, pace: PaceSpec): Capacity {
  const { batchSize, perTenant = false } = spec;
  const open = pace.kind === 'closed' ? spec.pace : pace;
  const { maxConcurrency } = concurrencyFor(open, batchSize, perTenant);
  return {
    nominal: open.kind === 'rate' && !perTenant ? open.count / open.per : undefined,
    inHand: (spec.maxConcurrency ?? maxConcurrency) * batchSize,
    closed: pace.kind === 'closed',
  };
}
