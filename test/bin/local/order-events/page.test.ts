import type { DeadLetter } from '../../../../bin/local/dead-letters';
import type { LedgerRow } from '../../../../bin/local/ledger';
import { eventsPage } from '../../../../bin/local/order-events/page';
import type { Sight } from '../../../../bin/local/page';
import { idle as idleQueues, none as noLetters } from '../sight';
import { booking, copy, LARGE, order } from './world';

const orders = [order('a'), order('b', LARGE), order('c')];
const line = (id: string) => ({ CorrelationId: `sqs-${id}`, CausationId: `sqs-${id}` });
const letter = (id: string): DeadLetter => ({
  messageId: `dead-${id}`,
  receiveCount: 2,
  reason: 'broken on purpose',
  body: JSON.stringify({ orderId: id }),
  groupId: 'customer-1',
  attributes: line(id),
});
const none = noLetters();
const idle = idleQueues();

/** All of them were booked, the first of them twice. */
const ledger = [
  { pk: 'order#a', sk: '1', ...booking('a', 1) },
  { pk: 'order#a', sk: '2', ...booking('a', 1) },
  { pk: 'order#b', sk: '1', ...booking('b', 2) },
  { pk: 'order#c', sk: '1', ...booking('c', 3) },
  { pk: 'payment#p', sk: '1', messageId: 'other', receiveCount: 1 },
  { pk: 'timeline#customer-1', sk: 'history', history: ['a', 'b', 'c'].map((id) => copy(id)) },
  { pk: 'large-order#b', sk: '1', ...copy('b') },
] as readonly LedgerRow[];

const full: Sight = {
  rows: ledger,
  logRows: [],
  deadLetters: { ...none, broken: ['a', 'b', 'c'].map(letter) },
  waiting: idle,
};
const pageOf = (sight: Partial<Sight>) => eventsPage(orders)({ ...full, ...sight });

const cells = (text: string, start: string) =>
  text
    .split('\n')
    .find((it) => it.startsWith(start))!
    .split(/\s{2,}/);

describe('the page of events', () => {
  it('is complete, and names no problem, when every copy has met its fate', () => {
    expect(pageOf({})).toMatchObject({ isComplete: true, problems: [] });
  });

  it.each<[string, Partial<Sight>]>([
    ['a row is missing', { rows: ledger.filter(({ pk }) => !pk.startsWith('large-order#')) }],
    ['a dead letter is missing', { deadLetters: { ...none, broken: [letter('a'), letter('b')] } }],
    ['a queue holds something yet', { waiting: { ...idle, timeline: 1 } }],
  ])('is not complete while %s', (_, sight) => {
    expect(pageOf(sight).isComplete).toBe(false);
  });

  it('leaves queues to others that are theirs', () => {
    expect(pageOf({ waiting: { ...idle, orders: 7 } }).isComplete).toBe(true);
  });

  it('counts published events, copies and their fates', () => {
    const text = pageOf({
      rows: ledger.filter(({ pk }) => !pk.startsWith('large-order#')),
      deadLetters: { ...none, broken: ['a', 'b', 'c'].map(letter), largeOrders: [letter('c')] },
    }).table();
    expect(cells(text, 'order events')).toEqual([
      'order events',
      'published',
      'copies expected',
      'handled',
      'dead',
      'missing',
      'surplus',
    ]);
    expect(cells(text, 'Timeline')).toEqual(['Timeline', '3', '3', '3', '0', '0', '0']);
    expect(cells(text, 'LargeOrders')).toEqual(['LargeOrders', '3', '1', '0', '1', '1', '1']);
    expect(cells(text, 'Broken')).toEqual(['Broken', '3', '3', '0', '3', '0', '0']);
  });

  it('says how many events came of orders that were booked again', () => {
    expect(pageOf({}).table()).toContain('1 orders that were booked more than once made 1 events');
  });

  it('says on the way how many copies are accounted for', () => {
    expect(pageOf({ deadLetters: none }).progress()).toBe('3 events, 4 of 7 copies');
  });
});
