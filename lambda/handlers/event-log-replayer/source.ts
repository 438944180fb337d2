import { EVENT_LOG_SHARDS } from '../../../lib/private/contract';
import type { Item, StoredEvent } from '../../runtime/event-log/stored';
import {
  EMPTY,
  eventsOfObject,
  hourOf,
  hourPrefix,
  isSame,
  type Listed,
  nextHour,
  plus,
  startOfHour,
  type Tally,
  tallyOf,
} from '../event-log/archive';

/** The events of a log by time, in its table. */
export interface EventTable {
  /** When the first event at or after a time was appended, in ISO 8601. */
  firstAt(from: string): Promise<string | undefined>;
  /** How many there are in a time, shard by shard. */
  count(shard: number, from: string, to: string): Promise<number>;
  tally(hour: string): Promise<Tally>;
  /** Some of a shard, in the order of time, and where to go on. */
  page(shard: number, range: Range, start: Item | undefined, limit: number): Promise<Page>;
}

export interface Page {
  readonly events: readonly StoredEvent[];
  readonly next?: Item;
}

/** The events of a log in its archive. */
export interface EventArchive {
  list(hour: string): Promise<readonly Listed[]>;
  /** Nothing if it is gone. */
  read(key: string): Promise<string | undefined>;
}

/** Times in ISO 8601; `to` is not in it. */
export interface Range {
  readonly from: string;
  readonly to: string;
}

/** Where a replay is: an hour, and in it a line of an object of the archive, or a place in a shard of the table's index. */
export interface Cursor {
  readonly hour: string;
  /** Where this hour is read from, once that is decided: it stays so, since places of one mean nothing in the other. */
  readonly via?: 'archive' | 'table';
  /** The object in hand, and how many of its lines are done. */
  readonly object?: string;
  readonly line?: number;
  readonly shard?: number;
  readonly start?: Item;
}

export interface Chunk {
  readonly events: readonly StoredEvent[];
  /** Where to go on; nothing at the end. */
  readonly next?: Cursor;
}

const latest = (...times: string[]): string => times.sort().at(-1)!;
const earliest = (...times: string[]): string => times.sort()[0]!;

/**
 * Reads a log hour by hour. An hour comes from the archive if that has exactly the events that the table's index has of it,
 * which is known without reading any; else, the hour that is being written for one, it comes from the table. Either way
 * those of one stream come in the order of their versions.
 */
export class Source {
  private listing?: { readonly hour: string; readonly objects: readonly Listed[] };
  private opened?: { readonly key: string; readonly events: readonly StoredEvent[] };

  constructor(
    private readonly table: EventTable,
    private readonly archive: EventArchive,
    private readonly range: Range,
  ) {}

  /** The next events, `limit` at most, maybe none. */
  step(cursor: Cursor, limit: number): Promise<Chunk> {
    if (cursor.via === 'archive') return this.fromArchive(cursor, limit);
    return cursor.via === 'table' ? this.fromTable(cursor, limit) : this.enter(cursor.hour);
  }

  first(): Cursor {
    return { hour: hourOf(this.range.from) };
  }

  /** Goes to the first hour from this one on that has any events, and decides where they are read. */
  private async enter(from: string): Promise<Chunk> {
    const at = await this.table.firstAt(latest(startOfHour(from), this.range.from));
    if (at === undefined || at >= this.range.to) return { events: [] };
    const hour = hourOf(at);
    const [inTable, objects] = await Promise.all([this.table.tally(hour), this.objects(hour, true)]);
    const isWhole = isSame(inTable, objects.reduce<Tally>(plus, EMPTY));
    return { events: [], next: isWhole ? { hour, via: 'archive' } : { hour, via: 'table', shard: 0 } };
  }

  private async fromArchive(cursor: Cursor, limit: number): Promise<Chunk> {
    const { hour, line = 0 } = cursor;
    const objects = await this.objects(hour);
    const i = cursor.object === undefined ? 0 : objects.findIndex(({ key }) => key === cursor.object);
    const object = objects[i];
    const events = object && (await this.open(object));
    // It is not what it was when the hour was begun. What was sent comes again, and is known by its versions.
    if (!events) return { events: [], next: { hour, via: 'table', shard: 0 } };
    const taken = events.slice(line, line + limit);
    const done = line + taken.length;
    const within = this.within(taken);
    if (done < events.length) return { events: within, next: { hour, via: 'archive', object: object.key, line: done } };
    const following = objects[i + 1]?.key;
    return following === undefined
      ? this.after(hour, within)
      : { events: within, next: { hour, via: 'archive', object: following } };
  }

  private async fromTable({ hour, shard = 0, start }: Cursor, limit: number): Promise<Chunk> {
    const { from, to } = this.range;
    const begin = startOfHour(hour);
    const end = startOfHour(nextHour(hour));
    const range = { from: latest(begin, from), to: earliest(end, to) };
    const { events, next } = await this.table.page(shard, range, start, limit);
    if (next) return { events, next: { hour, via: 'table', shard, start: next } };
    return shard + 1 < EVENT_LOG_SHARDS
      ? { events, next: { hour, via: 'table', shard: shard + 1 } }
      : this.after(hour, events);
  }

  private after(hour: string, events: readonly StoredEvent[]): Chunk {
    const following = nextHour(hour);
    return startOfHour(following) < this.range.to ? { events, next: { hour: following } } : { events };
  }

  private within(events: readonly StoredEvent[]): StoredEvent[] {
    const { from, to } = this.range;
    return events.filter(({ at }) => at >= from && at < to);
  }

  private async objects(hour: string, fresh = false): Promise<readonly Listed[]> {
    if (fresh || this.listing?.hour !== hour) this.listing = { hour, objects: await this.archive.list(hour) };
    return this.listing.objects;
  }

  /** Nothing if it is gone, or does not hold what its key says. */
  private async open(object: Listed): Promise<readonly StoredEvent[] | undefined> {
    if (this.opened?.key === object.key) return this.opened.events;
    const body = await this.archive.read(object.key);
    const events = body === undefined ? undefined : readable(body);
    if (!events || !isSame(object, tallyOf(events))) return undefined;
    if (!events.every(({ at }) => object.key.startsWith(hourPrefix(hourOf(at))))) return undefined;
    this.opened = { key: object.key, events };
    return events;
  }
}

const readable = (body: string): StoredEvent[] | undefined => {
  try {
    return eventsOfObject(body);
  } catch {
    return undefined;
  }
};
