/** Something with messages on their way. */
export interface Flushable {
  /** Waits until all are accepted; returns the errors of those that are not, all the rest of them when the signal fires. */
  flush(signal?: AbortSignal): Promise<readonly Error[]>;
}

/** A message on its way. */
export interface Departing {
  outcome(): Promise<Error | undefined>;
}

interface Registry {
  /** Those that have any. */
  readonly busy: Set<Flushable>;
  /** What is on its way on behalf of a handler, by its context. */
  readonly sends: WeakMap<object, Set<Departing>>;
  /** Whether any context was ever used to send. */
  used: boolean;
}

// A handler may be bundled with two copies of this module, one for `import` and one for `require`.
const REGISTRY: unique symbol = Symbol.for('cdk-async-patterns.senders');
const globals = globalThis as { [REGISTRY]?: Registry };
globals[REGISTRY] ??= { busy: new Set(), sends: new WeakMap(), used: false };
const registry = globals[REGISTRY];

export const setBusy = (sender: Flushable, isBusy: boolean): void => {
  if (isBusy) registry.busy.add(sender);
  else registry.busy.delete(sender);
};

/** Where to note what is on its way on behalf of a handler. */
export function sendsOf(context: object): Set<Departing> {
  registry.used = true;
  let sends = registry.sends.get(context);
  if (sends === undefined) {
    sends = new Set();
    registry.sends.set(context, sends);
  }
  return sends;
}

async function settled(sends: Set<Departing>): Promise<void> {
  while (sends.size > 0) {
    const errors = (await Promise.all(Array.from(sends, (send) => send.outcome()))).filter(
      (error) => error !== undefined,
    );
    if (errors.length > 0) throw errors[0];
  }
}

const settledOf = (context: object): Promise<void> | undefined => {
  const sends = registry.sends.get(context);
  return sends === undefined || sends.size === 0 ? undefined : settled(sends);
};

/**
 * What a handler came to, once all that it has sent with its context is accepted; rejects if something is not. So a message
 * is not acknowledged while what follows from it may still be lost. Handlers that send nothing are not made to wait.
 */
export function afterSends(result: unknown, context: object): unknown {
  if (!registry.used) return result;
  if (result instanceof Promise) return result.then((value) => settledOf(context)?.then(() => value) ?? value);
  return settledOf(context)?.then(() => result) ?? result;
}

/** Whether anything is on its way, of any sender in this process. */
export const hasSends = (): boolean => registry.busy.size > 0;

/**
 * Waits until nothing is on its way in this process, since it may be frozen then: what is not accepted when the signal fires
 * is given up. Returns the errors, one a message.
 */
export const flushAll = async (signal?: AbortSignal): Promise<readonly Error[]> =>
  (await Promise.all(Array.from(registry.busy, (sender) => sender.flush(signal)))).flat();
