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
  readonly attributes: Readonly<Record<string, Attribute>>;
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

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
/** Not one beyond all times. */
const numberIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) <= 8.64e15 ? value : undefined;

/** What a sender wrote under our name, if SQS moved the message, is no more than what can be read of it. */
function originOf(context: string | undefined): Origin {
  const { messageId, source, receiveCount, sentTimestamp, deadTimestamp, attributes } = object(json(context));
  return {
    messageId: textIn(messageId),
    source: textIn(source),
    receiveCount: numberIn(receiveCount),
    sentTimestamp: numberIn(sentTimestamp),
    deadTimestamp: numberIn(deadTimestamp),
    attributes: Object.fromEntries(
      Object.entries(object(attributes)).flatMap(([name, value]) => {
        const { dataType, stringValue, binaryValue } = object(value);
        const type = textIn(dataType);
        const text = textIn(stringValue);
        const bytes = textIn(binaryValue);
        if (type === undefined || (text ?? bytes) === undefined) return [];
        return [
          [
            name,
            bytes === undefined
              ? { DataType: type, StringValue: text }
              : { DataType: type, BinaryValue: Buffer.from(bytes, 'base64') },
          ],
        ];
      }),
    ),
  };
}

export function letterOf({ MessageId, ReceiptHandle, Body = '', Attributes = {}, ...message }: Message): Letter {
  const all = message.MessageAttributes ?? {};
  const origin = originOf(all[ATTRIBUTE.context]?.StringValue);
  const sentAt = numberIn(Number(Attributes.SentTimestamp)) ?? 0;
  const attributes = Object.fromEntries([
    ...Object.entries(origin.attributes),
    ...Object.entries(all).flatMap(
      ([name, { DataType = 'String', StringValue, BinaryValue }]): [string, Attribute][] =>
        OURS.has(name) ? [] : [[name, BinaryValue ? { DataType, BinaryValue } : { DataType, StringValue }]],
    ),
  ]);
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
