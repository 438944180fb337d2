import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { MAX_MESSAGE_BYTES } from '../../lib/private/contract';
import { describe, sentence } from './describe';
import { isPermanent, retryAfterSeconds } from './errors';

/** What became of a record. */
export type Outcome =
  /** Handled: SQS may delete it. */
  | { readonly kind: 'done' }
  /** Comes back `after` that many seconds, or after the backoff. */
  | { readonly kind: 'retry'; readonly reason: string; readonly after?: number }
  /** Moves to the dead-letter queue. */
  | { readonly kind: 'dead'; readonly reason: string }
  /**
   * Was not to run: it comes back at once, with what blocks its group, or past `until`, milliseconds since the epoch; then
   * somewhat spread, unless the time is its own.
   */
  | { readonly kind: 'deferred'; readonly until?: number; readonly exact?: boolean };

export const DONE: Outcome = { kind: 'done' };
export const DEFERRED: Outcome = { kind: 'deferred' };

/** A number that SQS wrote as text; anything else is none. */
export const numberIn = (text: unknown): number => (typeof text === 'string' ? Number(text) : Number.NaN);

/** How often SQS has handed the record out, this time included. */
export const receiveCountOf = (record: SQSRecord): number => {
  const count = numberIn(record.attributes?.ApproximateReceiveCount);
  return Number.isInteger(count) ? Math.max(1, count) : 1;
};

// A generous guess at what a reason, where it came from and the attributes' names and types add.
const LETTER_OVERHEAD = 4_096;

/**
 * Whether a record is sure to leave room for a reason below SQS's size limit. It is asked before the next of its FIFO group
 * starts, so it may say no too often, never yes too often.
 */
export const hasRoom = ({ body, messageAttributes }: SQSRecord): boolean =>
  Buffer.byteLength(body) + Buffer.byteLength(JSON.stringify(messageAttributes ?? {})) + LETTER_OVERHEAD <=
  MAX_MESSAGE_BYTES;

export interface Judge {
  readonly maxReceiveCount: number;
  /** Whether the record can be sent to the dead-letter queue with its reason. */
  canMove(record: SQSRecord): boolean;
}

/**
 * What a failure makes of its record. The last receive is dead-lettered here instead of by SQS's redrive policy: so a dead
 * letter always says why, and the rest of a FIFO group does not spend its receives on a hopeless first.
 */
export function judge(
  record: SQSRecord,
  thrown: unknown,
  { maxReceiveCount, canMove }: Judge,
  receives = receiveCountOf(record),
): Outcome {
  const permanent = isPermanent(thrown);
  const description = describe(thrown);
  const reason = permanent ? description.message : sentence(description);
  if (permanent || receives >= maxReceiveCount) {
    if (canMove(record)) {
      return {
        kind: 'dead',
        reason: permanent ? reason : `retries exhausted after ${receives} receives: ${reason}`,
      };
    }
    // SQS moves it by its redrive policy when the receives are spent; waiting between them serves nobody.
    return { kind: 'retry', reason, after: 0 };
  }
  return { kind: 'retry', reason, after: retryAfterSeconds(thrown) };
}
