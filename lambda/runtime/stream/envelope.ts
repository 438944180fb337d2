import type { DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import type { KinesisStreamEvent } from 'aws-lambda/trigger/kinesis-stream';
import { kindOf } from '../envelope';
import { dynamodbRecord } from './dynamodb';
import { type KafkaEvent, kafkaRecords } from './kafka';
import { kinesisRecord } from './kinesis';
import { notAStream, type StreamBatch, type StreamRecord, textOr } from './record';

export type StreamEvent = KinesisStreamEvent | DynamoDBStreamEvent | KafkaEvent;

/** The part of an event that says in which tumbling window it is. */
interface WindowPart {
  readonly window?: { readonly start?: unknown; readonly end?: unknown };
  readonly state?: unknown;
  readonly shardId?: unknown;
  readonly isFinalInvokeForWindow?: unknown;
  readonly isWindowTerminatedEarly?: unknown;
}

function windowOf(event: WindowPart): StreamBatch['window'] {
  const { window } = event;
  if (window === undefined || window === null) return undefined;
  if (typeof window !== 'object') throw notAStream(`window is not an object (got ${kindOf(window)})`);
  const early = event.isWindowTerminatedEarly === true;
  return {
    bounds: { start: textOr(window.start, ''), end: textOr(window.end, '') },
    state: event.state,
    shardId: typeof event.shardId === 'string' ? event.shardId : undefined,
    last: event.isFinalInvokeForWindow === true || early,
    early,
  };
}

const READERS: Readonly<Record<string, (raw: never, where: string) => StreamRecord>> = {
  'aws:kinesis': kinesisRecord,
  'aws:dynamodb': dynamodbRecord,
};

/** Of what is named in an error, in characters. */
const MAX_NAME = 64;

function recordOf(raw: unknown, i: number): StreamRecord {
  const { eventSource } = (raw ?? {}) as { eventSource?: unknown };
  const read =
    typeof eventSource === 'string' && Object.hasOwn(READERS, eventSource) ? READERS[eventSource] : undefined;
  if (!read) {
    const source = typeof eventSource === 'string' ? JSON.stringify(eventSource.slice(0, MAX_NAME)) : 'no eventSource';
    throw notAStream(`Records[${i}] is of ${source} (got ${kindOf(raw)})`);
  }
  return read(raw as never, `Records[${i}]`);
}

/**
 * The records of an event of Kinesis, DynamoDB streams or Kafka.
 *
 * @throws TypeError if it is none. The batch then comes back whole: what cannot be named cannot be reported, and moving past
 * what cannot be read would lose it.
 */
export function batchOf(event: StreamEvent): StreamBatch {
  const { eventSource, Records } = (event ?? {}) as { eventSource?: unknown; Records?: unknown };
  if (eventSource === 'aws:kafka' || eventSource === 'SelfManagedKafka') {
    return { records: kafkaRecords(event as KafkaEvent) };
  }
  if (!Array.isArray(Records)) throw notAStream(`got ${kindOf(event)}, expected Records`);
  return { records: Records.map(recordOf), window: windowOf(event as WindowPart) };
}
