import { align, count, rule } from './align';

/** What was sent, and what must become of it. */
export interface Expected {
  readonly id: string;
  readonly kind: string;
  /** Why it must be dead; without one it must be done. */
  readonly deadBecause?: RegExp;
}

export interface Dead {
  readonly id: string;
  readonly reason: string | undefined;
}

/** What became of something that was to be done once. */
export interface Fate {
  readonly expected: Expected;
  /** How often it was done. */
  readonly done: number;
  readonly dead: readonly Dead[];
}

export interface Fates {
  readonly fates: readonly Fate[];
  /** What was done or is dead, and was not sent by us. */
  readonly strays: readonly string[];
}

export const isMissing = ({ done, dead }: Fate): boolean => done + dead.length === 0;

/** @param done the id of each, as often as it was done */
export function fatesOf(expected: readonly Expected[], done: readonly string[], dead: readonly Dead[]): Fates {
  const doneById = Map.groupBy(done, (id) => id);
  const deadById = Map.groupBy(dead, ({ id }) => id);
  const known = new Set(expected.map(({ id }) => id));
  return {
    fates: expected.map((it) => ({
      expected: it,
      done: doneById.get(it.id)?.length ?? 0,
      dead: deadById.get(it.id) ?? [],
    })),
    strays: [...new Set([...doneById.keys(), ...deadById.keys()])].filter((id) => !known.has(id)),
  };
}

function problemOf({ expected: { id, deadBecause }, done, dead }: Fate): string | undefined {
  if (done + dead.length === 0) return `${id} is missing`;
  if (done + dead.length > 1) return `${id} was done ${done} times and is dead ${dead.length} times`;
  if (!deadBecause) return dead.length > 0 ? `${id} is dead: ${dead[0]!.reason}` : undefined;
  if (done > 0) return `${id} was done, and should be dead`;
  const { reason = 'no reason' } = dead[0]!;
  return deadBecause.test(reason) ? undefined : `${id} is dead with ${reason}, not with ${deadBecause.source}`;
}

/** What must not be, a line each. */
export const fateProblems = ({ fates, strays }: Fates): string[] => [
  ...fates.map(problemOf).filter((problem) => problem !== undefined),
  ...strays.map((id) => `${id} was not sent by us`),
];

const COLUMNS: readonly [title: string, count: (fates: readonly Fate[]) => number][] = [
  ['sent', (fates) => fates.length],
  ['done once', (fates) => count(fates, ({ done }) => done === 1)],
  ['more than once', (fates) => count(fates, ({ done }) => done > 1)],
  ['dead', (fates) => count(fates, ({ dead }) => dead.length > 0)],
  ['missing', (fates) => count(fates, isMissing)],
];

/** The account of them by kind, to print. */
export function fateTable(title: string, { fates }: Fates): string {
  const [head, ...rows] = align([
    [title, ...COLUMNS.map(([name]) => name)],
    ...[...Map.groupBy(fates, ({ expected }) => expected.kind)].map(([kind, of]) => [
      kind,
      ...COLUMNS.map(([, counted]) => `${counted(of)}`),
    ]),
  ]);
  return [head, rule(head!), ...rows].join('\n');
}

export const fateProgress = (what: string, { fates }: Fates): string =>
  `${count(fates, (fate) => !isMissing(fate))} of ${fates.length} ${what}`;
