import { ORIGIN } from '../../../lib/private/contract';
import { SIMULATE } from '../../handlers/simulate';
import { integer, seededRandom, shuffle } from '../random';

export const WORKERS = ['orders', 'payments', 'shipments'] as const;
export type Worker = (typeof WORKERS)[number];

/** What is wrong with a message, if anything. */
export type Kind =
  | 'healthy'
  /** Fails at its first receives. */
  | 'flaky'
  /** Asks for a delay of its own, once. */
  | 'throttled'
  /** Runs past the deadline, once. */
  | 'slow'
  /** Fails once when all is done, and is done again. */
  | 'fails late'
  /** Fails at every receive. */
  | 'hopeless'
  /** `throw undefined`, at every receive. */
  | 'throws undefined'
  /** The handler calls it a permanent error. */
  | 'permanently bad'
  /** The same, and its ten attributes leave no room for a reason. */
  | 'bad, 10 attributes'
  | 'schema mismatch'
  | 'not JSON'
  | '__proto__ key'
  /** Its sender got no answer, and sent it again. */
  | 'sent three times'
  /** The payment provider fails at its first receive. */
  | 'provider fails once'
  /** Another amount under the id of a payment that was made. */
  | 'key reused'
  /** A payment without an id. */
  | 'key empty';

export interface Message {
  /** Ours, and the deduplication id of a FIFO message: SQS's own id is known once it is sent. */
  readonly id: string;
  readonly worker: Worker;
  readonly kind: Kind;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groupId?: string;
  /** Names what is to be done once for all messages that bear this name: they are copies of each other. */
  readonly work?: string;
  /** Sent when the worker is through with what was sent first: a copy that comes earlier waits for the lease to end. */
  readonly again?: boolean;
}

export interface LoadSize {
  /** How many orders of each kind; see `Kind`. */
  readonly orders: Readonly<Partial<Record<Kind, number>>>;
  /** How many payments of each kind; those that are sent three times are three messages each. */
  readonly payments: Readonly<Partial<Record<Kind, number>>>;
  readonly groups: number;
  /** Shipments a group. */
  readonly groupSize: number;
}

/** The 500 messages of `npm run local`. */
export const DEMO: LoadSize = {
  orders: {
    healthy: 223,
    flaky: 38,
    throttled: 5,
    slow: 1,
    'fails late': 8,
    hopeless: 3,
    'throws undefined': 1,
    'permanently bad': 12,
    'bad, 10 attributes': 1,
    'schema mismatch': 5,
    'not JSON': 2,
    '__proto__ key': 1,
  },
  payments: {
    healthy: 29,
    'sent three times': 20,
    // Fewer than the circuit breaker takes notice of.
    'provider fails once': 6,
    'key reused': 3,
    'key empty': 2,
  },
  groups: 10,
  groupSize: 10,
};

/** One or a few of each kind. */
export const FEW: LoadSize = {
  orders: {
    healthy: 20,
    flaky: 6,
    throttled: 1,
    slow: 1,
    'fails late': 1,
    hopeless: 1,
    'throws undefined': 1,
    'permanently bad': 2,
    'bad, 10 attributes': 1,
    'schema mismatch': 1,
    'not JSON': 1,
    '__proto__ key': 1,
  },
  payments: { healthy: 6, 'sent three times': 4, 'provider fails once': 3, 'key reused': 1, 'key empty': 1 },
  groups: 6,
  groupSize: 4,
};

/** A group has at most one message that is not healthy, in turns: each receive of a first counts for its followers too. */
const GROUP_FAULTS: readonly Kind[] = ['hopeless', 'permanently bad', 'flaky', 'permanently bad', 'flaky', 'healthy'];

const MAX_ATTRIBUTES = 10;

const COPIES = 3;

function attributesOf(kind: Kind, random: () => number): Record<string, string> {
  const source = { Source: 'demo' };
  switch (kind) {
    case 'flaky':
      return { ...source, [SIMULATE]: `error:${integer(random, 1, 3)}` };
    case 'provider fails once':
      return { ...source, [SIMULATE]: 'error:1' };
    case 'throttled':
      return { ...source, [SIMULATE]: 'throttle:1' };
    case 'slow':
      return { ...source, [SIMULATE]: 'slow:1' };
    case 'fails late':
      return { ...source, [SIMULATE]: 'late:1' };
    case 'hopeless':
      return { ...source, [SIMULATE]: 'error' };
    case 'throws undefined':
      return { ...source, [SIMULATE]: 'undefined' };
    case 'bad, 10 attributes':
      return Object.fromEntries(Array.from({ length: MAX_ATTRIBUTES }, (_, i) => [`Attribute${i}`, `value ${i}`]));
    default:
      return source;
  }
}

