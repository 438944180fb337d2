import { printable } from './printable';

/** Lines of cells under a head, each column as wide as it must be. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows.map((row) => row.map(printable))];
  const widths = head.map((_, column) => all.reduce((width, row) => Math.max(width, row[column]!.length), 0));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

/** In ISO 8601, if it is a time: some were written by others. */
export const isoOf = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'no time');

const UNITS: readonly [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
];

/** A length of time in its two largest units. */
export function ago(ms: number): string {
  let seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    if (seconds >= size) parts.push(`${Math.floor(seconds / size)}${unit}`);
    seconds %= size;
  }
  if (seconds > 0 || parts.length === 0) parts.push(`${seconds}s`);
  return parts.slice(0, 2).join(' ');
}

const BAR = 30;

/** A bar for what is done of what there is; there may come to be more. */
export function bar(done: number, total: number, ms: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * BAR);
  const rate = ms > 0 ? Math.round((done * 1000) / ms) : 0;
  return `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${done}/${Math.max(done, total)} ${Math.floor(share * 100)}% ${rate}/s`;
}

/** How often each is there, the most frequent first. */
export function counted(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}
