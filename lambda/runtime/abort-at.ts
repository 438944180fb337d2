export interface Alarm {
  readonly signal: AbortSignal;
  /** A timer left behind would keep a unit test's process alive. */
  clear(): void;
}

/** A signal that fires at a time, in milliseconds since the epoch, or never. */
export function abortAt(at: number, now: number): Alarm {
  const controller = new AbortController();
  const timer =
    at === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => controller.abort(), Math.max(0, at - now));
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
