import { align, count, rule } from '../align';
import { isMissing, type JobAccount, type JobBooks } from './account';
import { DEMO, type Kind } from './load';
import { PACE_PER_SECOND, rateOf } from './pace';

interface Column {
  readonly title: string;
  readonly count: (accounts: readonly JobAccount[]) => number;
}

const ended = (status: string): Column => ({
  title: status,
  count: (accounts) => count(accounts, ({ view }) => view?.status === status),
});

const COLUMNS: readonly Column[] = [
  { title: 'requests', count: (accounts) => accounts.reduce((sum, { job }) => sum + job.replies.length, 0) },
  { title: 'jobs', count: (accounts) => accounts.reduce((sum, { ids }) => sum + ids.length, 0) },
  ...['succeeded', 'failed', 'cancelled', 'expired'].map(ended),
  { title: 'missing', count: (accounts) => count(accounts, isMissing) },
  { title: 'made', count: (accounts) => accounts.reduce((sum, { made }) => sum + made.length, 0) },
  { title: 'dead', count: (accounts) => accounts.reduce((sum, { dead }) => sum + dead.length, 0) },
];

function paceLine({ starts }: JobBooks): string {
  const rate = rateOf(starts);
  const measured = rate === undefined ? 'too few to measure a pace' : `${rate.toFixed(2)} a second`;
  return `Invoices are made at ${PACE_PER_SECOND} a second at most: ${starts.length} starts, ${measured}.`;
}

/** The account of every job, to print. */
export function table(books: JobBooks): string {
  const line = (title: string, of: readonly JobAccount[]): string[] => [
    title,
    ...COLUMNS.map((column) => `${column.count(of)}`),
  ];
  const kinds = Object.keys(DEMO) as Kind[];
  const [head, ...rows] = align([
    ['jobs over HTTP', ...COLUMNS.map(({ title }) => title)],
    ...kinds.map((kind) =>
      line(
        kind,
        books.accounts.filter(({ job }) => job.kind === kind),
      ),
    ),
    line('total', books.accounts),
  ]);
  const total = rows.pop()!;
  return [head, rule(head!), ...rows, rule(head!), total, paceLine(books)].join('\n');
}

/** A few words on the way there. */
export const progress = ({ accounts }: JobBooks): string =>
  `${count(accounts, (entry) => !isMissing(entry))} of ${accounts.length} jobs`;
