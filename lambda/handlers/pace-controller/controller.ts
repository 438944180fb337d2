import { concurrencyFor, type LevelingSpec, PACE_TABLE, type PaceSpec } from '../../../lib/private/contract';
import type { RowCalls } from '../../runtime/breaker/store';
import type { Logger } from '../../runtime/log';
import { gaugeOf } from '../../runtime/pace/gauge';
import { capacityOf } from '../../runtime/pace/meter';
import { gaugeLine } from '../../runtime/pace/metrics';
import { Expression, gaugeExpression, type PaceRow, readPace, rowOf } from '../../runtime/pace/row';
import { PaceStore } from '../../runtime/pace/store';
import { isChanging, isSo, isStopped, type Mapping, type MappingCalls, type Settings } from '../mapping';
import { commandOf } from './command';

export interface ControllerOptions {
  readonly worker: string;
  readonly spec: LevelingSpec;
  /** Missing: the mapping is somebody else's. */
  readonly mapping?: string;
  readonly rowCalls: RowCalls;
  readonly mappingCalls: MappingCalls;
  readonly log: Logger;
  queueSize(): Promise<number>;
  now(): number;
  write(line: string): void;
}

/** What an operator is told. Times in ISO 8601, seconds and messages a second. */
export interface Status {
  readonly queue: string;
  readonly pace: PaceSpec;
  /** Whether it is another than the stack's. */
  readonly changed: boolean;
  readonly changedAt?: string;
  readonly backlog: number;
  readonly rate: number;
  readonly timeToDrain: number;
  /** Whether the event source mapping is as the pace wants it. */
  readonly settled: boolean;
}

const ATTEMPTS = 5;
/** The SDK's own timeouts and the function's are enough here. */
const never = new AbortController().signal;
const number = (value: number) => ({ N: String(value) });

/**
 * Changes the pace, makes the event source mapping what it asks for, and reads the backlog. It may run at any time and several
 * times at once: every run that ends leaves less to do.
 */
export class Controller {
  private readonly store: PaceStore;
  private readonly base: string;

  constructor(private readonly options: ControllerOptions) {
    this.store = new PaceStore(options.rowCalls, options.spec.table);
    this.base = JSON.stringify(options.spec.pace);
  }

  async handle(event: unknown): Promise<Status> {
    const { spec, now } = this.options;
    const command = commandOf(event, spec.pace.kind, now());
    let row = await this.read();
    if (command.action === 'status') return this.status(row);
    if (command.action === 'pace') {
      this.refuseClosing(command.pace);
      row = await this.change(row, JSON.stringify(command.pace), command.at);
    } else if (command.action === 'reset') row = await this.change(row, this.base, now());
    else if (row.version === 0 || row.base !== this.base) row = await this.change(row, this.base, now());
    row = await this.measure(row);
    return this.status(await this.settle(row));
  }

  private async read(): Promise<PaceRow> {
    return rowOf(await this.store.read(never));
  }

  private paceOf(row: PaceRow): PaceSpec {
    const { spec } = this.options;
    return row.base === this.base ? (readPace(row.pace) ?? spec.pace) : spec.pace;
  }

  /** With the mapping enabled, a closed pace would put off the whole queue, message by message. */
  private refuseClosing(pace: PaceSpec): void {
    if (pace.kind !== 'closed' || this.options.mapping !== undefined) return;
    throw new TypeError(
      'pace: got closed, expected an open one: the event source mapping belongs to the circuit breaker; open that instead',
    );
  }

  private async change(seen: PaceRow, pace: string, at: number): Promise<PaceRow> {
    let row = seen;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (row.base === this.base && (row.pace === pace || row.changedAt > at)) return row;
      const { applied, item } = await this.store.update(
        new Expression(PACE_TABLE.row)
          .ifVersion(row.version)
          .set('version', number(row.version + 1))
          .set('pace', { S: pace })
          .set('base', { S: this.base })
          .set('changedAt', number(at)),
        never,
      );
      row = rowOf(item);
      if (!applied) continue;
      this.options.log.warn('pace changed', { pace });
      return row;
    }
    throw new Error(`the pace changed ${ATTEMPTS} times meanwhile; try again`);
  }

  private async measure(row: PaceRow): Promise<PaceRow> {
    const { spec, worker, queueSize, now, write } = this.options;
    const reading = { now: now(), backlog: await queueSize(), taken: row.taken };
    const gauge = gaugeOf(row.gauge, reading, capacityOf(spec, this.paceOf(row)));
    write(gaugeLine(worker, gauge));
    const expression = gaugeExpression(new Expression(PACE_TABLE.row).ifVersion(row.version), gauge, row.gauge?.at);
    // One that a worker has read meanwhile is as good.
    const { item } = await this.store.update(expression, never);
    return rowOf(item);
  }

  /** Has the mapping as the pace wants it, once for each change: who else changes it afterwards has a reason. */
  private async settle(row: PaceRow): Promise<PaceRow> {
    const { mapping, mappingCalls, log } = this.options;
    if (mapping === undefined || row.applied === row.version) return row;
    // As the deployment made it, it may have been made otherwise on purpose.
    if (row.version === 1 && row.pace === this.base) return this.note(row, { applied: number(row.version) });
    const found = await mappingCalls.get(mapping);
    if (!found) return row;
    const settings = this.wanted(row, found);
    // What is to be opened again must be known before it is closed. What somebody else has closed is not.
    const closes = !settings.enabled && !row.paused && !isStopped(found);
    const noted = closes ? await this.note(row, { paused: { BOOL: true } }) : row;
    if (isSo(found, settings)) {
      const done = { applied: number(noted.version), ...(settings.enabled && { paused: undefined }) };
      return this.note(noted, done);
    }
    const taken = !isChanging(found) && (await mappingCalls.update(mapping, settings));
    log.info(taken ? 'event source mapping changed' : 'event source mapping is changing: left to the next run', {
      mapping,
      from: found.state,
      ...settings,
    });
    return noted;
  }

  private wanted(row: PaceRow, found: Mapping): Settings {
    const { spec } = this.options;
    const pace = this.paceOf(row);
    if (pace.kind === 'closed') return { enabled: false };
    const enabled = row.paused || !isStopped(found);
    if (found.provisioned) return { enabled };
    const { maxConcurrency } = concurrencyFor(pace, spec.batchSize, spec.perTenant);
    return { enabled, maxConcurrency: spec.maxConcurrency ?? maxConcurrency };
  }

  private async note(
    row: PaceRow,
    values: Record<string, { N: string } | { BOOL: boolean } | undefined>,
  ): Promise<PaceRow> {
    const expression = new Expression(PACE_TABLE.row).ifVersion(row.version);
    for (const [name, value] of Object.entries(values)) expression.set(name, value as never);
    return rowOf((await this.store.update(expression, never)).item);
  }

  private status(row: PaceRow): Status {
    const { worker, mapping } = this.options;
    const pace = this.paceOf(row);
    return {
      queue: worker,
      pace,
      changed: JSON.stringify(pace) !== this.base,
      ...(row.changedAt > 0 && row.changedAt <= 8.64e15 && { changedAt: new Date(row.changedAt).toISOString() }),
      backlog: row.gauge?.backlog ?? 0,
      rate: row.gauge?.rate ?? 0,
      timeToDrain: row.gauge?.drain ?? 0,
      settled: mapping === undefined || row.applied === row.version,
    };
  }
}
