import { setTimeout as sleep } from 'node:timers/promises';
import { RetryAfter } from 'cdk-async-patterns/runtime';

/** Message attribute that asks for a fault: `<fault>`, or `<fault>:<n>` for the first n receives only. */
export const SIMULATE = 'Simulate';

/** All but `late` come before the handler's work. */
export type Fault = 'error' | 'throttle' | 'undefined' | 'slow' | 'late';

interface Attempt {
  readonly attributes: Readonly<Record<string, string>>;
  readonly receiveCount: number;
  readonly signal: AbortSignal;
}

/** Makes the demo's messages fail as they were told to. Leave this file out when you copy the handlers. */
export async function simulate(
  { attributes, receiveCount, signal }: Attempt,
  at: 'start' | 'end' = 'start',
): Promise<void> {
  const [fault, receives] = (attributes[SIMULATE] ?? '').split(':');
  if (receives !== undefined && receiveCount > Number(receives)) return;
  if ((fault === 'late') !== (at === 'end')) return;
  switch (fault as Fault) {
    case 'late':
      throw new Error('failed when all was done');
    case 'error':
      throw new Error('the payment provider answered 503');
    case 'throttle':
      throw new RetryAfter({ seconds: 1 }, 'the payment provider answered 429');
    case 'undefined':
      throw undefined;
    case 'slow':
      // Longer than any function may run: only the signal ends it.
      await sleep(3_600_000, undefined, { signal });
  }
}
