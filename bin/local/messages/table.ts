import { align, count, rule } from '../align';
import { type Account, isMissing, type MessageBooks } from './account';

interface Column {
  readonly title: string;
  readonly count: (accounts: readonly Account[]) => number;
}

const COLUMNS: readonly Column[] = [
  { title: 'sent', count: (accounts) => accounts.length },
  { title: 'processed once', count: (accounts) => count(accounts, ({ processed }) => processed.length === 1) },
  { title: 'more than once', count: (accounts) => count(accounts, ({ processed }) => processed.length > 1) },
  { title: 'duplicate', count: (accounts) => count(accounts, ({ duplicate }) => duplicate) },
  { title: 'retried', count: (accounts) => count(accounts, ({ receives }) => receives > 1) },
  { title: 'dead', count: (accounts) => count(accounts, ({ deadLetters }) => deadLetters.length > 0) },
  { title: 'missing', count: (accounts) => count(accounts, isMissing) },
];

function byKind(accounts: readonly Account[]): Map<string, Account[]> {
  const kinds = new Map<string, Account[]>();
  for (const entry of accounts) {
    const kind = `${entry.message.worker}: ${entry.message.kind}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), entry]);
  }
  // A worker's together, and within them the many before the few.
  return new Map(
    [...kinds].sort(([a, x], [b, y]) => a.split(':')[0]!.localeCompare(b.split(':')[0]!) || y.length - x.length),
  );
}

/** Order, parcel and payment numbers differ from message to message, reasons do not. */
const general = (reason: string): string => reason.replace(/\b(order|parcel|payment)-\d+/g, '$1-…');

function reasonLines(accounts: readonly Account[]): string[] {
  const reasons = new Map<string, number>();
  for (const { reason } of accounts.flatMap(({ deadLetters }) => deadLetters)) {
    const text = general(reason ?? 'no reason: moved by the redrive policy');
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
  }
  return [...reasons].sort(([, a], [, b]) => b - a).map(([text, times]) => `${String(times).padStart(4)}  ${text}`);
}

/** What idempotency is for. */
function effectsLine(accounts: readonly Account[]): string {
  const once = accounts.filter(({ message }) => message.work !== undefined);
  const works = new Set(once.map(({ message }) => message.work)).size;
  const effects = once.reduce((sum, { processed }) => sum + processed.length, 0);
  return `Payments are charged once: ${once.length} messages of ${works} payments made ${effects} charges.`;
}

/** The account of every message, to print. */
export function table({ accounts }: MessageBooks): string {
  const kinds = byKind(accounts);
  const line = (title: string, of: readonly Account[]): string[] => [
    title,
    ...COLUMNS.map((column) => `${column.count(of)}`),
  ];
  const [head, ...rows] = align([
    ['', ...COLUMNS.map(({ title }) => title)],
    ...[...kinds].map(([kind, of]) => line(kind, of)),
    line('total', accounts),
  ]);
  const total = rows.pop()!;
  const notes = [effectsLine(accounts), 'Shipments are retried with their group: what follows a failure waits for it.'];
  return [
    head,
    rule(head!),
    ...rows,
    rule(head!),
    total,
    ...notes,
    '',
    'dead letters by reason',
    ...reasonLines(accounts),
  ].join('\n');
}

/** One line on the way there. */
export function progress({ accounts }: MessageBooks): string {
  const processed = count(accounts, (entry) => entry.processed.length > 0);
  const duplicates = count(accounts, ({ duplicate }) => duplicate);
  const dead = count(accounts, (entry) => entry.deadLetters.length > 0);
  return `${processed} processed, ${duplicates} duplicate, ${dead} dead, ${count(accounts, isMissing)} under way`;
}
