import type { SQSMessageAttribute, SQSMessageAttributes, SQSRecord } from 'aws-lambda/trigger/sqs';
import { ATTRIBUTE } from '../../../lib/private/contract';

/** A message as its publisher meant it. */
export interface Opened {
  readonly body: string;
  readonly attributes: SQSMessageAttributes;
}

/** What a dead letter has gained on its way; it keeps it when it is sent back. */
const ADDED: ReadonlySet<string> = new Set([ATTRIBUTE.reason, ATTRIBUTE.context]);

interface Envelope {
  readonly Type: 'Notification';
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly Timestamp: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

const areAttributes = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((item) => typeof item?.Type === 'string' && typeof item.Value === 'string');

const envelopeOf = (body: string, topicArns: readonly string[]): Envelope | undefined => {
  // What follows parses the body, and most bodies are none of SNS's.
  if (!body.startsWith('{') || !body.includes('"TopicArn"')) return undefined;
  let value: Partial<Record<keyof Envelope, unknown>>;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { Type, MessageId, TopicArn, Message, Timestamp, MessageAttributes } = value;
  const isEnvelope =
    Type === 'Notification' &&
    typeof MessageId === 'string' &&
    typeof TopicArn === 'string' &&
    topicArns.includes(TopicArn) &&
    typeof Message === 'string' &&
    typeof Timestamp === 'string' &&
    !Number.isNaN(Date.parse(Timestamp)) &&
    (MessageAttributes === undefined || areAttributes(MessageAttributes));
  return isEnvelope ? (value as Envelope) : undefined;
};

const attributesOf = ({ MessageAttributes = {} }: Envelope): SQSMessageAttributes =>
  Object.fromEntries(
    Object.entries(MessageAttributes).map(([name, { Type, Value }]): [string, SQSMessageAttribute] => {
      const lists = { stringListValues: [], binaryListValues: [] };
      return [
        name,
        Type.startsWith('Binary')
          ? { ...lists, dataType: Type, binaryValue: Value }
          : { ...lists, dataType: Type, stringValue: Value },
      ];
    }),
  );

/**
 * What is in the envelope that SNS puts around a message when raw delivery is off, or the record's own body and attributes.
 *
 * An envelope is not signed in a way that can be checked without a request, and SQS does not say who sent a message in a
 * way that is documented. So three things decide that the sender of a mere look-alike does not have together: the worker
 * was told of a subscription with raw delivery off; the envelope is of that topic; and the record has no attributes but
 * those of a dead letter, since SNS puts a message's attributes into the envelope, never beside it, and whatever our
 * producers send carries some beside it. Who copies a whole envelope into the queue by hand has it opened, and who could
 * forge one could as well have sent what is in it. It is opened once: an envelope in an envelope is a body.
 *
 * @param topicArns of the topics that deliver here with raw delivery off
 */
export function openEnvelope(
  { body, messageAttributes = {} }: Pick<SQSRecord, 'body' | 'messageAttributes'>,
  topicArns: readonly string[],
): Opened {
  const own: Opened = { body, attributes: messageAttributes };
  if (topicArns.length === 0 || Object.keys(messageAttributes).some((name) => !ADDED.has(name))) return own;
  const envelope = envelopeOf(body, topicArns);
  return envelope ? { body: envelope.Message, attributes: { ...attributesOf(envelope), ...messageAttributes } } : own;
}
