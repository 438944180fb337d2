import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Message } from '../../../../bin/local/messages/load';
import { send } from '../../../../bin/local/messages/send';
import type { Reference } from '../../../../bin/local/reference';

const queues = (id: string) => ({ queueUrl: id, deadLetterQueueUrl: `${id}-dead` });
const reference: Reference = {
  ledgerTable: 'ledger',
  breakerController: 'controller',
  invoicesApiId: 'api',
  workers: {
    orders: queues('orders'),
    payments: queues('payments'),
    shipments: queues('shipments'),
    timeline: queues('timeline'),
    largeOrders: queues('large-orders'),
    broken: queues('broken'),
    invoices: queues('invoices'),
  },
};
const payment = (id: string, again = false): Message => ({
  id,
  worker: 'payments',
  kind: 'sent three times',
  body: '{}',
  attributes: {},
  again,
});

/** Takes whatever it is sent; the queue is empty at the third look. */
class FakeSqs {
  readonly calls: string[] = [];
  private looks = 0;

  async send({ input }: { input: { QueueUrl: string; Entries?: { Id: string }[] } }): Promise<object> {
    if (!input.Entries) {
      this.calls.push('look');
      return { Attributes: { ApproximateNumberOfMessages: this.looks++ < 2 ? '1' : '0' } };
    }
    this.calls.push(`${input.QueueUrl} ${input.Entries.map(({ Id }) => Id).join()}`);
    return { Successful: input.Entries.map(({ Id }) => ({ Id, MessageId: `sqs-${Id}` })) };
  }
}

const sendAll = async (messages: readonly Message[]) => {
  const sqs = new FakeSqs();
  const sent = await send(sqs as unknown as SQSClient, reference, messages);
  return { sent, calls: sqs.calls };
};

describe('send', () => {
  it('sends again once the queue is empty', async () => {
    const { calls } = await sendAll([payment('a'), payment('a-again', true), payment('b')]);
    expect(calls).toEqual(['payments a,b', 'look', 'look', 'look', 'payments a-again']);
  });

  it('looks at no queue when nothing is sent again', async () => {
    const { calls } = await sendAll([payment('a')]);
    expect(calls).toEqual(['payments a']);
  });

  it('sends ten at a time, and knows each by the id that SQS gave', async () => {
    const { sent, calls } = await sendAll(Array.from({ length: 11 }, (_, i) => payment(`p${i}`)));
    expect(calls).toHaveLength(2);
    expect(sent.map(({ id, messageId }) => [id, messageId])).toContainEqual(['p10', 'sqs-p10']);
  });
});
