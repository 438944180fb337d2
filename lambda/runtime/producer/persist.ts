import { isPermanent } from '../errors';
import { pause } from '../time';
import { MAX_ATTEMPTS, ofRequest, restAfter } from './retry';

/** Calls that store or schedule what cannot go as it is, under way at once. */
const AT_ONCE = 8;

/** Makes a call, and makes it again as long as that may help. */
export async function persist<R>(call: () => Promise<R>, random: () => number, signal: AbortSignal): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      signal.throwIfAborted();
      return await call();
    } catch (error) {
      if (signal.aborted || attempt >= MAX_ATTEMPTS || isPermanent(error) || !ofRequest(error).retry) throw error;
      await pause(restAfter(attempt, random()), signal);
    }
  }
}

/** Runs calls, so many at once, and each again as long as that may help. */
export class Persistent {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly random: () => number) {}

  async run<R>(call: () => Promise<R>, signal: AbortSignal): Promise<R> {
    if (this.running >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running++;
    try {
      return await persist(call, this.random, signal);
    } finally {
      // Whoever waits takes over the place.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
