import type { SendAttribute } from '../dead-letter';
import { attributeBytes, attributeOf, checkedText, numberAttribute, textAttribute } from './attributes';
import type { PayloadSpec, ScheduleSpec } from './connection';
import type { SenderEdge } from './edge';
import { Refused } from './errors';
import { POINTER_SIZE_ATTRIBUTE } from './pointer';
import type { Lineage } from './trace';
import type { SendOptions } from './types';

/** A message as SendMessageBatch takes it; for SNS it is renamed. */
export interface Entry {
  /** Of its place in the request that it is in. */
  Id: string;
  MessageBody: string;
  readonly MessageAttributes: Record<string, SendAttribute>;
  MessageSystemAttributes?: { readonly AWSTraceHeader: SendAttribute };
  readonly MessageGroupId: string | undefined;
  readonly MessageDeduplicationId: string | undefined;
  DelaySeconds: number | undefined;
}

/** Where messages go, and what that place takes. */
export interface Target {
  readonly kind: 'queue' | 'topic';
  readonly fifo: boolean;
  /** Of a message and of a request, attributes included. */
  readonly maxBytes: number;
  readonly payloads?: PayloadSpec;
  readonly schedule?: ScheduleSpec;
}

/** A message that is ready to go, or almost. */
export interface Draft {
  readonly entry: Entry;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  /** Its correlation id was made for it, and says no more than that it is the first of its line. */
  readonly isFirst: boolean;
  /** What it weighs in a request. */
  bytes: number;
  /** Its body is to be stored first. */
  readonly offload: boolean;
  /** It is to wait in a schedule until then, milliseconds since the epoch. */
  readonly scheduleAt: number | undefined;
}

export const CORRELATION_ID = 'CorrelationId';
export const CAUSATION_ID = 'CausationId';
export const TRACEPARENT = 'traceparent';

const OURS: ReadonlySet<string> = new Set([CORRELATION_ID, CAUSATION_ID, TRACEPARENT, POINTER_SIZE_ATTRIBUTE]);
const CORRELATION_BYTES = /* @__PURE__ */ attributeBytes(CORRELATION_ID, /* @__PURE__ */ textAttribute(''));
const MAX_ATTRIBUTES = 10;
const MAX_DELAY = 900;

// JSON may hold these two in the clear, and SQS takes neither.
const escaped = (body: string): string => body.replaceAll('\uFFFE', '\\ufffe').replaceAll('\uFFFF', '\\uffff');

