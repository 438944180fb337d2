import type { DynamoDBRecord } from 'aws-lambda/trigger/dynamodb-stream';
import type { KinesisStreamRecord } from 'aws-lambda/trigger/kinesis-stream';
import type { MSKRecord } from 'aws-lambda/trigger/msk';

/** What the reply to Lambda names a record by. */
export type ItemIdentifier = string | { readonly partition: string; readonly offset: number };

/** Where a record is. */
export interface Location {
  /** ARN of the stream or the cluster; of a cluster without one its bootstrap servers. */
  readonly source: string;
  /** The shard, or of Kafka the topic and its partition (`orders-0`); DynamoDB does not tell it. */
  readonly shardId?: string;
  /** Of Kafka the offset. */
  readonly sequenceNumber: string;
  /** Of DynamoDB the item's keys as JSON. */
  readonly partitionKey?: string;
  /** Milliseconds since the epoch. */
  readonly arrivedAt?: number;
}

/** A record of any stream, as far as it matters what becomes of it. */
export interface StreamRecord {
  /** Unique in its stream: what lines of the log name it by. */
  readonly id: string;
  readonly itemIdentifier: ItemIdentifier;
  /** What has a checkpoint of its own: the shard, a partition of Kafka. */
  readonly line: string;
  /** Records of one key are handled in their order. */
  readonly key: string;
  readonly location: Location;
  /** Headers of Kafka. */
  readonly headers: Readonly<Record<string, string>>;
  /** The record as Lambda handed it over. */
  readonly raw: KinesisStreamRecord | DynamoDBRecord | MSKRecord;
  /** What is kept of the record when it is dead; nothing for a tombstone of Kafka. */
  bytes(): Buffer | undefined;
  /** What the handler gets. */
  read(parse: (data: Buffer) => unknown): unknown;
}

/** A tumbling window, as Lambda tells of it. */
export interface TumblingWindow {
  readonly start: string;
  readonly end: string;
}

/** An event of a stream. */
export interface StreamBatch {
  readonly records: readonly StreamRecord[];
  /** Missing without tumbling windows. */
  readonly window?: {
    readonly bounds: TumblingWindow;
    readonly state: unknown;
    readonly shardId: string | undefined;
    /** The last invocation of the window, or of what fits its state. */
    readonly last: boolean;
    /** The state has grown past what Lambda carries: the window goes on with a fresh one. */
    readonly early: boolean;
  };
}

export const NO_HEADERS: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze(
  /* @__PURE__ */ Object.create(null),
);

/** A text that names something, or what stands for it. */
export const textOr = <T>(value: unknown, otherwise: T): string | T => (typeof value === 'string' ? value : otherwise);

/** The last time that there is. */
const LATEST = 8.64e15;

/** Milliseconds since the epoch, if it is a time: with Kafka the sender writes what it likes. */
export const timeOf = (ms: unknown): number | undefined =>
  typeof ms === 'number' && ms > 0 && ms <= LATEST ? Math.round(ms) : undefined;

export const notAStream = (problem: string): TypeError =>
  new TypeError(`not an event of a stream: ${problem}; invoke this function through its event source mapping`);
