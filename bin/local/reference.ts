import type { Worker } from './load';

export interface Queues {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}

/** The deployed reference app. */
export interface Reference {
  readonly ledgerTable: string;
  /** Function that an operator invokes to overrule the circuit breaker of the payments. */
  readonly breakerController: string;
  readonly workers: Readonly<Record<Worker, Queues>>;
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
    workers: { orders: queues('Orders'), payments: queues('Payments'), shipments: queues('Shipments') },
  };
}
