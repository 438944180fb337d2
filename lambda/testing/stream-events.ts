import type { AttributeValue, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import type { KinesisStreamEvent } from 'aws-lambda/trigger/kinesis-stream';
import type { MSKEvent } from 'aws-lambda/trigger/msk';

/** A record of a `kinesisEvent`. Only the data is needed. */
export interface KinesisRecord {
  /** Text and bytes are taken as they are, anything else is written as JSON. */
  readonly data: unknown;
  /** @default - the record's position: every record has a key of its own */
  readonly partitionKey?: string;
  /** @default - by position */
  readonly sequenceNumber?: string;
}

export interface StreamEventOptions {
  /** When the records were put. @default - now */
  readonly arrivedAt?: Date;
  /** Of Kinesis. @default 'shardId-000000000000' */
  readonly shardId?: string;
}

const bytesOf = (data: unknown): Buffer =>
  data instanceof Uint8Array ? Buffer.from(data) : Buffer.from(typeof data === 'string' ? data : JSON.stringify(data));

const sequence = (i: number): string => `4954${String(i).padStart(20, '0')}`;

/**
 * The event that Lambda would hand to a stream worker for these records of Kinesis.
 *
 * @example
 * const reply = await handler(kinesisEvent([{ data: { orderId: 'o-1' }, partitionKey: 'o-1' }]));
 * expect(reply.batchItemFailures).toEqual([]);
 */
export function kinesisEvent(
  records: readonly KinesisRecord[],
  { arrivedAt = new Date(), shardId = 'shardId-000000000000' }: StreamEventOptions = {},
): KinesisStreamEvent {
  return {
    Records: records.map(({ data, partitionKey, ...record }, i) => {
      const sequenceNumber = record.sequenceNumber ?? sequence(i);
      return {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: partitionKey ?? String(i),
          sequenceNumber,
          data: bytesOf(data).toString('base64'),
          approximateArrivalTimestamp: arrivedAt.getTime() / 1000,
        },
        eventSource: 'aws:kinesis',
        eventVersion: '1.0',
        eventID: `${shardId}:${sequenceNumber}`,
        eventName: 'aws:kinesis:record',
        invokeIdentityArn: 'arn:aws:iam::123456789012:role/function',
        awsRegion: 'us-east-1',
        eventSourceARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/stream',
      };
    }),
  };
}

/** A record of a `dynamodbEvent`: items in plain JavaScript. */
export interface DynamodbRecord {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly newImage?: Readonly<Record<string, unknown>>;
  readonly oldImage?: Readonly<Record<string, unknown>>;
  /** @default - what the images say */
  readonly eventName?: 'INSERT' | 'MODIFY' | 'REMOVE';
}

const attribute = (type: string, value: unknown): AttributeValue => ({ [type]: value }) as never;

function marshall(value: unknown): AttributeValue {
  if (value === null || value === undefined) return attribute('NULL', true);
  if (typeof value === 'string') return attribute('S', value);
  if (typeof value === 'boolean') return attribute('BOOL', value);
  if (typeof value === 'number' || typeof value === 'bigint') return attribute('N', String(value));
  if (value instanceof Uint8Array) return attribute('B', Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return attribute('L', value.map(marshall));
  if (value instanceof Set) {
    const members = [...value].map((member) => Object.entries(marshall(member))[0]!);
    return attribute(
      `${members[0]?.[0] ?? 'S'}S`,
      members.map(([, member]) => member),
    );
  }
  return attribute('M', item(value as Record<string, unknown>));
}

const item = (values: Readonly<Record<string, unknown>>): Record<string, AttributeValue> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, marshall(value)]));

/** The event that Lambda would hand to a stream worker for these changes in a table of DynamoDB. */
export function dynamodbEvent(
  changes: readonly DynamodbRecord[],
  { arrivedAt = new Date() }: StreamEventOptions = {},
): DynamoDBStreamEvent {
  return {
    Records: changes.map(
      ({ keys, newImage, oldImage, eventName }, i): DynamoDBRecord => ({
        eventID: `event-${i}`,
        eventName: eventName ?? (newImage ? (oldImage ? 'MODIFY' : 'INSERT') : 'REMOVE'),
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'us-east-1',
        dynamodb: {
          ApproximateCreationDateTime: Math.floor(arrivedAt.getTime() / 1000),
          Keys: item(keys),
          ...(newImage && { NewImage: item(newImage) }),
          ...(oldImage && { OldImage: item(oldImage) }),
          SequenceNumber: String(111 + i),
          SizeBytes: 26,
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
        eventSourceARN: 'arn:aws:dynamodb:us-east-1:123456789012:table/table/stream/2026-01-01T00:00:00.000',
      }),
    ),
  };
}

/** A record of a `kafkaEvent`. */
export interface KafkaRecord {
  /** Text and bytes are taken as they are, anything else is written as JSON; nothing is a tombstone. */
  readonly value?: unknown;
  /** @default - none */
  readonly key?: string;
  /** @default 'topic' */
  readonly topic?: string;
  /** @default 0 */
  readonly partition?: number;
  /** @default - by position */
  readonly offset?: number;
  /** @default - none */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The event that Lambda would hand to a stream worker for these records of Kafka. */
export function kafkaEvent(
  records: readonly KafkaRecord[],
  { arrivedAt = new Date() }: StreamEventOptions = {},
): MSKEvent {
  const made: MSKEvent['records'] = {};
  records.forEach(({ value, key, topic = 'topic', partition = 0, offset, headers = {} }, i) => {
    const name = `${topic}-${partition}`;
    made[name] ??= [];
    made[name].push({
      topic,
      partition,
      offset: offset ?? i,
      timestamp: arrivedAt.getTime(),
      timestampType: 'CREATE_TIME',
      ...(key !== undefined && { key: Buffer.from(key).toString('base64') }),
      ...(value !== undefined && { value: bytesOf(value).toString('base64') }),
      headers: Object.entries(headers).map(([header, text]) => ({ [header]: [...Buffer.from(text)] })),
    } as MSKEvent['records'][string][number]);
  });
  return {
    eventSource: 'aws:kafka',
    eventSourceArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/cluster/9c8ad5a3-2f5d-4e0b-8f7e-000000000000-1',
    bootstrapServers: 'b-1.cluster.example:9098',
    records: made,
  };
}
