import type { KinesisStreamRecord } from 'aws-lambda/trigger/kinesis-stream';
import { kindOf } from '../envelope';
import { NO_HEADERS, notAStream, type StreamRecord, textOr, timeOf } from './record';

/** @throws TypeError if it lacks what it is reported or read by */
export function kinesisRecord(raw: KinesisStreamRecord, where: string): StreamRecord {
  const { kinesis, eventID, eventSourceARN } = raw;
  if (typeof kinesis?.sequenceNumber !== 'string' || kinesis.sequenceNumber === '') {
    throw notAStream(`${where} has no kinesis.sequenceNumber (got ${kindOf(raw)})`);
  }
  if (typeof kinesis.data !== 'string') {
    throw notAStream(`${where}.kinesis.data is not a string (got ${kindOf(kinesis.data)})`);
  }
  const { sequenceNumber, data, approximateArrivalTimestamp: arrived } = kinesis;
  const partitionKey = textOr(kinesis.partitionKey, '');
  const shardId = typeof eventID === 'string' ? eventID.split(':')[0] : undefined;
  const bytes = (): Buffer => Buffer.from(data, 'base64');
  return {
    id: textOr(eventID, sequenceNumber),
    itemIdentifier: sequenceNumber,
    line: '',
    key: partitionKey,
    location: {
      source: textOr(eventSourceARN, ''),
      shardId,
      sequenceNumber,
      partitionKey,
      arrivedAt: timeOf(typeof arrived === 'number' && arrived * 1000),
    },
    headers: NO_HEADERS,
    raw,
    bytes,
    read: (parse) => parse(bytes()),
  };
}
