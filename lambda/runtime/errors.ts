// A handler may be bundled with two copies of this module (one for `import`, one for `require`): `instanceof` would not
// see across them, a registered symbol does.
const PERMANENT = Symbol.for('cdk-async-patterns.PermanentError');
const RETRY_AFTER = Symbol.for('cdk-async-patterns.RetryAfter');

/**
 * This message can never succeed. It goes to the dead-letter queue at once, with `message` as its reason, and is not
 * tried again.
 */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError';
  declare readonly [PERMANENT]: true;

  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    // Not as a field: with a computed name no bundler can leave out a class that nobody uses.
    this[PERMANENT] = true;
  }
}

/** A length of time; the parts add up. */
export interface Delay {
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

/**
 * Try this message again after a delay of your choice instead of the worker's backoff, for instance what a `Retry-After`
 * header asks for. SQS hides a message for at most 12 hours; longer delays are cut to that.
 *
 * @throws RangeError if the delay is negative or not a number
 */
export class RetryAfter extends Error {
  override readonly name: string = 'RetryAfter';
  readonly seconds: number;
  declare readonly [RETRY_AFTER]: true;

  constructor(delay: Delay, message = 'asked to be retried later', options?: ErrorOptions) {
    super(message, options);
    const seconds = (delay.hours ?? 0) * 3600 + (delay.minutes ?? 0) * 60 + (delay.seconds ?? 0);
    if (!(seconds >= 0))
      throw new RangeError(`RetryAfter: got ${JSON.stringify(delay)}, expected a delay of 0 s or more`);
    this.seconds = seconds;
    this[RETRY_AFTER] = true;
  }
}

// What was thrown may be nothing, or a revoked proxy: reading it may throw in turn.
const branded = (thrown: unknown, brand: symbol): boolean => {
  try {
    return (thrown as Record<symbol, unknown>)[brand] === true;
  } catch {
    return false;
  }
};

export const isPermanent = (thrown: unknown): boolean => branded(thrown, PERMANENT);

/** The delay that a `RetryAfter` asks for in seconds, nothing for any other value, or if it is none any more. */
export function retryAfterSeconds(thrown: unknown): number | undefined {
  try {
    const seconds: unknown = branded(thrown, RETRY_AFTER) && (thrown as RetryAfter).seconds;
    return typeof seconds === 'number' && seconds >= 0 ? seconds : undefined;
  } catch {
    return undefined;
  }
}
