import type { SQSMessageAttribute, SQSRecord } from 'aws-lambda/trigger/sqs';
import { ATTRIBUTE, MAX_MESSAGE_BYTES } from '../../lib/private/contract';
import { groupOf, isFifo } from './envelope';
import { numberIn, receiveCountOf } from './outcome';
import { isPointerMark } from './producer/pointer';
import { toSqsText } from './sqs-characters';

/** An attribute as SendMessage takes it. */
export interface SendAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array;
}

/** An entry of SendMessageBatch, without its Id, and what it weighs. */
export interface DeadLetter {
  readonly messageId: string;
  readonly bytes: number;
  readonly entry: {
    readonly MessageBody: string;
    readonly MessageAttributes: Record<string, SendAttribute>;
    readonly MessageSystemAttributes?: { readonly AWSTraceHeader: SendAttribute };
    readonly MessageGroupId?: string;
    readonly MessageDeduplicationId?: string;
  };
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
const MAX_ATTRIBUTES = 10;
export const MAX_REASON_BYTES = 1024;
/** Below this a reason says too little to be worth a move by hand. */
const MIN_REASON_BYTES = 64;

/** Text that SQS accepts in an attribute, cut to that many bytes of UTF-8. */
export function sqsText(value: string, maxBytes: number): string {
  const bytes = Buffer.from(toSqsText(value));
  let end = maxBytes;
  // Not inside a character: the bytes that go on with one begin with 10.
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

const sendAttribute = ({ dataType, stringValue, binaryValue }: SQSMessageAttribute): SendAttribute =>
  binaryValue !== undefined
    ? { DataType: dataType, BinaryValue: Buffer.from(binaryValue, 'base64') }
    : { DataType: dataType, StringValue: stringValue };

/** Lambda hands over no others, and one that is none must not keep a letter from being written. */
const isSendable = ([, attribute]: [string, SQSMessageAttribute]): boolean =>
  typeof attribute?.dataType === 'string' &&
  (typeof attribute.stringValue === 'string' || typeof attribute.binaryValue === 'string');

/** What SQS counts: name, type and value. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const attributeBytes = (name: string, { DataType, StringValue, BinaryValue }: SendAttribute): number =>
  Buffer.byteLength(name) +
  Buffer.byteLength(DataType) +
  (BinaryValue?.byteLength ?? Buffer.byteLength(StringValue ?? ''));

/**
 * The message that carries a record to the dead-letter queue: its body untouched, its attributes kept, the reason added.
 * A message has room for ten attributes: those that find none are folded into the context attribute.
 * Nothing if the record is so large that a reason does not fit.
 */
export function deadLetterOf(record: SQSRecord, reason: string, now: number): DeadLetter | undefined {
  const own = new Set<string>([ATTRIBUTE.reason, ATTRIBUTE.context]);
  const others = Object.entries(record.messageAttributes ?? {}).filter(([name]) => !own.has(name));
  // Without its mark the pointer to a stored body is no pointer, and the letter could never be handled again.
  const isMark = ([name]: [string, unknown]): boolean => isPointerMark(name);
  const theirs = [...others.filter(isMark), ...others.filter((other) => !isMark(other))];
  const kept = theirs.filter(isSendable).slice(0, MAX_ATTRIBUTES - own.size);
  const folded = theirs.filter((other) => !kept.includes(other));

  const context: SendAttribute = {
    DataType: 'String',
    StringValue: sqsText(
      JSON.stringify({
        messageId: record.messageId,
        source: record.eventSourceARN,
        receiveCount: receiveCountOf(record),
        sentTimestamp: numberIn(record.attributes?.SentTimestamp) || undefined,
        deadTimestamp: now,
        ...(folded.length > 0 && { attributes: Object.fromEntries(folded) }),
      }),
      MAX_MESSAGE_BYTES,
    ),
  };
  const attributes: [string, SendAttribute][] = kept.map(([name, value]) => [name, sendAttribute(value)]);
  attributes.push([ATTRIBUTE.context, context]);
  const withoutReason =
    Buffer.byteLength(record.body) +
    attributes.reduce((sum, [name, value]) => sum + attributeBytes(name, value), 0) +
    attributeBytes(ATTRIBUTE.reason, { DataType: 'String' });

  const room = Math.min(MAX_REASON_BYTES, MAX_MESSAGE_BYTES - withoutReason);
  if (room < MIN_REASON_BYTES) return undefined;
  const text = sqsText(reason === '' ? 'no reason given' : reason, room);
  attributes.push([ATTRIBUTE.reason, { DataType: 'String', StringValue: text }]);

  const trace = record.attributes?.AWSTraceHeader;
  return {
    messageId: record.messageId,
    bytes: withoutReason + Buffer.byteLength(text),
    entry: {
      MessageBody: record.body,
      MessageAttributes: Object.fromEntries(attributes),
      ...(typeof trace === 'string' && {
        MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
      }),
      // A standard queue takes a group too, and a fair queue's dead letters keep their tenant.
      ...(typeof record.attributes?.MessageGroupId === 'string' && { MessageGroupId: groupOf(record) }),
      // The same message dead-lettered twice within five minutes, because the first reply was lost, arrives once.
      ...(isFifo([record]) && { MessageDeduplicationId: record.messageId }),
    },
  };
}
