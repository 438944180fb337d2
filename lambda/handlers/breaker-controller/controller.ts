import { BREAKER_METRIC, type BreakerSpec, type MappingSpec } from '../../../lib/private/contract';
import { tallyOf } from '../../runtime/breaker/counts';
import { breakerMetric } from '../../runtime/breaker/metrics';
import type { Row, Stage } from '../../runtime/breaker/row';
import { halfOpened, heldClosed, heldOpen, isDue, policyOf, unheld } from '../../runtime/breaker/state';
import { type RowCalls, Store } from '../../runtime/breaker/store';
import type { Logger } from '../../runtime/log';
import { isChanging, isSo, type Mapping, type MappingCalls } from '../mapping';
import { type Action, actionOf } from './command';
import { isOurs, isSettled, wanted } from './mappings';

export interface ControllerOptions {
  readonly spec: BreakerSpec;
  readonly mappings: readonly MappingSpec[];
  readonly rowCalls: RowCalls;
  readonly mappingCalls: MappingCalls;
  readonly log: Logger;
  now(): number;
  write(line: string): void;
}

/** What an operator is told. Times in ISO 8601. */
export interface Status {
  readonly circuitBreaker: string;
  readonly state: Stage['state'];
  /** Whether an operator holds it so. */
  readonly held: boolean;
  readonly opens: number;
  readonly openedAt?: string;
  readonly probeAt?: string;
  readonly closedAt?: string;
  /** Within the window. */
  readonly calls: number;
  readonly failures: number;
  /** Event source mappings that are changed. */
  readonly paused: readonly string[];
}

const ATTEMPTS = 5;
/** The last time that there is: a row may have been written by hand. */
const LATEST = 8.64e15;

/**
 * Makes the event source mappings what the breaker's state asks for, whatever was before, and carries out what operators
 * ask. It may run at any time and several times at once: every run that ends leaves less to do.
 */
export class Controller {
  private readonly store: Store;

  constructor(private readonly options: ControllerOptions) {
    this.store = new Store(options.rowCalls, options.spec.table);
  }

  async handle(event: unknown): Promise<Status> {
    const action = actionOf(event);
    const row = await this.store.read(never);
    if (action === 'status') return this.status(row);
    return this.status(await this.reconcile(await this.act(row, action)));
  }

  private async act(seen: Row, action: Action): Promise<Row> {
    let row = seen;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stage = stageAfter(row, action, this.options.now());
      if (!stage) return row;
      const { applied, row: found } = await this.store.enter(row, stage, never);
      if (applied) {
        this.options.log.warn(`circuit breaker: ${stage.state}`, { action, held: stage.held });
        return found;
      }
      row = found;
    }
    throw new Error(`${action}: the state changed ${ATTEMPTS} times meanwhile; try again`);
  }

  private async reconcile(row: Row): Promise<Row> {
    const { spec, mappings, mappingCalls, now, write } = this.options;
    write(breakerMetric(spec.name, BREAKER_METRIC.open, row.state === 'closed' ? 0 : 1, now()));
    if (row.state === 'closed' && row.paused.length === 0) return row;

    const errors: unknown[] = [];
    const found = new Map<string, Mapping>();
    for (const { id } of mappings) {
      await mappingCalls.get(id).then(
        (mapping) => mapping && found.set(id, mapping),
        (error) => errors.push(error),
      );
    }
    const ours = mappings.filter(({ id }) => found.has(id) && isOurs(row, id, found.get(id)!));
    const fresh = ours.filter(({ id }) => !row.paused.includes(id)).map(({ id }) => id);
    let noted = row;
    if (fresh.length > 0) {
      const { applied, row: now } = await this.store.notePaused(row, fresh, never);
      // The change that came between has its own run.
      if (!applied) return now;
      noted = now;
    }

    const settled: string[] = [];
    for (const mapping of ours) {
      try {
        if (await this.settle(noted, mapping, found.get(mapping.id)!)) settled.push(mapping.id);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    // What is no longer there needs no putting back.
    const gone = noted.paused.filter((id) => !found.has(id));
    const done = isSettled(noted, now()) ? [...settled, ...gone] : [];
    return done.length > 0 ? (await this.store.forgetPaused(noted, done, never)).row : noted;
  }

  /** Whether the mapping is as it should be. */
  private async settle(row: Row, spec: MappingSpec, mapping: Mapping): Promise<boolean> {
    const { log, mappingCalls } = this.options;
    const settings = wanted(row, spec, mapping);
    if (isSo(mapping, settings)) return true;
    const taken = !isChanging(mapping) && (await mappingCalls.update(spec.id, settings));
    log.info(taken ? 'event source mapping changed' : 'event source mapping is changing: left to the next run', {
      mapping: spec.id,
      from: mapping.state,
      ...settings,
    });
    return false;
  }

  private status(row: Row): Status {
    const { spec, now } = this.options;
    const time = (ms: number | undefined): string | undefined =>
      ms === undefined || Math.abs(ms) > LATEST ? undefined : new Date(ms).toISOString();
    const { state, held, opens, openedAt, probeAt, closedAt, paused } = row;
    return {
      circuitBreaker: spec.name,
      state,
      held,
      opens,
      openedAt: time(openedAt),
      probeAt: time(probeAt),
      closedAt: time(closedAt),
      ...tallyOf(row.counters, policyOf(spec).window, now()),
      paused,
    };
  }
}

/** Where an action takes the breaker; nothing if it is there. */
function stageAfter(row: Row, action: Action, now: number): Stage | undefined {
  switch (action) {
    case 'open':
      return row.held && row.state === 'open' ? undefined : heldOpen(row, now);
    case 'close':
      return row.held && row.state === 'closed' ? undefined : heldClosed(row, now);
    case 'auto':
      return row.held ? unheld(row, now) : undefined;
    default:
      return isDue(row, now) ? halfOpened(row) : undefined;
  }
}

/** The SDK's own timeouts and the function's are enough here. */
const never = new AbortController().signal;
