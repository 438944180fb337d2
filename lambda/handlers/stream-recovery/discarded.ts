/** What Lambda has given up: a batch of a shard, or of partitions of Kafka. */
export interface Discarded {
  /** What it was given up for, as in RetryAttemptsExhausted. */
  readonly condition: string;
  readonly attempts: number | undefined;
  readonly batchSize: number | undefined;
  readonly from: Range | KafkaRanges;
}

/** Records of a shard, both ends included. */
export interface Range {
  readonly kind: 'kinesis' | 'dynamodb';
  readonly streamArn: string;
  readonly shardId: string;
  readonly start: string;
  readonly end: string;
}

export interface KafkaRanges {
  readonly kind: 'kafka';
  readonly source: string;
  /** Topics with their partitions, as in `orders-0`. */
  readonly partitions: readonly string[];
}

type Json = { readonly [name: string]: unknown } | undefined;

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const text = (object: Json, name: string): string => {
  const value = object?.[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`not what Lambda sends to a destination: got ${typeof value} for ${name}, expected text`);
};

/** Up to 56 digits with Kinesis, and 40 with DynamoDB. */
const SEQUENCE = /^\d{1,128}$/;
const sequence = (object: Json, name: string): string => {
  const value = text(object, name);
  if (SEQUENCE.test(value)) return value;
  throw new TypeError(
    `not what Lambda sends to a destination: got ${value.length} characters for ${name}, expected digits`,
  );
};

const rangeOf = (kind: Range['kind'], info: Json): Range => ({
  kind,
  // A consumer with enhanced fan-out is a part of its stream, and records are read from the stream.
  streamArn: text(info, 'streamArn').split('/consumer/')[0]!,
  shardId: text(info, 'shardId'),
  start: sequence(info, 'startSequenceNumber'),
  end: sequence(info, 'endSequenceNumber'),
});

const kafkaOf = (info: Json): KafkaRanges => ({
  kind: 'kafka',
  source: textOr(info?.eventSourceArn, [info?.bootstrapServers ?? ''].flat().join()),
  partitions: Object.keys((info?.recordsInfo as object | undefined) ?? {}),
});

/**
 * Reads what Lambda sends to a destination for failures.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
 *
 * @throws TypeError if it is none of these
 */
export function discardedOf(body: string): Discarded {
  let message: Json;
  try {
    message = JSON.parse(body);
  } catch {
    throw new TypeError('not what Lambda sends to a destination: got no JSON');
  }
  const { KinesisBatchInfo, DDBStreamBatchInfo, KafkaBatchInfo } = (message ?? {}) as Record<string, Json>;
  const info = KinesisBatchInfo ?? DDBStreamBatchInfo ?? KafkaBatchInfo;
  if (typeof info !== 'object' || info === null) {
    throw new TypeError('not what Lambda sends to a destination: got no batch of Kinesis, DynamoDB or Kafka');
  }
  const request = message?.requestContext as Json;
  return {
    condition: textOr(request?.condition, 'given up'),
    attempts: numberOf(request?.approximateInvokeCount),
    batchSize: numberOf(info.batchSize),
    from: KinesisBatchInfo ? rangeOf('kinesis', info) : DDBStreamBatchInfo ? rangeOf('dynamodb', info) : kafkaOf(info),
  };
}
