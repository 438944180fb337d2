import type { _Record as KinesisRecord } from '@aws-sdk/client-kinesis';

/** What Lambda makes of a record that a shard hands over. */
export const kinesisEventOf = (
  { SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp }: KinesisRecord,
  shardId: string,
  eventSourceARN: string,
) => ({
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey: PartitionKey,
    sequenceNumber: SequenceNumber,
    data: Buffer.from(Data!).toString('base64'),
    approximateArrivalTimestamp: ApproximateArrivalTimestamp!.getTime() / 1000,
  },
  eventSource: 'aws:kinesis',
  eventVersion: '1.0',
  eventID: `${shardId}:${SequenceNumber}`,
  eventName: 'aws:kinesis:record',
  eventSourceARN,
});
