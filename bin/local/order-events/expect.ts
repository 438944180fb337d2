import { ORIGIN } from '../../../lib/private/contract';
import type { SentMessage } from '../messages/send';

/** Who gets copies. */
export const SUBSCRIBERS = ['timeline', 'largeOrders', 'broken'] as const;
export type Subscriber = (typeof SUBSCRIBERS)[number];

/** What must become of a copy; nothing if there must be none. */
export type Fate = 'handled' | 'dead';

interface Order {
  readonly customer: string;
  readonly items: readonly { readonly quantity: number; readonly price: number }[];
}

const LARGE_CENTS = 500_00;

/** What LargeOrders asked for, said once more: neither the filter nor the sum in the event is looked at, only what was ordered. */
function isLarge({ items }: Order): boolean {
  return items.reduce((sum, { quantity, price }) => sum + quantity * Math.round(price * 100), 0) >= LARGE_CENTS;
}

/** Whose event it is that comes of an order, and what must become of its copies. Of an order that was booked: others have no event. */
export function expectationOf({ body }: SentMessage): {
  readonly customer: string;
  readonly fates: Readonly<Record<Subscriber, Fate | undefined>>;
} {
  const order = JSON.parse(body) as Order;
  return {
    customer: order.customer,
    fates: { timeline: 'handled', largeOrders: isLarge(order) ? 'handled' : undefined, broken: 'dead' },
  };
}

/** The correlation that an order hands on to all that comes of it. */
export const correlationOf = ({ attributes, messageId }: SentMessage): string =>
  attributes[ORIGIN.correlationId] ?? messageId;
