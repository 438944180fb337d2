import type { Message } from '@aws-sdk/client-sqs';
import { ATTRIBUTE, ORIGIN } from '../../lib/private/contract';

/** A message of a dead-letter queue. */
export interface Letter {
  readonly id: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly reason: string;
  /** Milliseconds since the epoch; as far as can be known, when it came here. */
  readonly deadAt: number;
  readonly sentAt: number;
  readonly receiveCount: number;
  readonly groupId?: string;
  readonly correlationId?: string;
  /** Its attributes but ours, those that found no room among the ten included. */
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly traceHeader?: string;
  /** What our runtime says of where it comes from. */
  readonly origin: Origin;
}

export interface Attribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}

/** The parts of `DeadLetterContext` that are used here. */
interface Origin {
  readonly messageId?: string;
  readonly source?: string;
  readonly receiveCount?: number;
  readonly sentTimestamp?: number;
  readonly deadTimestamp?: number;
  readonly attributes?: Readonly<
    Record<string, { readonly dataType: string; readonly stringValue?: string; readonly binaryValue?: string }>
  >;
}

const json = (value: string | undefined): unknown => {
  try {
    return value === undefined ? undefined : JSON.parse(value);
  } catch {
    return undefined;
  }
};

const object = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

const OURS: ReadonlySet<string> = new Set([ATTRIBUTE.reason, ATTRIBUTE.context]);

export function letterOf({ MessageId, ReceiptHandle, Body = '', Attributes = {}, ...message }: Message): Letter {
  const all = message.MessageAttributes ?? {};
  const origin = object(json(all[ATTRIBUTE.context]?.StringValue)) as Origin;
  const sentAt = Number(Attributes.SentTimestamp) || 0;
  const attributes: Record<string, Attribute> = {};
  for (const [name, { dataType, stringValue, binaryValue }] of Object.entries(
    object(origin.attributes) as NonNullable<Origin['attributes']>,
  )) {
    attributes[name] =
      typeof binaryValue === 'string'
        ? { DataType: dataType, BinaryValue: Buffer.from(binaryValue, 'base64') }
        : { DataType: dataType, StringValue: stringValue ?? '' };
  }
  for (const [name, { DataType = 'String', StringValue, BinaryValue }] of Object.entries(all)) {
    if (!OURS.has(name)) attributes[name] = BinaryValue ? { DataType, BinaryValue } : { DataType, StringValue };
  }
  return {
    id: MessageId ?? '',
    receiptHandle: ReceiptHandle ?? '',
    body: Body,
    reason: all[ATTRIBUTE.reason]?.StringValue ?? recordReason(Body) ?? 'no reason given: moved by SQS or SNS',
    // A move by SQS keeps the first timestamp; there is no other.
    deadAt: origin.deadTimestamp ?? sentAt,
    sentAt: origin.sentTimestamp ?? sentAt,
    receiveCount: origin.receiveCount ?? (Number(Attributes.ApproximateReceiveCount) || 0),
    groupId: Attributes.MessageGroupId,
    correlationId: all[ORIGIN.correlationId]?.StringValue,
    attributes,
    traceHeader: Attributes.AWSTraceHeader,
    origin,
  };
}

/** Of Lambda's record of a failed invocation. */
function recordReason(body: string): string | undefined {
  const record = object(json(body));
  const { condition } = object(record.requestContext);
  if (typeof condition !== 'string' || !('requestPayload' in record)) return undefined;
  const { errorType, errorMessage } = object(record.responsePayload);
  return [condition, errorType, errorMessage].filter((part) => typeof part === 'string' && part !== '').join(': ');
}
