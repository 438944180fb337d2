import { align, count, rule } from '../align';
import { WORKER_IDS } from '../reference';
import { type Delivery, type EventBooks, isMissing } from './account';
import { SUBSCRIBERS } from './expect';

interface Column {
  readonly title: string;
  readonly count: (deliveries: readonly Delivery[]) => number;
}

const COLUMNS: readonly Column[] = [
  { title: 'copies expected', count: (deliveries) => count(deliveries, ({ expected }) => expected !== undefined) },
  { title: 'handled', count: (deliveries) => count(deliveries, ({ handled }) => handled.length > 0) },
  { title: 'dead', count: (deliveries) => count(deliveries, ({ dead }) => dead.length > 0) },
  { title: 'missing', count: (deliveries) => count(deliveries, isMissing) },
  {
    title: 'surplus',
    count: (deliveries) =>
      deliveries.reduce((sum, { copies, expected }) => sum + Math.max(0, copies - (expected === undefined ? 0 : 1)), 0),
  },
];

const publishedOf = ({ accounts }: EventBooks): number =>
  accounts.reduce((sum, { eventIds }) => sum + eventIds.length, 0);

/** How often the topic had to see that it had an event already. */
function repeatsLine({ accounts }: EventBooks): string {
  const repeated = accounts.filter(({ bookings }) => bookings > 1);
  const events = repeated.reduce((sum, { eventIds }) => sum + eventIds.length, 0);
  return `Events are deduplicated: ${repeated.length} orders that were booked more than once made ${events} events.`;
}

/** The account of every copy, to print. */
export function table(books: EventBooks): string {
  const published = `${publishedOf(books)}`;
  const [head, ...rows] = align([
    ['order events', 'published', ...COLUMNS.map(({ title }) => title)],
    ...SUBSCRIBERS.map((subscriber, i) => [
      WORKER_IDS[subscriber],
      published,
      ...COLUMNS.map((column) => `${column.count(books.accounts.map(({ deliveries }) => deliveries[i]!))}`),
    ]),
  ]);
  return [head, rule(head!), ...rows, repeatsLine(books)].join('\n');
}

/** A few words on the way there. */
export function progress(books: EventBooks): string {
  const expected = books.accounts.flatMap(({ deliveries }) => deliveries).filter((it) => it.expected !== undefined);
  return `${publishedOf(books)} events, ${count(expected, (it) => !isMissing(it))} of ${expected.length} copies`;
}
