import { VersionConflictError } from './errors';
import type { Snapshots } from './snapshots';
import type { Appended, AppendOptions, NewEvent, ReadOptions, RecordedEvent, Reducer } from './types';

export interface AggregateOptions<S, E> {
  /** The state of a stream without events. It is not changed, nor may the reducer change what it is given. */
  readonly initial: S;
  /** What an event makes of the state. Without effects, and the same each time: it runs again with every load. */
  readonly reducer: Reducer<S, E>;
  /**
   * Remember the state when so many events have been read since it was last remembered. The state must be what JSON can hold.
   * @default - never; every load reads the stream from its beginning
   */
  readonly snapshotEvery?: number;
  /**
   * Under which snapshots are remembered, and which makes those of an old reducer useless: change it whenever the reducer
   * or its state changes. Needed with `snapshotEvery`.
   */
  readonly name?: string;
}

/** A stream as its events have made it. */
export interface Loaded<S> {
  readonly state: S;
  /** 0 if it has no events. */
  readonly version: number;
}

export interface ExecuteOptions extends Omit<AppendOptions, 'expectedVersion'> {
  /**
   * How often it is decided at most, when others append meanwhile.
   * @default 10
   */
  readonly attempts?: number;
}

/** The state of streams of one kind. */
export interface Aggregate<S, E> {
  load(streamId: string): Promise<Loaded<S>>;
  /**
   * Loads, decides, and appends what was decided to exactly that version; if somebody else has appended meanwhile, it is
   * decided again. What is decided may be nothing. With an `appendId` that the stream has, nothing is decided again.
   *
   * @throws VersionConflictError if others were faster each time; and what `decide` throws
   */
  execute(
    streamId: string,
    decide: (state: S, version: number) => readonly NewEvent<E>[] | Promise<readonly NewEvent<E>[]>,
    options?: ExecuteOptions,
  ): Promise<Loaded<S>>;
}

interface Log<E> {
  append(streamId: string, events: readonly NewEvent<E>[], options: AppendOptions): Promise<Appended>;
  read(streamId: string, options?: ReadOptions): AsyncIterable<RecordedEvent<E>>;
  /** Whether the stream has an append of that name. */
  has(streamId: string, appendId: string): Promise<boolean>;
}

const DEFAULT_ATTEMPTS = 10;

export class FoldedAggregate<S, E> implements Aggregate<S, E> {
  constructor(
    private readonly log: Log<E>,
    private readonly options: AggregateOptions<S, E>,
    private readonly snapshots: Snapshots<S> | undefined,
  ) {}

  async load(streamId: string): Promise<Loaded<S>> {
    const known = (await this.snapshots?.load(streamId)) ?? { state: this.options.initial, version: 0 };
    const now = await this.fold(streamId, known);
    const { snapshotEvery = Number.POSITIVE_INFINITY } = this.options;
    if (now.version - known.version >= snapshotEvery) await this.snapshots?.save(streamId, now);
    return now;
  }

  async execute(
    streamId: string,
    decide: (state: S, version: number) => readonly NewEvent<E>[] | Promise<readonly NewEvent<E>[]>,
    { attempts = DEFAULT_ATTEMPTS, ...options }: ExecuteOptions = {},
  ): Promise<Loaded<S>> {
    const { appendId } = options;
    // What has happened already may not be allowed a second time: it is not asked for.
    const repeated = appendId !== undefined && (await this.log.has(streamId, appendId));
    let seen = await this.load(streamId);
    if (repeated) return seen;
    for (let attempt = 1; ; attempt++) {
      const events = await decide(seen.state, seen.version);
      if (events.length === 0) return seen;
      try {
        await this.log.append(streamId, events, { ...options, expectedVersion: seen.version });
        return await this.fold(streamId, seen);
      } catch (error) {
        if (!(error instanceof VersionConflictError) || attempt >= attempts) throw error;
        seen = await this.fold(streamId, seen);
      }
    }
  }

  /** Takes a state on to what the log says now. */
  private async fold(streamId: string, { state, version }: Loaded<S>): Promise<Loaded<S>> {
    const { reducer } = this.options;
    let now = state;
    let at = version;
    for await (const event of this.log.read(streamId, { from: version + 1 })) {
      now = reducer(now, event);
      at = event.version;
    }
    return { state: now, version: at };
  }
}
