import { EVENT, type PayloadPlace } from '../../../lib/private/contract';
import { PermanentError } from '../errors';
import { POINTER_SIZE_ATTRIBUTE, type Pointer, readPointer } from '../producer/pointer';
import type { Lineage } from '../producer/trace';
import { isSqsText } from '../sqs-characters';

/** What an event says of where it comes from. */
export interface EventOrigin extends Lineage {
  /** When it was invoked with, milliseconds since the epoch. */
  readonly sentAt?: number;
  /** Its payload is a pointer to one of so many bytes. */
  readonly stored?: number;
}

/** An event as a function receives it. */
export interface ReceivedEvent {
  readonly origin: EventOrigin;
  readonly payload: unknown;
}

const MAX_TEXT = 256;

/** The event that carries a payload, which is JSON already. */
export const eventOf = (origin: EventOrigin, payload: string): string =>
  `{${JSON.stringify(EVENT.origin)}:${JSON.stringify(origin)},${JSON.stringify(EVENT.payload)}:${payload}}`;

/** Anybody may invoke a function with anything: only what an invoker has wrapped is unwrapped. */
export function readEvent(event: unknown): ReceivedEvent {
  if (typeof event === 'object' && event !== null && EVENT.origin in event && EVENT.payload in event) {
    const wrapped = event as { [EVENT.origin]: unknown; [EVENT.payload]: unknown };
    return { origin: originOf(wrapped[EVENT.origin]), payload: wrapped[EVENT.payload] };
  }
  return { origin: {}, payload: event };
}

/** What can travel on as an attribute: what is sent on its behalf would be refused for it. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && isSqsText(value) ? value : undefined;
const size = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
/** Not one that is before or after all that there is. */
const time = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 && value <= 8.64e15 ? value : undefined;

const originOf = (value: unknown): EventOrigin => {
  const claims = (typeof value === 'object' && value !== null ? value : {}) as Record<keyof EventOrigin, unknown>;
  return {
    correlationId: text(claims.correlationId),
    causationId: text(claims.causationId),
    traceparent: text(claims.traceparent),
    sentAt: time(claims.sentAt),
    stored: size(claims.stored),
  };
};

/** No text for what is no pointer, and may be too deep to be written. */
const pointerText = (payload: unknown): string => {
  try {
    return JSON.stringify(payload) ?? '';
  } catch {
    return '';
  }
};

/**
 * Where a payload lies that was too large to travel, or nothing if it came along.
 *
 * @throws PermanentError if it lies where this function does not read
 */
export function storedPayload(
  { origin, payload }: ReceivedEvent,
  places: readonly PayloadPlace[],
): Pointer | undefined {
  if (origin.stored === undefined) return undefined;
  if (places.length === 0) {
    throw new PermanentError('its payload is stored, and this function reads no payload store: connect it to one');
  }
  const mark = { dataType: 'Number', stringValue: String(origin.stored) };
  return readPointer(pointerText(payload), { [POINTER_SIZE_ATTRIBUTE]: mark }, places);
}
