import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { EVENT_LOG_SHARDS, EVENT_LOG_TABLE } from '../../../lib/private/contract';
import { UnreadableEventError } from './errors';
import type { Recorded } from './types';

/** An event as it is stored: its data is text. */
export interface StoredEvent extends Recorded {
  readonly type: string;
  /**
   * JSON. As text, not as a map: every value of JSON comes back as it was, empty ones and nested ones included, it costs one
   * attribute to write and to read, and who only passes it on need not parse it.
   */
  readonly data: string;
}

export type Item = Record<string, AttributeValue>;

const DIGITS = 16;
/** The largest number of a version has so many digits; as text they sort as the numbers do. */
export const versionKey = (version: number): string => String(version).padStart(DIGITS, '0');
/** Sorts after every version, and before everything else that is in a stream's partition. */
export const AFTER_VERSIONS = 'a';
export const appendKey = (appendId: string): string => `append#${appendId}`;

/** Of 32 bits. http://www.isthe.com/chongo/tech/comp/fnv/ */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Which shard of the index a stream is in. */
export const shardOf = (streamId: string): string => String(hash(streamId) % EVENT_LOG_SHARDS);

export function itemOf(event: StoredEvent): Item {
  const sk = versionKey(event.version);
  const item: Item = {
    [EVENT_LOG_TABLE.stream]: { S: event.streamId },
    [EVENT_LOG_TABLE.version]: { S: sk },
    [EVENT_LOG_TABLE.type]: { S: event.type },
    data: { S: event.data },
    id: { S: event.id },
    at: { S: event.at },
    correlationId: { S: event.correlationId },
    schemaVersion: { N: String(event.schemaVersion) },
    [EVENT_LOG_TABLE.shard]: { S: shardOf(event.streamId) },
    // Of events of one moment the index would not say which is first.
    [EVENT_LOG_TABLE.time]: { S: `${event.at}#${sk}` },
  };
  if (event.causationId !== undefined) item.causationId = { S: event.causationId };
  return item;
}

const textIn = (item: Item, name: string): string => {
  const text = item[name]?.S;
  if (typeof text === 'string') return text;
  throw new UnreadableEventError(
    String(item[EVENT_LOG_TABLE.stream]?.S),
    Number(item[EVENT_LOG_TABLE.version]?.S),
    `its row has no ${name}, as it would if somebody had written it by hand`,
  );
};

/** @throws UnreadableEventError if the row is no event */
export function storedOf(item: Item): StoredEvent {
  const causationId = item.causationId?.S;
  return {
    streamId: textIn(item, EVENT_LOG_TABLE.stream),
    version: Number(textIn(item, EVENT_LOG_TABLE.version)),
    type: textIn(item, EVENT_LOG_TABLE.type),
    data: textIn(item, 'data'),
    id: textIn(item, 'id'),
    at: textIn(item, 'at'),
    correlationId: textIn(item, 'correlationId'),
    ...(causationId !== undefined && { causationId }),
    schemaVersion: Number(item.schemaVersion?.N),
  };
}
