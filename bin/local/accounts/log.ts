import type { LedgerRow } from '../ledger';

/** An event as it lies in the log's table. */
export interface LogEvent {
  readonly accountId: string;
  readonly version: number;
  readonly type: string;
  readonly cents: number | undefined;
  /** Id of the message whose handling appended it. */
  readonly causationId: string | undefined;
}

type Row = LedgerRow & { readonly type: string; readonly data: string; readonly causationId?: string };

/** A version is sixteen digits; what else is in the table are marks of appends. */
const VERSION = /^\d{16}$/;

/** The events of each account, in the order of their versions. Read without the runtime, which wrote them. */
export function logOf(rows: readonly LedgerRow[]): Map<string, LogEvent[]> {
  const events = (rows as readonly Row[])
    .filter(({ sk }) => VERSION.test(sk))
    .map(
      ({ pk, sk, type, data, causationId }): LogEvent => ({
        accountId: pk,
        version: Number(sk),
        type,
        cents: (JSON.parse(data) as { cents?: number }).cents,
        causationId,
      }),
    );
  events.sort((a, b) => a.version - b.version);
  return Map.groupBy(events, ({ accountId }) => accountId);
}

export interface Balance {
  readonly accountId: string;
  readonly state: { readonly isOpen: boolean; readonly cents: number };
  readonly version: number;
}

const signed = ({ type, cents = 0 }: LogEvent): number => (type === 'MoneyWithdrawn' ? -cents : cents);

/** What the projection must have made of an account's events. */
export const balanceOf = (accountId: string, events: readonly LogEvent[]): Balance => ({
  accountId,
  state: {
    isOpen: events.some(({ type }) => type === 'AccountOpened'),
    cents: events.reduce((sum, event) => sum + signed(event), 0),
  },
  version: events.length,
});

export const isSame = (a: Balance | undefined, b: Balance): boolean =>
  a?.version === b.version && a.state.cents === b.state.cents && a.state.isOpen === b.state.isOpen;
