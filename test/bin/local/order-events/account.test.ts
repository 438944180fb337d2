import { account, type Evidence, isMissing } from '../../../../bin/local/order-events/account';
import { problemsOf } from '../../../../bin/local/order-events/problems';
import { booking, copy, evidence, LARGE, letter, order } from './world';

const small = order('small');
const large = order('large', LARGE);
const orders = [small, large];
const good = evidence(['small', 'large'], ['large']);

/** The problems when something of what is seen is otherwise. */
const problemsWith = (
  {
    handled,
    dead,
    ...rest
  }: { handled?: Partial<Evidence['handled']>; dead?: Partial<Evidence['dead']> } & Partial<
    Omit<Evidence, 'handled' | 'dead'>
  >,
  of = orders,
): string[] =>
  problemsOf(
    account(of, { ...good, ...rest, handled: { ...good.handled, ...handled }, dead: { ...good.dead, ...dead } }),
  );
const without = <C extends { orderId: string }>(copies: readonly C[], id: string): C[] =>
  copies.filter(({ orderId }) => orderId !== id);
const { timeline, largeOrders } = good.handled;
const { broken } = good.dead;

describe('the books of events', () => {
  it('balance when every copy has met its fate', () => {
    expect(problemsWith({})).toEqual([]);
  });

  it('bear a copy that was handled twice: delivery is at least once', () => {
    expect(problemsWith({ handled: { timeline: [...timeline, { ...timeline[0]!, receiveCount: 2 }] } })).toEqual([]);
  });

  it('bear an order that was booked twice and made one event', () => {
    expect(problemsWith({ bookings: [...good.bookings, good.bookings[0]!] })).toEqual([]);
  });

  it('expect nothing of an order that was not booked', () => {
    const bad = order('bad', 100_00, { body: 'not JSON' });
    expect(problemsWith({}, [...orders, bad])).toEqual([]);
  });

  it('expect the correlation that the order came with', () => {
    const line = { correlationId: 'visit' };
    const visiting = order('a', 100_00, { attributes: { CorrelationId: 'visit' } });
    const seen = {
      ...evidence(['a']),
      handled: { timeline: [copy('a', line)], largeOrders: [], broken: [] },
      dead: { timeline: [], largeOrders: [], broken: [letter('a', line)] },
    };
    expect(problemsOf(account([visiting], seen))).toEqual([]);
  });

  it.each<[string, Parameters<typeof problemsWith>[0], string]>([
    [
      'a copy that Timeline misses',
      { handled: { timeline: without(timeline, 'small') } },
      'the event of small is missing at Timeline',
    ],
    [
      'a copy that the filter kept away and should not have',
      { handled: { largeOrders: [] } },
      'the event of large is missing at LargeOrders',
    ],
    [
      'a copy that is not dead where all die',
      { dead: { broken: without(broken, 'large') } },
      'the event of large is missing at Broken',
    ],
    [
      'a copy that the filter should have kept away',
      { handled: { largeOrders: [...largeOrders, copy('small')] } },
      'LargeOrders got the event of small, though its filter keeps that away',
    ],
    [
      'the same, should it be dead',
      { dead: { largeOrders: [letter('small')] } },
      'LargeOrders got the event of small, though its filter keeps that away',
    ],
    [
      'a second copy',
      { handled: { timeline: [...timeline, copy('large')] } },
      'Timeline got 2 copies of the event of large',
    ],
    [
      'a second dead letter',
      { dead: { broken: [...broken, letter('large')] } },
      'Broken got 2 copies of the event of large',
    ],
    [
      'a copy that is dead where it should be handled',
      { handled: { timeline: without(timeline, 'small') }, dead: { timeline: [letter('small')] } },
      'the event of small is dead at Timeline: broken on purpose',
    ],
    [
      'a copy that was handled where all die',
      { handled: { broken: [copy('small')] }, dead: { broken: without(broken, 'small') } },
      'the event of small was handled by Broken, which is broken',
    ],
    [
      'a dead letter without a reason',
      { dead: { broken: [...without(broken, 'small'), letter('small', { reason: undefined })] } },
      'the event of small is dead at Broken without a reason',
    ],
    [
      'an order whose event nobody accepted',
      { bookings: [good.bookings[1]!, booking('small', 1, { eventId: undefined, sequenceNumber: undefined })] },
      'small was booked and made 0 events',
    ],
    [
      'an order of two events',
      { bookings: [...good.bookings, booking('small', 3, { eventId: 'another' })] },
      'small was booked and made 2 events',
    ],
    [
      'events that overtook each other',
      { handled: { timeline: timeline.toReversed() } },
      'the events of customer-1 were handled out of order',
    ],
    ['what is in a queue yet', { waiting: 3 }, 'the queues still hold 3 copies'],
    [
      'a copy of an order that nobody sent',
      { handled: { timeline: [...timeline, copy('stray')] } },
      'there are copies of an event of stray, which was not sent by us',
    ],
    [
      'a copy that lost its correlation',
      { handled: { largeOrders: [copy('large', { correlationId: 'sqs-small' })] } },
      'the event of large came to LargeOrders with correlation sqs-small and cause sqs-large, not sqs-large and sqs-large',
    ],
    [
      'a copy that names another cause',
      { handled: { largeOrders: [copy('large', { causationId: undefined })] } },
      'the event of large came to LargeOrders with correlation sqs-large and cause undefined, not sqs-large and sqs-large',
    ],
  ])('name %s', (_, seen, problem) => {
    expect(problemsWith(seen)).toEqual([problem]);
  });

  it('name every copy of an event of an order that was not booked', () => {
    expect(problemsWith({ bookings: [good.bookings[1]!] })).toEqual([
      'Timeline got the event of small, though that was not booked',
      'Broken got the event of small, though that was not booked',
    ]);
  });

  it('give an event that was published again its place where it came first', () => {
    const again = booking('small', 3);
    expect(problemsWith({ bookings: [...good.bookings, again] })).toEqual([]);
    expect(problemsWith({ bookings: [again, ...good.bookings.slice(1)] })).toEqual([
      'the events of customer-1 were handled out of order',
    ]);
  });

  it('take the order of events from the topic, not from when they were booked', () => {
    expect(problemsWith({ bookings: [booking('small', 10), booking('large', 9)] })).toEqual([
      'the events of customer-1 were handled out of order',
    ]);
  });
});

describe('isMissing', () => {
  it.each([
    ['handled', 0, true],
    ['dead', 0, true],
    ['handled', 1, false],
    [undefined, 0, false],
  ] as const)('of a copy that is to be %s, %i seen: %s', (expected, copies, missing) => {
    expect(isMissing({ subscriber: 'timeline', expected, handled: [], dead: [], copies })).toBe(missing);
  });
});
