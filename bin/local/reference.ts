export interface Queues {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** The construct ids of the app's workers; those that send to others come before them. */
export const WORKER_IDS = {
  orders: 'Orders',
  payments: 'Payments',
  shipments: 'Shipments',
  timeline: 'Timeline',
  largeOrders: 'LargeOrders',
  broken: 'Broken',
  invoices: 'Invoices',
  accounts: 'Accounts',
  balances: 'Balances',
} as const;

export type WorkerName = keyof typeof WORKER_IDS;

/** The construct ids of what has a dead-letter queue, and no queue that it works from. */
export const QUEUELESS_IDS = { readings: 'Readings', receipts: 'Receipts' } as const;

export type QueuelessName = keyof typeof QUEUELESS_IDS;

/** The deployed reference app. */
export interface Reference {
  readonly ledgerTable: string;
  /** Function that an operator invokes to overrule the circuit breaker of the payments. */
  readonly breakerController: string;
  /** Of the API that jobs are posted to. */
  readonly invoicesApiId: string;
  readonly workers: Readonly<Record<WorkerName, Queues>>;
  readonly queueless: Readonly<Record<QueuelessName, Pick<Queues, 'deadLetterQueueUrl'>>>;
  readonly readingsStream: string;
  readonly receiptsFunction: string;
  /** The table of the events of accounts, and the function that replays them. */
  readonly accountLog: { readonly table: string; readonly replayer: string };
}

/** Reads the outputs of bin/reference-app.ts. */
export function referenceOf(outputs: Readonly<Record<string, string>>): Reference {
  const output = (name: string): string => {
    const value = outputs[name];
    if (value === undefined) throw new Error(`the stack has no output ${name}: got ${Object.keys(outputs).join(', ')}`);
    return value;
  };
  const queues = (id: string): Queues => ({
    queueUrl: output(`${id}QueueUrl`),
    deadLetterQueueUrl: output(`${id}DeadLetterQueueUrl`),
  });
  return {
    ledgerTable: output('LedgerTableName'),
    breakerController: output('PaymentProviderController'),
    invoicesApiId: output('InvoicesApiId'),
    workers: Object.fromEntries(
      Object.entries(WORKER_IDS).map(([name, id]) => [name, queues(id)]),
    ) as Reference['workers'],
    queueless: Object.fromEntries(
      Object.entries(QUEUELESS_IDS).map(([name, id]) => [
        name,
        { deadLetterQueueUrl: output(`${id}DeadLetterQueueUrl`) },
      ]),
    ) as Reference['queueless'],
    readingsStream: output('ReadingsStreamName'),
    receiptsFunction: output('ReceiptsFunctionName'),
    accountLog: { table: output('AccountLogTableName'), replayer: output('AccountLogReplayer') },
  };
}
