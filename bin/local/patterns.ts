import { SQSClient } from '@aws-sdk/client-sqs';
import type { Emulator } from './emulator';
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
  const sent = await send(sqs, reference, messages, (count) => onProgress(`${count} of ${messages.length} sent`));
  sqs.destroy();
  return {
    messages: messagesPage(sent),
    // Nobody sends events but the worker of the orders.
    orderEvents: eventsPage(sent),
  };
}
