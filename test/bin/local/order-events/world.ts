import type { SentMessage } from '../../../../bin/local/messages/send';
import type { Booking, Copy, DeadCopy, Evidence } from '../../../../bin/local/order-events/account';

/** An order of so many cents, in two items that add up to them. */
export const order = (id: string, cents = 100_00, more: Partial<SentMessage> = {}): SentMessage => ({
  id,
  messageId: `sqs-${id}`,
  worker: 'orders',
  kind: 'healthy',
  body: JSON.stringify({
    orderId: id,
    customer: 'customer-1',
    items: [
      { sku: 'sku-1', quantity: 3, price: 10 },
      { sku: 'sku-2', quantity: 1, price: (cents - 30_00) / 100 },
    ],
  }),
  attributes: {},
  ...more,
});
export const LARGE = 900_00;

export const booking = (id: string, sequence = 1, more: Partial<Booking> = {}): Booking => ({
  messageId: `sqs-${id}`,
  eventId: `event-of-${id}`,
  sequenceNumber: String(sequence).padStart(20, '0'),
  ...more,
});

let copies = 0;
export const copy = (orderId: string, more: Partial<Copy> = {}): Copy => ({
  orderId,
  messageId: `copy-${copies++}`,
  receiveCount: 1,
  correlationId: `sqs-${orderId}`,
  causationId: `sqs-${orderId}`,
  ...more,
});
export const letter = (orderId: string, more: Partial<DeadCopy> = {}): DeadCopy => ({
  ...copy(orderId),
  reason: 'broken on purpose',
  ...more,
});

/** What is seen when nothing went wrong with these orders, in this order, none of them large unless it is named. */
export function evidence(ids: readonly string[], large: readonly string[] = []): Evidence {
  return {
    bookings: ids.map((id, i) => booking(id, i + 1)),
    handled: { timeline: ids.map((id) => copy(id)), largeOrders: large.map((id) => copy(id)), broken: [] },
    dead: { timeline: [], largeOrders: [], broken: ids.map((id) => letter(id)) },
    waiting: 0,
  };
}
