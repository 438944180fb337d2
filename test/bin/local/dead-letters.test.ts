import { deadLetterOf } from '../../../bin/local/collect';

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
