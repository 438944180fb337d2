import type { SQSEvent, SQSMessageAttribute, SQSRecord } from 'aws-lambda/trigger/sqs';

/** A message of an `sqsEvent`. Only the body is needed. */
export interface SqsMessage {
  /** Text is taken as it is, anything else is written as JSON. */
  readonly body: unknown;
  /** @default - the message's position, as a UUID */
  readonly messageId?: string;
  /** @default 1 */
  readonly receiveCount?: number;
  /** Message attributes of type String. @default - none */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Message group of a FIFO or a fair queue. @default - none */
  readonly groupId?: string;
}

export interface SqsEventOptions {
  /** Whether the queue is a FIFO queue. @default false */
  readonly fifo?: boolean;
  /** When the messages were sent. @default - now */
  readonly sentAt?: Date;
}

const attribute = (stringValue: string): SQSMessageAttribute => ({
  stringValue,
  stringListValues: [],
  binaryListValues: [],
  dataType: 'String',
});

/**
 * The event that Lambda would hand to a worker for these messages.
 *
 * @example
 * const reply = await handler(sqsEvent([{ body: { orderId: 'o-1' } }]));
 * expect(reply.batchItemFailures).toEqual([]);
 */
export function sqsEvent(messages: readonly SqsMessage[], { fifo = false, sentAt }: SqsEventOptions = {}): SQSEvent {
  const sent = String((sentAt ?? new Date()).getTime());
  return {
    Records: messages.map((message, i): SQSRecord => {
      const body = typeof message.body === 'string' ? message.body : (JSON.stringify(message.body) ?? '');
      const groupId = message.groupId ?? (fifo ? 'default' : undefined);
      return {
        messageId: message.messageId ?? `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
        receiptHandle: `receipt-${i}`,
        body,
        attributes: {
          ApproximateReceiveCount: String(message.receiveCount ?? 1),
          SentTimestamp: sent,
          SenderId: 'AIDAEXAMPLE',
          ApproximateFirstReceiveTimestamp: sent,
          ...(groupId !== undefined && { MessageGroupId: groupId }),
          ...(fifo && { SequenceNumber: String(i + 1).padStart(20, '0'), MessageDeduplicationId: String(i) }),
        },
        messageAttributes: Object.fromEntries(
          Object.entries(message.attributes ?? {}).map(([name, value]) => [name, attribute(value)]),
        ),
        md5OfBody: '',
        eventSource: 'aws:sqs',
        eventSourceARN: `arn:aws:sqs:us-east-1:123456789012:queue${fifo ? '.fifo' : ''}`,
        awsRegion: 'us-east-1',
      };
    }),
  };
}
