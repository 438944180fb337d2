import type { AttributeValue as SdkValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda/trigger/dynamodb-stream';
import { EVENT_LOG_TABLE } from '../../../lib/private/contract';
import { type StoredEvent, storedOf } from '../../runtime/event-log/stored';

/** A change of the log's table, as its stream tells it. */
export interface Change {
  readonly sequenceNumber: string;
  /** What was appended; missing if it is no event that was appended. */
  readonly event?: StoredEvent;
  /** Keys of a row that was changed or deleted, which nobody may. */
  readonly tampered?: { readonly streamId: string | undefined; readonly version: string | undefined };
}

const { stream, version, type } = EVENT_LOG_TABLE;

export const changesOf = (records: readonly DynamoDBRecord[]): Change[] =>
  records.map(({ eventName, dynamodb = {} }) => {
    const { Keys = {}, NewImage, SequenceNumber = '' } = dynamodb;
    if (eventName !== 'INSERT') {
      return {
        sequenceNumber: SequenceNumber,
        tampered: { streamId: Keys[stream]?.S, version: Keys[version]?.S },
      };
    }
    // What remembers an append is no event.
    return NewImage?.[type]
      ? { sequenceNumber: SequenceNumber, event: storedOf(NewImage as Record<string, SdkValue>) }
      : { sequenceNumber: SequenceNumber };
  });
