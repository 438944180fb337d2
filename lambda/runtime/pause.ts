/** Waits, but no longer than until the signal fires. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });

const FIRST = 50;

/** Milliseconds to rest after so many tries that were not answered: for what must be done within this invocation. */
export const restAfter = (tries: number, random: number): number =>
  FIRST * 2 ** Math.min(tries, 5) * (0.5 + random / 2);
