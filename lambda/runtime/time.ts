/** Runs a call that has so many milliseconds, and rejects when they are over, whether or not the call listens to its signal. */
export async function within<T>(ms: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        reject(new Error(`no answer within ${ms} ms`));
        abort.abort();
      },
      Math.max(0, ms),
    );
  });
  try {
    return await Promise.race([call(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Rests so many milliseconds, or until the signal fires. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(end, Math.max(0, ms));
    function end(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });

const FIRST = 50;

/** Milliseconds to rest after so many tries that were not answered: for what must be done within this invocation. */
export const restAfter = (tries: number, random: number): number =>
  FIRST * 2 ** Math.min(tries, 5) * (0.5 + random / 2);
