import type { SQSEvent, SQSRecord } from 'aws-lambda/trigger/sqs';

/** Cut short: whoever invokes by hand names them. */
const namesOf = (value: object): string =>
  Object.keys(value)
    .slice(0, 5)
    .map((name) => name.slice(0, 32))
    .join(', ');

/** What an input is instead of what it should be, without its content. */
export const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'object'
        ? `an object with ${namesOf(value) || 'no keys'}`
        : typeof value;

/**
 * The records of an SQS event.
 *
 * @throws TypeError if it is none. The batch then returns to the queue whole: without a messageId a record's failure
 * cannot be reported, and acknowledging what cannot be read would lose it.
 */
export function recordsOf(event: SQSEvent): SQSRecord[] {
  const records: unknown = event?.Records;
  if (!Array.isArray(records)) {
    throw new TypeError(
      `not an SQS event: got ${kindOf(event)}, expected Records; invoke this function through its queue`,
    );
  }
  for (let i = 0; i < records.length; i++) {
    const record = records[i];
    if (typeof record?.messageId !== 'string' || record.messageId === '') {
      throw new TypeError(`not an SQS event: Records[${i}] has no messageId (got ${kindOf(record)})`);
    }
    if (typeof record.body !== 'string') {
      throw new TypeError(`not an SQS event: Records[${i}].body is not a string (got ${kindOf(record.body)})`);
    }
  }
  return records as SQSRecord[];
}

/** Only FIFO queues have names that end so, and no standard queue may (its records may carry a MessageGroupId too). */
export const isFifo = (records: readonly SQSRecord[]): boolean => {
  const arn: unknown = records[0]?.eventSourceARN;
  return typeof arn === 'string' && arn.endsWith('.fifo');
};

export const groupOf = (record: SQSRecord): string => record.attributes?.MessageGroupId ?? '';
