import type { StandardSchemaV1 } from '@standard-schema/spec';

/** An event that is about to be appended. `E` has the data of each type of event by its name. */
export type NewEvent<E> = {
  [T in keyof E & string]: {
    /** What has happened: 1 to 128 visible ASCII characters. */
    readonly type: T;
    /** What JSON can hold. */
    readonly data: E[T];
    /**
     * Names this event for good: an append that is repeated with the same ids is the same append.
     * @default - made of `appendId`, or a new one
     */
    readonly id?: string;
  };
}[keyof E & string];

/** An event as it is in the log. */
export type RecordedEvent<E> = {
  [T in keyof E & string]: Recorded & {
    readonly type: T;
    /** In the form of today: what upcasters and the schema made of what was stored. */
    readonly data: E[T];
  };
}[keyof E & string];

export interface Recorded {
  readonly streamId: string;
  /** Its place in the stream: 1, 2, 3 and so on, without a gap. */
  readonly version: number;
  readonly id: string;
  /** When it was appended, in ISO 8601. Never earlier than the event before it. */
  readonly at: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** Version of the form in which its data is stored. */
  readonly schemaVersion: number;
}

/** What the events of a log look like, today and in former times. */
export interface EventLogDefinition<E> {
  /**
   * What the data of each type must be; schemas of zod, valibot, arktype or any other that implements
   * https://standardschema.dev. Judged before events are appended and when they are read. A type without one is refused.
   * @default - data is not checked
   */
  readonly schemas?: { readonly [T in keyof E]: StandardSchemaV1<unknown, E[T]> };
  /**
   * How data of former times becomes data of today: for each type, by the version that it is in, what makes the next one of
   * it. A type without has version 1; with upcasters from 1 and 2 its version today is 3.
   * @default - all data is in its first form
   */
  readonly upcasters?: {
    readonly [T in keyof E]?: { readonly [schemaVersion: number]: (data: never) => unknown };
  };
}

export interface AppendOptions {
  /**
   * Append only if the stream is at this version: 0 or `'none'` if it must be new. `'any'` appends to what it is then.
   */
  readonly expectedVersion: number | 'any' | 'none';
  /**
   * Names this append, so that it happens once in its stream, however often and at whatever version it is tried: 1 to 100
   * visible ASCII characters. It leaves a mark beside the events, and makes their ids. Without one, an append that is tried
   * again at the same version is known by the ids of its events.
   * @default - none
   */
  readonly appendId?: string;
  /** @default - that of the message in hand (`with`), or a new one */
  readonly correlationId?: string;
  /** @default - the id of the message in hand (`with`) */
  readonly causationId?: string;
}

export interface Appended {
  /** Of the last event that was appended, and so of the stream at that moment. */
  readonly version: number;
  /** Whether an earlier try had appended them already. */
  readonly repeated: boolean;
}

export interface ReadOptions {
  /**
   * The first version.
   * @default 1
   */
  readonly from?: number;
  /**
   * The last version.
   * @default - to the end
   */
  readonly to?: number;
}

export type Reducer<S, E> = (state: S, event: RecordedEvent<E>) => S;
