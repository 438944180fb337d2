/** The window moves on in steps of a tenth of it. */
const BUCKETS = 10;

/** What was called in a bucket of time, by the names of the row's attributes: `f` for failures, `s` for successes. */
export type Counters = ReadonlyMap<string, number>;

export interface Tally {
  readonly failures: number;
  readonly calls: number;
}

export interface Calls {
  readonly failures: number;
  readonly successes: number;
}

const COUNTER = /^([fs])(\d+)$/;

export const isCounter = (attribute: string): boolean => COUNTER.test(attribute);

const bucketOf = (window: number, now: number): number => Math.floor((now * BUCKETS) / window);

/** The counters that calls made now belong to. Milliseconds. */
export function countersOf({ failures, successes }: Calls, window: number, now: number): Map<string, number> {
  const bucket = bucketOf(window, now);
  return new Map(
    [[`f${bucket}`, failures] as const, [`s${bucket}`, successes] as const].filter(([, count]) => count > 0),
  );
}

/** How many buckets a counter lies ahead: by a window at most, as far as another's clock may be fast. */
const ahead = (name: string, window: number, now: number): number =>
  Number(COUNTER.exec(name)![2]) - bucketOf(window, now);

/** What was called within the window. */
export function tallyOf(counters: Counters, window: number, now: number): Tally {
  let failures = 0;
  let calls = 0;
  for (const [name, count] of counters) {
    const distance = ahead(name, window, now);
    if (distance <= -BUCKETS || distance > BUCKETS) continue;
    calls += count;
    if (name.startsWith('f')) failures += count;
  }
  return { failures, calls };
}

/** Counters that nobody needs any more, not even one whose clock is slow by a window. */
export const spentCounters = (counters: Counters, window: number, now: number): string[] =>
  [...counters.keys()].filter((name) => Math.abs(ahead(name, window, now)) > 2 * BUCKETS);
