import { jsonBody } from '../producer/entry';
import { isSqsText } from '../sqs-characters';
import { InvalidEventError } from './errors';
import { MAX_EVENT_BYTES, messageOf } from './message';
import { type Item, itemOf, type StoredEvent } from './stored';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html */
export const MAX_ITEMS = 100;
const MAX_TRANSACTION_BYTES = 4_194_304;

const VISIBLE = /^[\x21-\x7e]+$/;

/** They become keys, message groups and attributes: what fits all of these. */
export function checkText(what: string, value: unknown, max: number): void {
  if (typeof value === 'string' && value.length <= max && VISIBLE.test(value)) return;
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value;
  throw new InvalidEventError(`${what}: got ${got}, expected 1 to ${max} visible ASCII characters`);
}

/** With its version, and with the id of a replay, it is an id for deduplication, which has 128 characters. */
export const checkStreamId = (streamId: unknown): void => checkText('streamId', streamId, 100);
export const checkAppendId = (appendId: unknown): void => checkText('appendId', appendId, 100);

export function checkCount(count: number): void {
  if (count >= 1 && count <= MAX_ITEMS) return;
  throw new InvalidEventError(`events: got ${count}, expected 1 to ${MAX_ITEMS}, since an append is one transaction`);
}

export function checkOrigin(what: string, value: unknown): void {
  if (typeof value === 'string' && value !== '' && value.length <= 256 && isSqsText(value)) return;
  throw new InvalidEventError(`${what}: expected text of 1 to 256 characters of XML 1.0`);
}

export function checkExpected(expected: unknown): void {
  if (expected === 'any' || expected === 'none' || (Number.isSafeInteger(expected) && (expected as number) >= 0))
    return;
  throw new InvalidEventError(`expectedVersion: got ${expected}, expected a whole number from 0, 'none' or 'any'`);
}

const bytesOf = (item: Item): number =>
  Object.entries(item).reduce(
    (sum, [name, { S, N }]) => sum + Buffer.byteLength(name) + Buffer.byteLength(S ?? N ?? ''),
    0,
  );

/** What is in the log must be able to leave it: SNS takes less than DynamoDB does. */
export function checkSizes(events: readonly StoredEvent[]): void {
  let sum = 0;
  events.forEach((event, i) => {
    // What is shorter than a third of the limit cannot exceed it in UTF-8, and it costs as much again to know exactly.
    if (event.data.length * 3 > MAX_EVENT_BYTES - 4_096) {
      const bytes = Buffer.byteLength(jsonBody(messageOf(event)));
      if (bytes > MAX_EVENT_BYTES) {
        throw new InvalidEventError(
          `event ${i}, ${event.type}: got ${bytes} bytes, expected ${MAX_EVENT_BYTES} at most, which is what SNS delivers; ` +
            'keep what is large elsewhere, and its address in the event',
        );
      }
    }
    sum += bytesOf(itemOf(event));
  });
  if (sum > MAX_TRANSACTION_BYTES) {
    throw new InvalidEventError(
      `events: got ${sum} bytes, expected ${MAX_TRANSACTION_BYTES} at most in a transaction; append fewer at a time`,
    );
  }
}
