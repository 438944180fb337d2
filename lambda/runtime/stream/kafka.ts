import type { MSKEvent, MSKRecord } from 'aws-lambda/trigger/msk';
import type { SelfManagedKafkaEvent } from 'aws-lambda/trigger/self-managed-kafka';
import { kindOf } from '../envelope';
import { NO_HEADERS, notAStream, type StreamRecord, textOr, timeOf } from './record';

export type KafkaEvent = MSKEvent | SelfManagedKafkaEvent;

/** Lambda gives a header's value as its bytes, signed. The last of one name wins. */
function headersOf({ headers }: MSKRecord): Readonly<Record<string, string>> {
  if (!Array.isArray(headers) || headers.length === 0) return NO_HEADERS;
  const texts: Record<string, string> = Object.create(null);
  for (const header of headers) {
    for (const [name, bytes] of Object.entries(header ?? {})) {
      texts[name] = Array.isArray(bytes)
        ? Buffer.from(bytes.filter(Number.isInteger)).toString('utf8')
        : textOr(bytes, '');
    }
  }
  return texts;
}

const textOf = (base64: unknown): string | undefined =>
  typeof base64 === 'string' ? Buffer.from(base64, 'base64').toString('utf8') : undefined;

function kafkaRecord(raw: MSKRecord, partition: string, where: string, source: string): StreamRecord {
  const { offset, key, value, timestamp } = raw ?? {};
  if (typeof offset !== 'number') throw notAStream(`${where} has no offset (got ${kindOf(raw)})`);
  // A record without a value is a tombstone: it says that what its key names is gone.
  if (value !== undefined && value !== null && typeof value !== 'string') {
    throw notAStream(`${where}.value is not a string (got ${kindOf(value)})`);
  }
  const bytes = (): Buffer | undefined => (typeof value === 'string' ? Buffer.from(value, 'base64') : undefined);
  return {
    id: `${partition}:${offset}`,
    itemIdentifier: { partition, offset },
    line: partition,
    // Without a key a partition has one order for all.
    key: `${partition}/${typeof key === 'string' ? `=${key}` : ''}`,
    location: {
      source,
      shardId: partition,
      sequenceNumber: String(offset),
      partitionKey: textOf(key),
      arrivedAt: timeOf(timestamp),
    },
    headers: headersOf(raw),
    raw,
    bytes,
    read: (parse) => {
      const data = bytes();
      return data === undefined ? null : parse(data);
    },
  };
}

/** @throws TypeError if a record lacks what it is reported or read by */
export function kafkaRecords(event: KafkaEvent): StreamRecord[] {
  const { records, bootstrapServers } = event;
  if (typeof records !== 'object' || records === null || Array.isArray(records)) {
    throw notAStream(`records is not an object (got ${kindOf(records)})`);
  }
  const source = textOr('eventSourceArn' in event ? event.eventSourceArn : bootstrapServers, '');
  return Object.entries(records).flatMap(([partition, list]) => {
    if (!Array.isArray(list)) throw notAStream(`records.${partition} is not a list (got ${kindOf(list)})`);
    return list.map((raw, i) => kafkaRecord(raw, partition, `records.${partition}[${i}]`, source));
  });
}
