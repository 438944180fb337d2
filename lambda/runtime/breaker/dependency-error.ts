// A symbol, not `instanceof`: see ../errors.
const DEPENDENCY = Symbol.for('cdk-async-patterns.DependencyError');

/**
 * What the handler depends on did not answer as it should. Counts as a failure for the worker's circuit breaker; nothing
 * else that is thrown does. The message comes back like after any other error.
 *
 * @example
 * throw new DependencyError('payments', error);
 */
export class DependencyError extends Error {
  override readonly name: string = 'DependencyError';
  declare readonly [DEPENDENCY]: true;

  constructor(
    /** What failed, for whoever reads the log. */
    readonly dependency: string,
    cause?: unknown,
  ) {
    super(`${dependency} failed`, cause === undefined ? undefined : { cause });
    this[DEPENDENCY] = true;
  }
}

/** Never throws, whatever it is given: reading a thrown value may throw in turn. */
export const isDependencyError = (thrown: unknown): boolean => {
  try {
    return (thrown as Record<symbol, unknown>)[DEPENDENCY] === true;
  } catch {
    return false;
  }
};
