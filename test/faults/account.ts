import type { DeadLetter } from '../../bin/local/dead-letters';
import type { Work } from './app/work';
import type { Call } from './effects';
import { ALWAYS, type PatternName } from './load';

/** A dead letter, and whose it is. */
export interface Letter extends Pick<DeadLetter, 'reason'> {
  readonly id: string;
}

/** What was seen of a pattern. */
export interface Evidence {
  readonly calls: readonly Call[];
  readonly letters: readonly Letter[];
  /** Messages that are in its queue yet. */
  readonly waiting: number;
}

/** What a pattern promises beyond that nothing is lost. */
export interface Promises {
  /** An effect happens again only if who had it before has died, or has not heard of it. */
  readonly once?: boolean;
  /** An effect never happens again. */
  readonly exact?: boolean;
  /** Within a group effects happen in the order of the steps, repetitions aside. */
  readonly ordered?: boolean;
}

export const PROMISES: Readonly<Partial<Record<PatternName, Promises>>> = {
  charges: { once: true },
  billing: { once: true },
  accounts: { exact: true },
  steps: { ordered: true },
  clicks: { ordered: true },
  balances: { ordered: true },
};

/** What became of the messages of a pattern. */
export interface Account {
  readonly messages: number;
  /** Things that had their effect. */
  readonly effects: number;
  /** Calls beyond the first of each thing. */
  readonly repeats: number;
  /** Messages that are dead. */
  readonly dead: number;
  /** Letters beyond the first of each of these. */
  readonly deadTwice: number;
  /** Letters that SQS or Lambda moved by itself. */
  readonly withoutReason: number;
  /** Receives of the message that needed the most of them for its effect. */
  readonly receives: number;
  /** Receives of messages that came to their effect, beside those at which it failed of itself; and those of them that came to nothing. */
  readonly attempts: number;
  readonly wasted: number;
  readonly lost: readonly string[];
  readonly problems: readonly string[];
}

const isHopeless = ({ fails }: Work): boolean => fails >= ALWAYS;

/** What the reason of a letter must say. A message that always fails may also be moved by SQS, when its last receive dies. */
const isRight = ({ id, reason }: Letter, { bad }: Work): boolean =>
  bad ? reason === `${id} is bad for good` : reason === undefined || /^retries exhausted/.test(reason);

/** The groups in which a step had its first effect after a later one. */
function disorderly(calls: readonly Call[], works: readonly Work[]): string[] {
  const first = new Map<string, Call>();
  for (const call of calls) if (!first.has(call.key)) first.set(call.key, call);
  const highest = new Map<string, number>();
  const groups = new Set<string>();
  for (const { group = '', step = 0 } of first.values()) {
    if (step < (highest.get(group) ?? 0)) groups.add(group);
    highest.set(group, Math.max(step, highest.get(group) ?? 0));
  }
  const known = new Set(works.map(({ group }) => group));
  return [...groups].filter((group) => known.has(group));
}

/** Draws up the account of a pattern. Pure. */
export function accountOf(
  works: readonly Work[],
  { calls, letters, waiting }: Evidence,
  promises: Promises = {},
): Account {
  const done = new Set(calls.map(({ key }) => key));
  const byId = new Map(works.map((work) => [work.id, work]));
  const dead = new Set(letters.map(({ id }) => id));
  const isDoomed = (work: Work): boolean => work.bad || isHopeless(work);
  const first = new Map(calls.toReversed().map((call) => [call.id, call]));
  const spent = [...first.values()].flatMap(({ id, receiveCount }) =>
    receiveCount === 0 ? [] : [Math.max(1, receiveCount - (byId.get(id)?.fails ?? 0))],
  );
  const lost = works.filter(({ id, key }) => !done.has(key) && !dead.has(id)).map(({ id }) => id);
  const problem = (found: readonly string[], what: string): string[] =>
    found.length === 0 ? [] : [`${found.length} ${what}: ${found.slice(0, 5).join(', ')}`];
  const ids = (some: readonly { readonly id: string }[]): string[] => [...new Set(some.map(({ id }) => id))];
  return {
    messages: works.length,
    effects: done.size,
    repeats: calls.length - done.size,
    dead: dead.size,
    deadTwice: letters.length - dead.size,
    withoutReason: letters.filter(({ reason }) => reason === undefined).length,
    receives: calls.reduce((most, { receiveCount }) => Math.max(most, receiveCount), 0),
    attempts: spent.reduce((sum, receives) => sum + receives, 0),
    wasted: spent.reduce((sum, receives) => sum + receives - 1, 0),
    lost,
    problems: [
      ...problem(lost, 'lost'),
      ...problem(
        works.filter((work) => !isDoomed(work) && dead.has(work.id)).map(({ id }) => id),
        'dead that are well',
      ),
      ...problem(
        works.filter((work) => isDoomed(work) && !dead.has(work.id)).map(({ id }) => id),
        'not dead that are bad',
      ),
      ...problem(
        ids(calls.filter(({ id }) => byId.get(id) !== undefined && isDoomed(byId.get(id)!))),
        'with an effect that are bad',
      ),
      ...problem(ids([...calls, ...letters].filter(({ id }) => !byId.has(id))), 'that nobody sent'),
      ...problem(
        letters.flatMap((letter) => {
          const work = byId.get(letter.id);
          return work === undefined || isRight(letter, work) ? [] : [`${letter.id} (${letter.reason})`];
        }),
        'dead for another reason',
      ),
      ...(promises.once
        ? problem(ids(calls.filter(({ unexplained }) => unexplained)), 'with an effect again, without a death')
        : []),
      ...(promises.exact && calls.length > done.size ? [`${calls.length - done.size} effects happened again`] : []),
      ...(promises.ordered ? problem(disorderly(calls, works), 'groups out of order') : []),
      ...(waiting > 0 ? [`${waiting} still in the queue`] : []),
    ],
  };
}
