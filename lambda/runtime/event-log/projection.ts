import type { Loaded } from './aggregate';
import type { ReadOptions, RecordedEvent, Reducer } from './types';

export interface ProjectionOptions<S, E> {
  /** Of a stream that was not projected yet. */
  readonly initial: S;
  readonly reducer: Reducer<S, E>;
  /** What `save` was last given for this stream; nothing if it was given none. Read consistently. */
  load(streamId: string): Promise<Loaded<S> | undefined>;
  /**
   * Keeps state and version together, at once, and only if the version there is still `before` (0: none is there); otherwise
   * it throws, and the message is tried again.
   */
  save(streamId: string, next: Loaded<S>, before: number): Promise<unknown>;
}

/** What a worker makes of events, a state for each stream. */
export interface Projection<S, E> {
  /** Takes an event in; give it to `worker` as its `process`. Returns the state of its stream then. */
  process(event: RecordedEvent<E>): Promise<S>;
}

interface Readable<E> {
  read(streamId: string, options?: ReadOptions): AsyncIterable<RecordedEvent<E>>;
}

/**
 * Events may come twice, and while they are replayed later ones may come before earlier ones. The version decides: what is
 * not after the state is dropped, what comes next is taken, and before anything else the log itself is read, from where the
 * state is to the end; for a stream without a state that is all of it. So it does not matter what else is on its way, and a
 * state that was dropped comes back whole with the first event of its stream.
 */
export class VersionedProjection<S, E> implements Projection<S, E> {
  constructor(
    private readonly log: Readable<E>,
    private readonly options: ProjectionOptions<S, E>,
  ) {}

  readonly process = async (event: RecordedEvent<E>): Promise<S> => {
    const { initial, reducer } = this.options;
    const { streamId, version } = event;
    const { state, version: before } = (await this.options.load(streamId)) ?? { state: initial, version: 0 };
    if (version <= before) return state;
    let next: Loaded<S> = { state, version: before };
    if (before > 0 && version === before + 1) next = { state: reducer(state, event), version };
    else {
      for await (const each of this.log.read(streamId, { from: before + 1 })) {
        next = { state: reducer(next.state, each), version: each.version };
      }
      if (next.version < version) {
        throw new Error(`stream ${streamId}: got version ${version}, and the log ends at ${next.version}`);
      }
    }
    await this.options.save(streamId, next, before);
    return next.state;
  };
}
