import type { DynamoDBRecord } from 'aws-lambda/trigger/dynamodb-stream';
import { EVENT_LOG_TABLE } from '../../../lib/private/contract';
import { type Item, type StoredEvent, storedOf } from '../../runtime/event-log/stored';
import { sound } from './sound';

/** A change of the log's table, as its stream tells it. */
export interface Change {
  readonly sequenceNumber: string;
  /** What was appended; missing if it is no event that was appended. */
  readonly event?: StoredEvent;
  /** Keys of a row that was changed or deleted, or written as no event is, which nobody may. */
  readonly tampered?: { readonly streamId: string | undefined; readonly version: string | undefined };
}

const { stream, version, type } = EVENT_LOG_TABLE;

/** An event of the log; nothing if the row is none, or one that nobody could be sent. */
export function eventIn(item: Item): StoredEvent | undefined {
  try {
    return sound(storedOf(item));
  } catch {
    return undefined;
  }
}

export const changesOf = (records: readonly DynamoDBRecord[]): Change[] =>
  records.map(({ eventName, dynamodb = {} }) => {
    const { Keys = {}, NewImage, SequenceNumber: sequenceNumber = '' } = dynamodb;
    const tampered = { sequenceNumber, tampered: { streamId: Keys[stream]?.S, version: Keys[version]?.S } };
    if (eventName !== 'INSERT') return tampered;
    // What remembers an append is no event.
    if (!NewImage?.[type]) return { sequenceNumber };
    // Not of our making: what waits behind it must not wait until it is forgotten.
    const event = eventIn(NewImage as Item);
    return event ? { sequenceNumber, event } : tampered;
  });
