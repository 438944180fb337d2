import { outOfOrder } from '../groups';
import type { SentMessage } from '../messages/send';
import { expectationOf, type Fate, SUBSCRIBERS, type Subscriber } from './expect';

/** A row of an order: it was booked, and, if it came so far, its event was accepted. */
export interface Booking {
  /** Of the order. */
  readonly messageId: string;
  /** What the topic calls the event. */
  readonly eventId?: string;
  /** The later an event was accepted, the higher. */
  readonly sequenceNumber?: string;
}

/** A copy of an event, as its subscriber wrote it down, or as it lies in a dead-letter queue. */
export interface Copy {
  readonly orderId: string;
  readonly messageId: string;
  readonly receiveCount: number;
  readonly correlationId: string | undefined;
  readonly causationId: string | undefined;
  readonly groupId?: string | undefined;
  readonly replayed?: boolean;
}

export interface DeadCopy extends Copy {
  readonly reason: string | undefined;
}

/** What was seen at each subscriber; what was handled in the order in which it was. */
export type Seen<C> = Readonly<Record<Subscriber, readonly C[]>>;

export interface Evidence {
  readonly bookings: readonly Booking[];
  readonly handled: Seen<Copy>;
  readonly dead: Seen<DeadCopy>;
  /** Copies that are in a queue yet. */
  readonly waiting: number;
}

/** The copies of one event at one subscriber. */
export interface Delivery {
  readonly subscriber: Subscriber;
  readonly expected: Fate | undefined;
  readonly handled: readonly Copy[];
  readonly dead: readonly DeadCopy[];
  /** How many copies that makes: one that was handled twice is one. */
  readonly copies: number;
}

/** What came of an order. */
export interface EventAccount {
  readonly order: SentMessage;
  /** How often it was booked. */
  readonly bookings: number;
  readonly eventIds: readonly string[];
  readonly deliveries: readonly Delivery[];
}

export interface EventBooks {
  readonly accounts: readonly EventAccount[];
  /** Customers whose events were handled in another order than the topic took them. */
  readonly brokenGroups: readonly string[];
  readonly waiting: number;
  /** Orders that nobody sent, of which there are copies. */
  readonly strays: readonly string[];
}

export const isMissing = ({ expected, copies }: Delivery): boolean => expected !== undefined && copies === 0;

function deliveryOf(subscriber: Subscriber, expected: Fate | undefined, handled: Copy[], dead: DeadCopy[]): Delivery {
  const copies = new Set([...handled, ...dead].map(({ messageId }) => messageId)).size;
  return { subscriber, expected, handled, dead, copies };
}

/** The events of each customer in the order in which the topic took them. */
function published(orders: readonly SentMessage[], bookings: ReadonlyMap<string, readonly Booking[]>) {
  const events = orders.flatMap((order) =>
    (bookings.get(order.messageId) ?? [])
      .filter(({ sequenceNumber }) => sequenceNumber !== undefined)
      .map(({ sequenceNumber }) => ({ order, at: BigInt(sequenceNumber!) })),
  );
  events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const groups = Map.groupBy(events, ({ order }) => expectationOf(order).customer);
  // An order that was booked twice has its place where it came first.
  return new Map([...groups].map(([customer, of]) => [customer, [...new Set(of.map(({ order }) => order.id))]]));
}

/** What became of every copy of every event that came of orders. Pure. */
export function account(orders: readonly SentMessage[], { bookings, handled, dead, waiting }: Evidence): EventBooks {
  const booked = Map.groupBy(bookings, ({ messageId }) => messageId);
  const byOrder = <C extends Copy>(seen: Seen<C>) =>
    new Map(SUBSCRIBERS.map((subscriber) => [subscriber, Map.groupBy(seen[subscriber], ({ orderId }) => orderId)]));
  const handledOf = byOrder(handled);
  const deadOf = byOrder(dead);
  const known = new Set(orders.map(({ id }) => id));
  const seen = SUBSCRIBERS.flatMap((subscriber) => [...handled[subscriber], ...dead[subscriber]]);
  return {
    accounts: orders.map((order) => {
      const own = booked.get(order.messageId) ?? [];
      const fates = own.length > 0 ? expectationOf(order).fates : undefined;
      return {
        order,
        bookings: own.length,
        eventIds: [...new Set(own.flatMap(({ eventId }) => (eventId === undefined ? [] : [eventId])))],
        deliveries: SUBSCRIBERS.map((subscriber) =>
          deliveryOf(
            subscriber,
            fates?.[subscriber],
            handledOf.get(subscriber)!.get(order.id) ?? [],
            deadOf.get(subscriber)!.get(order.id) ?? [],
          ),
        ),
      };
    }),
    brokenGroups: outOfOrder(
      published(orders, booked),
      handled.timeline.map(({ orderId }) => orderId),
    ),
    waiting,
    strays: [...new Set(seen.map(({ orderId }) => orderId))].filter((orderId) => !known.has(orderId)),
  };
}
