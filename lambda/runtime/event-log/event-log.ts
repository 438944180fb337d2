import type { EventLogSpec } from '../../../lib/private/contract';
import { readConnection } from '../producer/connection';
import { CAUSATION_ID, CORRELATION_ID, TRACEPARENT } from '../producer/entry';
import { type Lineage, lineageOf, type Origin } from '../producer/trace';
import { type Aggregate, type AggregateOptions, FoldedAggregate } from './aggregate';
import { Appender, type Draft } from './append';
import { Codec } from './codec';
import { type LogEdge, lambdaLogEdge } from './edge';
import { InvalidEventError } from './errors';
import { Heads } from './heads';
import { checkAppendId, checkCount, checkExpected, checkOrigin, checkStreamId, checkText } from './limits';
import { eventOfMessage } from './message';
import { type Projection, type ProjectionOptions, VersionedProjection } from './projection';
import type { ReplayOptions } from './replay';
import { type Replay, replayHandle, requestReplay } from './replay-handle';
import { type Snapshots, TableSnapshots } from './snapshots';
import { LogStore } from './store';
import type { Appended, AppendOptions, EventLogDefinition, NewEvent, ReadOptions, RecordedEvent } from './types';

/** Where a log is: its tables, as `log.connectWriter` writes them for a name. */
export interface EventLogConnection {
  readonly tableName: string;
  /** Where snapshots are kept. @default - nowhere: aggregates read their streams from the beginning */
  readonly snapshotTableName?: string;
  /** Where replays are asked for. @default - none can be */
  readonly replayTableName?: string;
}

/** An immutable log of what happened, in streams of events. `E` has the data of each type of event by its name. */
export interface EventLog<E> {
  /**
   * Appends up to 100 events to a stream, all or none. In one transaction: together they have 4 MiB, each has 254 KiB, which
   * is what SNS delivers.
   *
   * @param streamId what they happened to: 1 to 100 visible ASCII characters
   * @throws VersionConflictError if the stream is at another version
   * @throws InvalidEventError if they can never be appended
   */
  append(streamId: string, events: readonly NewEvent<E>[], options: AppendOptions): Promise<Appended>;
  /**
   * The events of a stream in their order, as they are read page by page. Whatever was appended before is there.
   *
   * @throws UnreadableEventError at one that this code cannot read
   */
  read(streamId: string, options?: ReadOptions): AsyncIterable<RecordedEvent<E>>;
  /** At which version a stream is; 0 without events. */
  version(streamId: string): Promise<number>;
  /** What the events of a stream add up to. @throws TypeError, RangeError if an option is none */
  aggregate<S>(options: AggregateOptions<S, E>): Aggregate<S, E>;
  /** What a worker that gets the events makes of them, right whatever is delivered twice, early or again. */
  projection<S>(options: ProjectionOptions<S, E>): Projection<S, E>;
  /** Reads the body of a message with an event; give it to `worker` as its `parse`. */
  readonly parse: (body: string) => RecordedEvent<E>;
  /** Has the events of some time delivered again to one subscriber. The replayer begins within a minute. */
  replay(options: ReplayOptions): Promise<Replay>;
  /** One that was asked for before. */
  replayOf(id: string): Replay;
  /** The same log for the message in hand: what it appends carries on its correlation, and names it as cause. */
  with(context: Origin): EventLog<E>;
}

const NAMES = { correlationId: CORRELATION_ID, traceparent: TRACEPARENT, causationId: CAUSATION_ID };

/** Made at the first use: a unit test may import a log that it never touches. */
interface Parts {
  readonly store: LogStore;
  readonly appender: Appender;
  readonly spec: EventLogSpec;
}

class TableLog<E> implements EventLog<E> {
  constructor(
    private readonly edge: LogEdge,
    private readonly parts: () => Parts,
    private readonly heads: Heads,
    private readonly codec: Codec<E>,
    private readonly lineage?: Lineage,
  ) {}

  async append(streamId: string, events: readonly NewEvent<E>[], options: AppendOptions): Promise<Appended> {
    const { expectedVersion, appendId } = options;
    checkStreamId(streamId);
    checkCount(events.length);
    checkExpected(expectedVersion);
    if (appendId !== undefined) checkAppendId(appendId);
    const drafts = await this.drafts(events, options);
    return this.parts().appender.append({ streamId, drafts, expectedVersion, appendId });
  }

  async *read(streamId: string, { from = 1, to = Number.MAX_SAFE_INTEGER }: ReadOptions = {}) {
    checkStreamId(streamId);
    for await (const page of this.parts().store.pages(streamId, Math.max(1, from), to)) {
      for (const event of page) {
        const decoded = this.codec.decode(event);
        yield decoded instanceof Promise ? await decoded : decoded;
      }
      const { version, at } = page.at(-1)!;
      this.heads.saw(streamId, version, at);
    }
  }

