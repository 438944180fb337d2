import type { LedgerRow } from '../../../../bin/local/ledger';
import { messagesPage } from '../../../../bin/local/messages/page';
import type { SentMessage } from '../../../../bin/local/messages/send';
import type { Sight } from '../../../../bin/local/page';
import { idle as idleQueues, none as noLetters } from '../sight';

const message = (id: string, worker: SentMessage['worker'], more: Partial<SentMessage> = {}): SentMessage => ({
  id,
  messageId: `sqs-${id}`,
  worker,
  kind: 'healthy',
  body: '{}',
  attributes: {},
  ...more,
});
const row = (id: string) => ({ messageId: `sqs-${id}`, receiveCount: 1 });

const sent = [
  message('order', 'orders'),
  message('payment', 'payments'),
  message('step-1', 'shipments', { groupId: 'parcel' }),
  message('step-2', 'shipments', { groupId: 'parcel' }),
  message('dead', 'shipments'),
];
const rows = [
  { pk: 'order#1', sk: '1', ...row('order') },
  { pk: 'payment#1', sk: '1', ...row('payment') },
  { pk: 'parcel#1', sk: 'history', history: [row('step-1'), row('step-2')] },
  // Of other pages.
  { pk: 'large-order#1', sk: '1', ...row('copy') },
  { pk: 'timeline#1', sk: 'history', history: [row('other copy')] },
] as readonly LedgerRow[];
const letter = { ...row('dead'), reason: 'why', body: '{}', groupId: undefined, attributes: {} };
const none = noLetters();
const idle = idleQueues();
const full: Sight = {
  rows,
  deadLetters: { ...none, shipments: [letter], broken: [{ ...letter, messageId: 'copy' }] },
  waiting: idle,
  logRows: [],
};
const pageOf = (sight: Partial<Sight>) => messagesPage(sent)({ ...full, ...sight });

describe('the page of messages', () => {
  it('is complete, and names no problem, when every message has met its fate', () => {
    expect(pageOf({})).toMatchObject({ isComplete: true, problems: [] });
  });

  it.each<[string, Partial<Sight>]>([
    ['a row is missing', { rows: rows.slice(1) }],
    ['a dead letter is missing', { deadLetters: none }],
    ['a queue holds something yet', { waiting: { ...idle, payments: 1 } }],
  ])('is not complete while %s', (_, sight) => {
    expect(pageOf(sight).isComplete).toBe(false);
  });

  it('leaves queues to others that are theirs', () => {
    expect(pageOf({ waiting: { ...idle, broken: 7 } }).isComplete).toBe(true);
  });
});
