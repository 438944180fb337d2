import {
  ChangeMessageVisibilityBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { ATTRIBUTE } from '../../lib/private/contract';

/** A message as it lies in a dead-letter queue. */
export interface DeadLetter {
  /** The id under which it was sent; the dead letter may have one of its own. */
  readonly messageId: string;
  readonly receiveCount: number;
  /** Nothing if SQS moved it by its redrive policy. */
  readonly reason: string | undefined;
  readonly body: string;
  readonly groupId: string | undefined;
  /** Text attributes, those of the runtime aside. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The books' view of a message in a dead-letter queue. */
export function deadLetterOf({ MessageId, Body, MessageAttributes = {}, Attributes }: Message): DeadLetter {
  const { [ATTRIBUTE.reason]: reason, [ATTRIBUTE.context]: context, ...own } = MessageAttributes;
  const origin = JSON.parse(context?.StringValue ?? '{}') as {
    messageId?: string;
    receiveCount?: number;
    attributes?: object;
  };
  const folded = Object.entries(origin.attributes ?? {}).map(([name, { stringValue }]) => [name, stringValue]);
  return {
    messageId: origin.messageId ?? MessageId!,
    receiveCount: origin.receiveCount ?? Number(Attributes?.ApproximateReceiveCount),
    reason: reason?.StringValue,
    body: Body!,
    groupId: Attributes?.MessageGroupId,
    attributes: Object.fromEntries([
      ...Object.entries(own).map(([name, { StringValue }]) => [name, StringValue]),
      ...folded,
    ]),
  };
}

/** Until what was seen comes into sight again, should nobody give it back. */
const HIDDEN_SECONDS = 300;
const BATCH = 10;

/** Reads a dead-letter queue in several looks, and leaves everything in it. */
export class DeadLetterReader {
  private readonly letters = new Map<string, DeadLetter>();
  private hidden: (string | undefined)[] = [];
  private readonly fifo: boolean;

  constructor(
    private readonly sqs: SQSClient,
    private readonly queueUrl: string,
  ) {
    this.fifo = queueUrl.endsWith('.fifo');
  }

  /** All that was seen so far. */
  async look(): Promise<readonly DeadLetter[]> {
    for (;;) {
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: this.queueUrl,
          MaxNumberOfMessages: BATCH,
          VisibilityTimeout: HIDDEN_SECONDS,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      );
      if (Messages.length === 0) break;
      for (const message of Messages) {
        // The first sight counts: each look is one more receive.
        if (!this.letters.has(message.MessageId!)) this.letters.set(message.MessageId!, deadLetterOf(message));
        this.hidden.push(message.ReceiptHandle);
      }
    }
    // A FIFO queue hides a group while one of its messages is in flight: what one look missed the next one sees.
    if (this.fifo) await this.giveBack();
    return [...this.letters.values()];
  }

  async giveBack(): Promise<void> {
    const hidden = this.hidden.splice(0);
    for (let i = 0; i < hidden.length; i += BATCH) {
      const Entries = hidden
        .slice(i, i + BATCH)
        .map((ReceiptHandle, j) => ({ Id: String(j), ReceiptHandle, VisibilityTimeout: 0 }));
      await this.sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.queueUrl, Entries }));
    }
  }
}
