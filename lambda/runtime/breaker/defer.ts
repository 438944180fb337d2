/**
 * Seconds until a message comes back that may not run before `until`: past it, spread so that not all come at once.
 * `random` is drawn from [0, 1).
 */
export function deferSeconds(until: number, now: number, random: number): number {
  const wait = Math.max(0, until - now) / 1000;
  const spread = Math.min(30, Math.max(2, wait / 10));
  return Math.ceil(wait + random * spread);
}