/** @throws Refused if JSON cannot hold the message */
export function jsonBody(message: unknown): string {
  let body: string | undefined;
  try {
    body = JSON.stringify(message);
  } catch (error) {
    throw new Refused('InvalidMessage', `cannot be written as JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (body === undefined) {
    throw new Refused('InvalidMessage', `got ${typeof message}, expected a value that JSON can hold`);
  }
  return body.includes('\uFFFE') || body.includes('\uFFFF') ? escaped(body) : body;
}

const GROUP = /^[\x21-\x7e]{1,128}$/;

const checkedId = (name: string, value: string): string => {
  if (typeof value === 'string' && GROUP.test(value)) return value;
  const got = typeof value === 'string' ? `${value.length} characters` : typeof value;
  throw new Refused(
    'InvalidOptions',
    `${name}: got ${got}, expected 1 to 128 visible ASCII characters; hash what is longer`,
  );
};

/** The message group of a message. @throws Refused if it has none and needs one, or the other way round */
export function groupOf(target: Pick<Target, 'fifo' | 'kind'>, options: SendOptions): string | undefined {
  const { tenant, groupId, deduplicationId } = options;
  if (target.fifo) {
    if (tenant !== undefined) {
      throw new Refused(
        'InvalidOptions',
        `tenant: is for standard ${target.kind}s, expected groupId on this FIFO ${target.kind}`,
      );
    }
    if (groupId === undefined) {
      throw new Refused(
        'InvalidOptions',
        `groupId: got none, expected one: this ${target.kind} is FIFO and keeps order by group`,
      );
    }
    return checkedId('groupId', groupId);
  }
  if (groupId !== undefined || deduplicationId !== undefined) {
    const name = groupId === undefined ? 'deduplicationId' : 'groupId';
    throw new Refused(
      'InvalidOptions',
      `${name}: is for FIFO, and this ${target.kind} is not; a fair ${target.kind} takes a tenant`,
    );
  }
  return tenant === undefined ? undefined : checkedId('tenant', tenant);
}

/** When a message goes: now, after so many seconds in the queue, or from a schedule. @throws Refused if it cannot wait so */
export function timing(
  { kind, fifo, schedule }: Target,
  { delay, at }: SendOptions,
  now: number,
): { delay?: number; scheduleAt?: number } {
  if (delay === undefined && at === undefined) return {};
  if (kind === 'topic') throw new Refused('InvalidOptions', 'delay, at: got one, expected none: SNS delivers at once');
  if (delay !== undefined) {
    if (at !== undefined) throw new Refused('InvalidOptions', 'delay, at: got both, expected one of them');
    if (!Number.isInteger(delay) || delay < 0 || delay > MAX_DELAY) {
      throw new Refused(
        'InvalidOptions',
        `delay: got ${delay}, expected whole seconds, 0 to ${MAX_DELAY}; at takes later times`,
      );
    }
    if (fifo)
      throw new Refused('InvalidOptions', 'delay: a FIFO queue delays no single message, expected none; at can');
    return { delay };
  }
  const time = at instanceof Date ? at.getTime() : Number.NaN;
  if (Number.isNaN(time)) throw new Refused('InvalidOptions', `at: got ${at}, expected a valid Date`);
  const seconds = Math.ceil((time - now) / 1000);
  if (seconds <= 0) return {};
  if (!fifo && seconds <= MAX_DELAY) return { delay: seconds };
  if (schedule === undefined) {
    throw new Refused(
      'InvalidOptions',
      `at: got ${new Date(time).toISOString()}, which SQS cannot wait for, and no schedule group; enable schedules in worker.connectProducer`,
    );
  }
  return { scheduleAt: time };
}

/** @throws Refused if the stored body would be gone before the schedule is due */
function checkWait({ maxWait }: PayloadSpec, scheduleAt: number | undefined, now: number): void {
  if (maxWait === undefined || scheduleAt === undefined || scheduleAt - now <= maxWait * 1000) return;
  throw new Refused(
    'InvalidOptions',
    `at: got ${new Date(scheduleAt).toISOString()} for a body that is stored, expected at most ${maxWait} seconds from now, ` +
      'or it would be gone; raise the expiration of the payload store',
  );
}

/** What a draft needs of the world. */
export interface DraftEdge extends Pick<SenderEdge, 'now' | 'traceparent'> {
  /** For a message that nobody correlated. */
  newId(): string;
}

/** Makes of a message and its options what travels. @throws Refused if it cannot */
export function draftOf(
  target: Target,
  message: unknown,
  options: SendOptions,
  lineage: Lineage | undefined,
  edge: DraftEdge,
): Draft {
  const body = jsonBody(message);
  const group = groupOf(target, options);
  const { delay, scheduleAt } = timing(target, options, edge.now());

  const correlationId =
    options.correlationId === undefined
      ? (lineage?.correlationId ?? edge.newId())
      : checkedText('correlationId', options.correlationId);
  const attributes: Record<string, SendAttribute> = { [CORRELATION_ID]: textAttribute(correlationId) };
  let count = 1;
  let bytes = CORRELATION_BYTES + Buffer.byteLength(correlationId);
  const add = (name: string, attribute: SendAttribute): void => {
    attributes[name] = attribute;
    count++;
    bytes += attributeBytes(name, attribute);
  };
  const causationId = options.causationId ?? lineage?.causationId;
  if (causationId !== undefined) add(CAUSATION_ID, textAttribute(checkedText('causationId', causationId)));
  const traceparent = options.traceparent ?? edge.traceparent() ?? lineage?.traceparent;
  if (traceparent !== undefined) add(TRACEPARENT, textAttribute(checkedText('traceparent', traceparent)));
  const ours = count;
  for (const name in options.attributes) add(name, attributeOf(name, options.attributes[name]!, OURS));

  const bodyBytes = Buffer.byteLength(body);
  const { payloads, maxBytes } = target;
  const offload = payloads !== undefined && (bodyBytes > payloads.threshold || bodyBytes + bytes > maxBytes);
  if (offload) {
    add(POINTER_SIZE_ATTRIBUTE, numberAttribute(bodyBytes));
    checkWait(payloads, scheduleAt, edge.now());
  } else if (bodyBytes + bytes > maxBytes) {
    throw new Refused(
      'MessageTooLong',
      `got ${bodyBytes} bytes and ${bytes} of attributes, expected at most ${maxBytes} together; a payload store takes larger bodies`,
    );
  }
  if (count > MAX_ATTRIBUTES) {
    const added = offload ? ours + 1 : ours;
    throw new Refused(
      'InvalidOptions',
      `attributes: got ${count - added} and ${added} of the producer's, expected at most ${MAX_ATTRIBUTES} together`,
    );
  }
  return {
    entry: {
      Id: '',
      MessageBody: body,
      MessageAttributes: attributes,
      MessageGroupId: group,
      MessageDeduplicationId:
        options.deduplicationId === undefined ? undefined : checkedId('deduplicationId', options.deduplicationId),
      DelaySeconds: delay,
    },
    correlationId,
    causationId,
    isFirst: options.correlationId === undefined && lineage?.correlationId === undefined,
    bytes: bytes + bodyBytes,
    offload,
    scheduleAt,
  };
}
