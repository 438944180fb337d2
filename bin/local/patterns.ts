import { SQSClient } from '@aws-sdk/client-sqs';
import type { Emulator } from './emulator';
import { InvoicesClient } from './invoices/client';
import { buildJobs } from './invoices/load';
import { jobsPage } from './invoices/page';
import { submit } from './invoices/submit';
import { buildLoad } from './messages/load';
import { messagesPage } from './messages/page';
import { send } from './messages/send';
import { eventsPage } from './order-events/page';
import type { Reference } from './reference';

/**
 * Sends the load of every pattern that the reference app shows, and returns those who keep its books. Another pattern is a
 * directory beside theirs, and its lines here.
 */
export async function sendLoads(
  emulator: Emulator,
  reference: Reference,
  seed: number,
  onProgress: (text: string) => void = () => {},
) {
  const messages = buildLoad(seed);
  const sqs = new SQSClient(emulator.clientConfig);
  const client = await InvoicesClient.of(emulator, reference.invoicesApiId);
  // At the same time: they share nothing but the machine.
  const [sent, jobs] = await Promise.all([
    send(sqs, reference, messages, (count) => onProgress(`${count} of ${messages.length} sent`)),
    submit(client, buildJobs(seed)),
  ]);
  sqs.destroy();
  return {
    messages: messagesPage(sent),
    // Nobody sends events but the worker of the orders.
    orderEvents: eventsPage(sent),
    invoices: jobsPage(client, jobs),
  };
}
