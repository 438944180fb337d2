import { PACE_TABLE, type PaceSpec } from '../../../lib/private/contract';
import { Expression, type Item, type PaceRow, readPace, rowOf } from './row';
import type { Taken } from './slots';

type Seen = Taken & { readonly version: number };

/** As many rows of tenants are remembered. */
const MAX_TENANTS = 1_000;
const DAY = 86_400;

/** The rows of a pace as they were last seen by this process. */
export class PaceView {
  private paceRow: PaceRow = rowOf(undefined);
  private paceNow: PaceSpec;
  private seen = Number.NEGATIVE_INFINITY;
  private readonly base: string;
  private readonly tenants = new Map<string, Seen>();
  /** Whether the last slots of a row followed those of others. */
  private readonly busy = new Map<string, boolean>();
  private isSettled = false;

  constructor(
    private readonly deployed: PaceSpec,
    private readonly now: () => number,
  ) {
    this.paceNow = deployed;
    this.base = JSON.stringify(deployed);
  }

  /** The row that is the pace. */
  get row(): PaceRow {
    return this.paceRow;
  }

  get pace(): PaceSpec {
    return this.paceNow;
  }

  /** When, in milliseconds since the epoch. */
  get seenAt(): number {
    return this.seen;
  }

  /** Has seen that the row knows of this deployment. From then on other paces are changes of it. */
  get settled(): boolean {
    return this.isSettled;
  }

  /** What is known of a row from which slots are taken. */
  taken(key: string): Partial<Seen> & { readonly busy: boolean } {
    const row = key === PACE_TABLE.row ? this.row : this.tenants.get(key);
    return { ...row, busy: this.busy.get(key) ?? false };
  }

  noteBusy(key: string, busy: boolean): void {
    this.busy.set(key, busy);
  }

  /** Whether a tenant's row knows of a change of the pace that is news here. */
  isAhead(key: string): boolean {
    return (this.tenants.get(key)?.version ?? 0) > this.row.version;
  }

  /** An update of a row that is as it was seen, or not there yet. */
  expect(key: string): Expression {
    const expression = new Expression(key);
    if (key === PACE_TABLE.row) return expression.ifVersion(this.row.version);
    const version = this.tenants.get(key)?.version ?? 0;
    expression.ifVersion(version);
    if (version !== this.row.version) expression.set('version', { N: String(this.row.version) });
    return expression.set(PACE_TABLE.ttl, { N: String(Math.ceil(this.now() / 1000) + DAY) });
  }

  /** An update that has the row know of this deployment. */
  begin(): Expression {
    const { row, base } = this;
    return new Expression(PACE_TABLE.row)
      .ifVersion(row.version)
      .set('version', { N: String(row.version + 1) })
      .set('pace', { S: base })
      .set('base', { S: base })
      .set('changedAt', { N: String(this.now()) });
  }

  /** A row is like this. */
  adopt(key: string, item: Item | undefined): void {
    if (key === PACE_TABLE.row) this.adoptPace(item);
    else this.adoptTenant(key, item);
  }

  private adoptPace(item: Item | undefined): void {
    this.paceRow = rowOf(item);
    this.seen = this.now();
    this.isSettled ||= this.row.base === this.base;
    this.paceNow = (this.settled ? readPace(this.row.pace) : undefined) ?? this.deployed;
  }

  private adoptTenant(key: string, item: Item | undefined): void {
    const { version, next, due } = rowOf(item);
    this.tenants.delete(key);
    this.tenants.set(key, { version, next, due });
    if (this.tenants.size <= MAX_TENANTS) return;
    const [oldest] = this.tenants.keys();
    this.tenants.delete(oldest!);
    this.busy.delete(oldest!);
  }
}
