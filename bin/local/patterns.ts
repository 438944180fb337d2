import { SQSClient } from '@aws-sdk/client-sqs';
import { buildCommands } from './accounts/load';
import { accountsPage } from './accounts/page';
import { sendCommands } from './accounts/send';
import type { Emulator } from './emulator';
import { InvoicesClient } from './invoices/client';
import { buildJobs, FEW as FEW_JOBS } from './invoices/load';
import { jobsPage } from './invoices/page';
import { submit } from './invoices/submit';
import { buildLoad, FEW } from './messages/load';
import { messagesPage } from './messages/page';
import { send } from './messages/send';
import { eventsPage } from './order-events/page';
import { buildReadings } from './readings/load';
import { readingsPage } from './readings/page';
import { putReadings } from './readings/send';
import { buildReceipts } from './receipts/load';
import { receiptsPage } from './receipts/page';
import { invokeReceipts } from './receipts/send';
import type { Reference } from './reference';

export interface LoadOptions {
  readonly onProgress?: (text: string) => void;
  /** No more messages and jobs than it takes to have one of each kind. */
  readonly few?: boolean;
}

/**
 * Sends the load of every pattern that the reference app shows, and returns those who keep its books. Another pattern is a
 * directory beside theirs, and its lines here.
 */
export async function sendLoads(
  emulator: Emulator,
  reference: Reference,
  seed: number,
  { onProgress = () => {}, few = false }: LoadOptions = {},
) {
  const messages = buildLoad(seed, ...(few ? [FEW] : []));
  const readings = buildReadings(seed);
  const receipts = buildReceipts(seed);
  const sqs = new SQSClient(emulator.clientConfig);
  const client = await InvoicesClient.of(emulator, reference.invoicesApiId);
  // At the same time: they share nothing but the machine.
  const [sent, jobs, commands] = await Promise.all([
    send(sqs, reference, messages, (count) => onProgress(`${count} of ${messages.length} sent`)),
    submit(client, buildJobs(seed, ...(few ? [FEW_JOBS] : []))),
    sendCommands(emulator, reference, buildCommands(seed)),
    putReadings(emulator, reference, readings),
    invokeReceipts(emulator, reference, receipts),
  ]);
  sqs.destroy();
  return {
    messages: messagesPage(sent),
    // Nobody sends events but the worker of the orders.
    orderEvents: eventsPage(sent),
    invoices: jobsPage(client, jobs),
    readings: readingsPage(readings),
    receipts: receiptsPage(receipts),
    accounts: accountsPage(commands),
  };
}
