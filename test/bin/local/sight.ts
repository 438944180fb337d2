import type { DeadLetter } from '../../../bin/local/dead-letters';
import type { LedgerRow } from '../../../bin/local/ledger';
import type { Sight } from '../../../bin/local/page';

/** An app in which nothing has happened, but for this. */
export const sight = (
  rows: readonly object[],
  {
    logRows = [],
    ...more
  }: { readonly logRows?: readonly object[] } & Partial<Pick<Sight, 'deadLetters' | 'waiting'>> = {},
): Sight => ({
  rows: rows as LedgerRow[],
  logRows: logRows as LedgerRow[],
  deadLetters: none(),
  waiting: idle(),
  ...more,
});

export const none = (more: Partial<Sight['deadLetters']> = {}): Sight['deadLetters'] => ({
  ...{ orders: [], payments: [], shipments: [], timeline: [], largeOrders: [], broken: [] },
  ...{ invoices: [], accounts: [], balances: [], readings: [], receipts: [] },
  ...more,
});

export const idle = (more: Partial<Sight['waiting']> = {}): Sight['waiting'] => ({
  ...{
    orders: 0,
    payments: 0,
    shipments: 0,
    timeline: 0,
    largeOrders: 0,
    broken: 0,
    invoices: 0,
    accounts: 0,
    balances: 0,
  },
  ...more,
});

export const letter = (body: unknown, reason?: string, more: Partial<DeadLetter> = {}): DeadLetter => ({
  messageId: 'letter',
  receiveCount: 1,
  body: JSON.stringify(body),
  reason,
  groupId: undefined,
  attributes: {},
  ...more,
});