function orderBody(orderId: string, kind: Kind, random: () => number): string {
  if (kind === 'not JSON') return `{"orderId": "${orderId}", `;
  const items = Array.from({ length: integer(random, 1, 4) }, () => ({
    sku: `sku-${integer(random, 100, 999)}`,
    quantity: integer(random, 1, 5),
    price: integer(random, 100, 9_999) / 100,
  }));
  const order = { orderId, customer: `customer-${integer(random, 1, 50)}`, items };
  switch (kind) {
    case 'permanently bad':
    case 'bad, 10 attributes':
      return JSON.stringify({ ...order, items: [] });
    case 'schema mismatch':
      return JSON.stringify({ ...order, items: [{ sku: 'sku-100', quantity: 'two', price: 1 }] });
    case '__proto__ key':
      return JSON.stringify(order).replace('{', '{"__proto__":{"admin":true},');
    default:
      return JSON.stringify(order);
  }
}

const kindsOf = (size: LoadSize['orders']): Kind[] =>
  Object.entries(size).flatMap(([kind, count]) => new Array<Kind>(count).fill(kind as Kind));

function orders(size: LoadSize['orders'], random: () => number): Message[] {
  return shuffle(random, kindsOf(size)).map((kind, i) => {
    const id = `order-${String(i + 1).padStart(4, '0')}`;
    const attributes = {
      ...attributesOf(kind, random),
      // Every other order comes of something that the shop's customer did before; the others begin a line of their own.
      ...(i % 2 === 0 && kind !== 'bad, 10 attributes' && { [ORIGIN.correlationId]: `visit-of-${id}` }),
    };
    return { id, worker: 'orders', kind, body: orderBody(id, kind, random), attributes };
  });
}

const paymentId = (i: number): string => `payment-${String(i + 1).padStart(3, '0')}`;

function payments(size: LoadSize['payments'], random: () => number): Message[] {
  const kinds = shuffle(random, kindsOf(size));
  const healthy = kinds.flatMap((kind, i) => (kind === 'healthy' ? [i] : []));
  return kinds.flatMap((kind, i): Message[] => {
    const id = paymentId(i);
    const cents = integer(random, 100, 99_999);
    const message: Message = {
      id,
      worker: 'payments',
      kind,
      body: JSON.stringify({ paymentId: id, cents }),
      attributes: attributesOf(kind, random),
    };
    switch (kind) {
      case 'key empty':
        return [{ ...message, body: JSON.stringify({ paymentId: '', cents }) }];
      case 'key reused': {
        // No payment of the others is as high.
        const body = JSON.stringify({ paymentId: paymentId(healthy.pop()!), cents: 100_000 });
        return [{ ...message, body, again: true }];
      }
      case 'sent three times':
        return Array.from({ length: COPIES }, (_, copy) => ({
          ...message,
          id: `${id}-copy-${copy + 1}`,
          work: id,
          again: copy > 0,
        }));
      default:
        return [{ ...message, work: id }];
    }
  });
}

function group(index: number, size: number, random: () => number): Message[] {
  const parcelId = `parcel-${String(index + 1).padStart(2, '0')}`;
  const faulty = integer(random, 0, size - 1);
  return Array.from({ length: size }, (_, i) => {
    const kind = i === faulty ? GROUP_FAULTS[index % GROUP_FAULTS.length]! : 'healthy';
    const id = `${parcelId}-${String(i + 1).padStart(2, '0')}`;
    const body = JSON.stringify({ parcelId, step: `step ${i + 1}`, kilograms: kind === 'permanently bad' ? 80 : 4 });
    return { id, worker: 'shipments', kind, body, attributes: attributesOf(kind, random), groupId: parcelId };
  });
}

/** Groups in a random order among each other, each in its own order. */
function interleave(groups: readonly Message[][], random: () => number): Message[] {
  const turns = shuffle(
    random,
    groups.flatMap((members, i) => members.map(() => i)),
  );
  const next = groups.map(() => 0);
  return turns.map((i) => groups[i]![next[i]!++]!);
}

/** The messages of a load in the order in which they are sent. Pure: the same seed makes the same messages. */
export function buildLoad(seed: number, size: LoadSize = DEMO): Message[] {
  const random = seededRandom(seed);
  const groups = Array.from({ length: size.groups }, (_, i) => group(i, size.groupSize, random));
  return [...orders(size.orders, random), ...payments(size.payments, random), ...interleave(groups, random)];
}