  async version(streamId: string): Promise<number> {
    checkStreamId(streamId);
    const last = await this.parts().store.last(streamId);
    if (last) this.heads.saw(streamId, last.version, last.at);
    return last?.version ?? 0;
  }

  async has(streamId: string, appendId: string): Promise<boolean> {
    checkStreamId(streamId);
    checkAppendId(appendId);
    return (await this.parts().store.marked(streamId, appendId)) !== undefined;
  }

  aggregate<S>(options: AggregateOptions<S, E>): Aggregate<S, E> {
    const { snapshotEvery, name } = options;
    if (snapshotEvery === undefined) return new FoldedAggregate(this, options, undefined);
    if (!Number.isInteger(snapshotEvery) || snapshotEvery < 1) {
      throw new RangeError(`aggregate: got snapshotEvery ${snapshotEvery}, expected a whole number of 1 or more`);
    }
    if (typeof name !== 'string' || name === '') {
      throw new TypeError('aggregate: got snapshotEvery without a name, expected one that changes with the reducer');
    }
    let snapshots: Snapshots<S> | undefined;
    const lazy = () => (snapshots ??= new TableSnapshots<S>(this.edge, this.parts().spec, name));
    return new FoldedAggregate(this, options, {
      load: (streamId: string) => lazy().load(streamId),
      save: (streamId, snapshot) => lazy().save(streamId, snapshot),
    });
  }

  projection<S>(options: ProjectionOptions<S, E>): Projection<S, E> {
    return new VersionedProjection(this, options);
  }

  readonly parse = (body: string): RecordedEvent<E> => {
    const event = this.codec.decode(eventOfMessage(body));
    if (event instanceof Promise) {
      event.catch(() => {});
      throw new TypeError('parse: got a schema that judges asynchronously, expected one that does so at once');
    }
    return event;
  };

  async replay(options: ReplayOptions): Promise<Replay> {
    return requestReplay(this.edge, this.parts().spec, options);
  }

  replayOf(id: string): Replay {
    return replayHandle(this.edge, this.parts().spec, id);
  }

  with(context: Origin): EventLog<E> {
    return new TableLog(this.edge, this.parts, this.heads, this.codec, lineageOf(context, NAMES));
  }

  private async drafts(events: readonly NewEvent<E>[], options: AppendOptions): Promise<Draft[]> {
    const { appendId } = options;
    const correlationId = options.correlationId ?? this.lineage?.correlationId ?? this.edge.uuid();
    const causationId = options.causationId ?? this.lineage?.causationId;
    checkOrigin('correlationId', correlationId);
    if (causationId !== undefined) checkOrigin('causationId', causationId);
    const drafts: Draft[] = [];
    const ids = new Set<string>();
    const base = appendId ?? this.edge.uuid();
    for (const [i, { type, data, id = `${base}-${i}` }] of events.entries()) {
      checkText('type', type, 128);
      checkText('id', id, 128);
      if (ids.has(id)) throw new InvalidEventError(`id: got ${id} twice, expected another for each event`);
      ids.add(id);
      drafts.push({
        type,
        ...(await this.codec.encode(type, data)),
        id,
        correlationId,
        ...(causationId !== undefined && { causationId }),
      });
    }
    return drafts;
  }
}

/** `eventLog` with its edge as a parameter: what the tests call. */
export function eventLogOn<E = Record<string, unknown>>(
  edge: LogEdge,
  to: string | EventLogConnection,
  definition: EventLogDefinition<E> = {},
): EventLog<E> {
  const heads = new Heads();
  let made: Parts | undefined;
  const connect = (): Parts => {
    if (made) return made;
    const spec: EventLogSpec = typeof to === 'string' ? readConnection<EventLogSpec>('log', to, edge.env) : specOf(to);
    const store = new LogStore(edge.tableCalls, spec.table);
    made = { store, appender: new Appender(edge, store, heads), spec };
    return made;
  };
  return new TableLog(edge, connect, heads, new Codec(definition));
}

const specOf = ({ tableName, snapshotTableName, replayTableName }: EventLogConnection): EventLogSpec => ({
  table: tableName,
  snapshots: snapshotTableName,
  savesSnapshots: snapshotTableName !== undefined,
  replays: replayTableName,
});

/**
 * An event log: by the name under which `log.connectWriter` or `log.connectReader` connected this function to it, or anywhere
 * by its tables. Make one, outside the handler. Who only parses events needs no connection.
 *
 * @throws TypeError if the upcasters have a gap. Without a connection of that name its methods throw
 */
export const eventLog = <E = Record<string, unknown>>(
  to: string | EventLogConnection,
  definition?: EventLogDefinition<E>,
): EventLog<E> => eventLogOn<E>(lambdaLogEdge(), to, definition);
