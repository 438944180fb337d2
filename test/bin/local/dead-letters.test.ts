import type { SQSClient } from '@aws-sdk/client-sqs';
import { DeadLetterReader, deadLetterOf } from '../../../bin/local/dead-letters';

const text = (StringValue: string) => ({ DataType: 'String', StringValue });

describe('deadLetterOf', () => {
  it('knows a message that the runtime moved by the id it was sent with', () => {
    const context = { messageId: 'sent', receiveCount: 5 };
    const letter = deadLetterOf({
      MessageId: 'dead',
      Body: 'body',
      Attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'group' },
      MessageAttributes: {
        DeadLetterReason: text('why'),
        DeadLetterContext: text(JSON.stringify(context)),
        Source: text('demo'),
      },
    });
    expect(letter).toEqual({
      messageId: 'sent',
      receiveCount: 5,
      reason: 'why',
      body: 'body',
      groupId: 'group',
      attributes: { Source: 'demo' },
    });
  });

  it('unfolds the attributes that found no room', () => {
    const context = { messageId: 'sent', attributes: { Folded: { dataType: 'String', stringValue: 'away' } } };
    const letter = deadLetterOf({
      MessageAttributes: { DeadLetterContext: text(JSON.stringify(context)), Kept: text('here') },
    });
    expect(letter.attributes).toEqual({ Kept: 'here', Folded: 'away' });
  });

  it('knows a message that SQS moved by its own id', () => {
    const letter = deadLetterOf({ MessageId: 'sent', Body: 'body', Attributes: { ApproximateReceiveCount: '6' } });
    expect(letter).toMatchObject({ messageId: 'sent', receiveCount: 6, reason: undefined, attributes: {} });
  });
});

describe('DeadLetterReader', () => {
  /** A queue that hides what it hands out; a FIFO queue the rest of its group too. */
  class FakeQueue {
    readonly hidden = new Set<string>();
    receives = 0;

    constructor(
      private readonly messages: readonly { id: string; group?: string }[],
      readonly url: string,
    ) {}

    async send({ input }: { input: { Entries?: { ReceiptHandle: string; VisibilityTimeout: number }[] } }) {
      if (input.Entries) {
        for (const { ReceiptHandle, VisibilityTimeout } of input.Entries) {
          if (VisibilityTimeout === 0) this.hidden.delete(ReceiptHandle);
        }
        return {};
      }
      this.receives++;
      const busy = new Set(this.messages.filter(({ id }) => this.hidden.has(id)).map(({ group }) => group));
      const [next] = this.messages.filter(
        ({ id, group }) => !this.hidden.has(id) && (group === undefined || !busy.has(group)),
      );
      if (!next) return {};
      this.hidden.add(next.id);
      return { Messages: [{ MessageId: next.id, ReceiptHandle: next.id, Body: next.id }] };
    }

    reader = (): DeadLetterReader => new DeadLetterReader(this as unknown as SQSClient, this.url);
  }

  const ids = (letters: readonly { messageId: string }[]) => letters.map(({ messageId }) => messageId);
  const standard = () => new FakeQueue([{ id: 'a' }, { id: 'b' }], 'dead');
  const fifo = () =>
    new FakeQueue(
      [
        { id: 'a', group: 'g' },
        { id: 'b', group: 'h' },
      ],
      'dead.fifo',
    );

  it('sees everything at each look', async () => {
    const reader = standard().reader();
    expect(ids(await reader.look())).toEqual(['a', 'b']);
    expect(ids(await reader.look())).toEqual(['a', 'b']);
  });

  it('receives each message of a standard queue once, however often it looks', async () => {
    const queue = standard();
    const reader = queue.reader();
    await reader.look();
    const before = queue.receives;
    await reader.look();
    expect(queue.receives).toBe(before + 1);
  });

  it('leaves everything in the queue once it has given back', async () => {
    const queue = standard();
    const reader = queue.reader();
    await reader.look();
    expect(queue.hidden.size).toBe(2);
    await reader.giveBack();
    expect(queue.hidden.size).toBe(0);
  });

  it('blocks no group of a FIFO queue between looks', async () => {
    const queue = fifo();
    expect(ids(await queue.reader().look())).toEqual(['a', 'b']);
    expect(queue.hidden.size).toBe(0);
  });
});
