import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import { itemOf, type StoredEvent } from '../../../lambda/runtime/event-log/stored';

export const stored = (streamId: string, version: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
  streamId,
  version,
  type: 'Added',
  data: `{"cents":${version}}`,
  id: `${streamId}-${version}`,
  at: '2026-11-24T10:00:00.000Z',
  correlationId: `c-${streamId}`,
  schemaVersion: 1,
  ...more,
});

/** As Lambda hands over what a table's stream tells. */
export const recordOf = (
  event: StoredEvent,
  sequence: number,
  eventName: DynamoDBRecord['eventName'] = 'INSERT',
): DynamoDBRecord => {
  const item = itemOf(event) as any;
  return {
    eventName,
    dynamodb: {
      Keys: { pk: item.pk, sk: item.sk },
      SequenceNumber: `1000000000000000000${String(sequence).padStart(6, '0')}`,
      ...(eventName !== 'REMOVE' && { NewImage: item }),
    },
  };
};

export const streamEvent = (...records: DynamoDBRecord[]): DynamoDBStreamEvent => ({ Records: records });

export const streamOf = (...events: StoredEvent[]): DynamoDBStreamEvent =>
  streamEvent(...events.map((event, i) => recordOf(event, i)));
