import {
  type _Record as DynamoDBRecord,
  type DynamoDBStreamsClient,
  GetRecordsCommand as GetChangesCommand,
  GetShardIteratorCommand as GetChangesIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { GetRecordsCommand, GetShardIteratorCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import type { Range } from './discarded';
import { type Found, GoneError } from './recovery';

const GONE = ['ResourceNotFoundException', 'TrimmedDataAccessException', 'InvalidArgumentException'];

/** Says of what the stream does not have any more that it is gone. */
const orGone = (error: unknown): never => {
  const { name, message } = error as Error;
  throw GONE.includes(name) ? new GoneError(`${name}: ${message}`) : error;
};

/** As much as was given up, and no more than a page has: often it is one record. */
const LIMIT = 1_000;
const limitOf = ({ start, end }: Range): number => (start === end ? 1 : LIMIT);

export async function* kinesisPages(client: KinesisClient, range: Range): AsyncGenerator<readonly Found[]> {
  const { streamArn: StreamARN, shardId: ShardId, start: StartingSequenceNumber } = range;
  const first = await client
    .send(
      new GetShardIteratorCommand({
        StreamARN,
        ShardId,
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        StartingSequenceNumber,
      }),
    )
    .catch(orGone);
  let iterator = first.ShardIterator;
  while (iterator !== undefined) {
    const {
      Records = [],
      NextShardIterator,
      MillisBehindLatest,
    } = await client
      .send(new GetRecordsCommand({ StreamARN, ShardIterator: iterator, Limit: limitOf(range) }))
      .catch(orGone);
    yield Records.map(({ SequenceNumber, PartitionKey, ApproximateArrivalTimestamp, Data }) => ({
      id: `${ShardId}:${SequenceNumber}`,
      sequenceNumber: SequenceNumber ?? '',
      partitionKey: PartitionKey,
      arrivedAt: ApproximateArrivalTimestamp?.getTime(),
      bytes: Buffer.from(Data ?? []),
    }));
    // A page may be empty with more behind it, but not at the tip of the shard.
    if (Records.length === 0 && !MillisBehindLatest) return;
    iterator = NextShardIterator;
  }
}

/** As Lambda writes it: bytes as base64, times as seconds. */
const lambdaJson = (value: object): string =>
  JSON.stringify(value, function (this: Record<string, unknown>, name, turned) {
    // Before they turn themselves into something else.
    const original = this[name];
    if (original instanceof Uint8Array) return Buffer.from(original).toString('base64');
    return original instanceof Date ? original.getTime() / 1000 : turned;
  });

/** The record as Lambda would have handed it over. */
export const changeJson = ({ userIdentity, ...record }: DynamoDBRecord, eventSourceARN: string): string =>
  lambdaJson({
    ...record,
    ...(userIdentity && { userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }),
    eventSourceARN,
  });

export async function* dynamodbPages(client: DynamoDBStreamsClient, range: Range): AsyncGenerator<readonly Found[]> {
  const { streamArn: StreamArn, shardId: ShardId, start: SequenceNumber } = range;
  const first = await client
    .send(
      new GetChangesIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'AT_SEQUENCE_NUMBER', SequenceNumber }),
    )
    .catch(orGone);
  let iterator = first.ShardIterator;
  // An open shard always has a next iterator: several empty pages in a row are its tip.
  for (let empty = 0; iterator !== undefined && empty < 5; ) {
    const { Records = [], NextShardIterator } = await client
      .send(new GetChangesCommand({ ShardIterator: iterator, Limit: limitOf(range) }))
      .catch(orGone);
    empty = Records.length === 0 ? empty + 1 : 0;
    yield Records.map((record) => ({
      id: record.eventID ?? record.dynamodb?.SequenceNumber ?? '',
      sequenceNumber: record.dynamodb?.SequenceNumber ?? '',
      partitionKey: lambdaJson(record.dynamodb?.Keys ?? {}),
      arrivedAt: record.dynamodb?.ApproximateCreationDateTime?.getTime(),
      bytes: Buffer.from(changeJson(record, StreamArn)),
    }));
    iterator = NextShardIterator;
  }
}
