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
} as const;

export type WorkerName = keyof typeof WORKER_IDS;

/** The deployed reference app. */
export interface Reference {
  readonly ledgerTable: string;
  /** Function that an operator invokes to overrule the circuit breaker of the payments. */
  readonly breakerController: string;
  /** Of the API that jobs are posted to. */
  readonly invoicesApiId: string;
  readonly workers: Readonly<Record<WorkerName, Queues>>;
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
  };
}
