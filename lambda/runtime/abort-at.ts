/** A time at which waiting ends. */
export interface Alarm {
  readonly signal: AbortSignal;
  /** Settles with the promise, or rejects when the alarm goes off, whether or not who was called listens to the signal. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** A timer left behind would keep a unit test's process alive. */
  clear(): void;
}

/** Made at its first use: the first signal of a process is a quarter of a millisecond of its start-up. */
let never: Alarm | undefined;

/** An alarm at a time, in milliseconds since the epoch, or never. */
export function abortAt(at: number, now: number): Alarm {
  if (at === Number.POSITIVE_INFINITY) {
    never ??= { signal: new AbortController().signal, race: (promise) => promise, clear: () => {} };
    return never;
  }
  const controller = new AbortController();
  let goOff: (reason: Error) => void = () => {};
  const over = new Promise<never>((_, reject) => {
    goOff = reject;
  });
  // Nobody may be waiting when it goes off.
  over.catch(() => {});
  const timer = setTimeout(
    () => {
      goOff(new Error('no answer before the function was about to time out'));
      controller.abort();
    },
    Math.max(0, at - now),
  );
  return {
    signal: controller.signal,
    race: (promise) => Promise.race([promise, over]),
    clear: () => clearTimeout(timer),
  };
}
