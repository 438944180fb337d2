/** What the queue was given, said once more. */
export const PACE_PER_SECOND = 4;
/** How late a start may be: one that has missed its slot by more takes another. */
const LATE_SECONDS = 1;

/** A time in which too many started. */
export interface Rush {
  readonly starts: number;
  readonly seconds: number;
  readonly allowed: number;
}

/** So many slots may belong to starts within a time. */
const allowedIn = (seconds: number): number => Math.floor((seconds + LATE_SECONDS) * PACE_PER_SECOND) + 1;

/** The worst of all windows, whatever their length, that have more starts than the pace allows. */
export function rushIn(startsMs: readonly number[]): Rush | undefined {
  const times = startsMs.toSorted((a, b) => a - b);
  const rushes = times.flatMap((from, i) =>
    times.slice(i).map((to, j): Rush => {
      const seconds = (to - from) / 1000;
      return { starts: j + 1, seconds, allowed: allowedIn(seconds) };
    }),
  );
  const excess = ({ starts, allowed }: Rush): number => starts - allowed;
  return rushes.filter((rush) => excess(rush) > 0).sort((a, b) => excess(b) - excess(a))[0];
}

/** Starts a second, from the first to the last. Nothing if there is no time between them. */
export function rateOf(startsMs: readonly number[]): number | undefined {
  const seconds = (Math.max(...startsMs) - Math.min(...startsMs)) / 1000;
  return seconds > 0 ? (startsMs.length - 1) / seconds : undefined;
}
