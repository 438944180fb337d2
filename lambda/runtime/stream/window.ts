import { abortAt } from '../abort-at';
import { isPermanent } from '../errors';
import type { Logger } from '../log';
import type { StreamContext } from './context';
import type { StreamBatch, TumblingWindow } from './record';

/** What the end of a tumbling window knows, beside what was gathered. */
export interface WindowContext {
  readonly window: TumblingWindow;
  readonly shardId: string | undefined;
  /** Whether the window is not over yet: its state has grown past 1 MB, and Lambda goes on with a fresh one. */
  readonly early: boolean;
  /** Aborted shortly before the function's timeout. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface WindowOptions<T, S> {
  /** What a window starts from. */
  initial(): S;
  /**
   * What a record makes of what was gathered, or a promise of it. Records come one at a time, in their order. Whatever is
   * thrown hurts this record only, as in `process`.
   */
  reduce(state: S, message: T, context: StreamContext): S | Promise<S>;
  /**
   * Takes what a window has gathered, once a shard and window. What it throws has Lambda try again before the shard goes on;
   * a `PermanentError` moves what was gathered to the dead-letter queue.
   */
  end(state: S, context: WindowContext): unknown;
}

/** Our own shape around it: so a state may be anything JSON can say, and one that is empty differs from none. */
interface Carried<S> {
  readonly value: S;
}

/** What one invocation gathers of a window. */
export class Gathering<T, S> {
  private state: S;

  constructor(
    private readonly options: WindowOptions<T, S>,
    private readonly window: NonNullable<StreamBatch['window']>,
  ) {
    const carried = window.state as Carried<S> | undefined;
    this.state =
      typeof carried === 'object' && carried !== null && 'value' in carried ? carried.value : options.initial();
  }

  get carried(): Carried<S> {
    return { value: this.state };
  }

  add(message: T, context: StreamContext & { readonly over: boolean }): unknown {
    const made = this.options.reduce(this.state, message, context);
    if (!(made instanceof Promise)) {
      this.state = made;
      return undefined;
    }
    return made.then((state) => {
      // A record that was given up comes back: it must not count twice.
      if (!context.over) this.state = state;
    });
  }

  /**
   * Hands over what was gathered, if this is the last of the window.
   *
   * @throws what `end` throws, or an Error at the deadline
   */
  async end(
    { log, deadline, now }: { log: Logger; deadline: number; now: number },
    bury: (state: Buffer, thrown: unknown) => Promise<boolean>,
  ): Promise<void> {
    const { last, bounds, shardId, early } = this.window;
    if (!last) return;
    const alarm = abortAt(deadline, now);
    try {
      const context = { window: bounds, shardId, early, signal: alarm.signal, log };
      await alarm.race((async () => this.options.end(this.state, context))());
    } catch (thrown) {
      if (!isPermanent(thrown)) throw thrown;
      if (!(await bury(Buffer.from(JSON.stringify(this.state) ?? 'null'), thrown))) throw thrown;
    } finally {
      alarm.clear();
    }
  }
}
