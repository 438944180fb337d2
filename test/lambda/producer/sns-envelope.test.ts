import { openEnvelope } from '../../../lambda/runtime/producer/sns-envelope';
import { TOPIC } from './fake-service';

const notification = (overrides: object = {}) =>
  JSON.stringify({
    Type: 'Notification',
    MessageId: '3f1c9f2e-7a0e-4a52-9d9b-1c2d3e4f5a6b',
    TopicArn: TOPIC,
    Message: '{"a":1}',
    Timestamp: '2026-11-24T10:15:30.123Z',
    SignatureVersion: '1',
    Signature: 'x',
    SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/x.pem',
    MessageAttributes: {
      kind: { Type: 'String', Value: 'x' },
      size: { Type: 'Number', Value: '5' },
      raw: { Type: 'Binary', Value: 'AQI=' },
    },
    ...overrides,
  });
const attribute = (stringValue: string) => ({
  dataType: 'String',
  stringValue,
  stringListValues: [],
  binaryListValues: [],
});
const record = (body: string, messageAttributes = {}) => ({ body, messageAttributes });

test('an envelope of a topic that delivers so is opened, attributes and all', () => {
  expect(openEnvelope(record(notification()), [TOPIC])).toEqual({
    body: '{"a":1}',
    attributes: {
      kind: attribute('x'),
      size: { ...attribute('5'), dataType: 'Number' },
      raw: { dataType: 'Binary', binaryValue: 'AQI=', stringListValues: [], binaryListValues: [] },
    },
  });
});

test('one that comes back from the dead-letter queue is opened, and keeps why it was there', () => {
  const added = { DeadLetterReason: attribute('bad'), DeadLetterContext: attribute('{}') };
  const { body, attributes } = openEnvelope(record(notification(), added), [TOPIC]);
  expect(body).toBe('{"a":1}');
  expect(attributes).toMatchObject({ kind: { stringValue: 'x' }, DeadLetterReason: { stringValue: 'bad' } });
});

test('an envelope in an envelope is a body', () => {
  const inner = notification();
  expect(openEnvelope(record(notification({ Message: inner })), [TOPIC]).body).toBe(inner);
});

test.each<[string, ReturnType<typeof record>, string[]]>([
  ['of a worker that was told of no such topic', record(notification()), []],
  ['of another topic', record(notification({ TopicArn: `${TOPIC}-2` })), [TOPIC]],
  [
    'with an attribute beside it, as a producer sends it',
    record(notification(), { CorrelationId: attribute('c') }),
    [TOPIC],
  ],
  ['that confirms a subscription', record(notification({ Type: 'SubscriptionConfirmation' })), [TOPIC]],
  ['without a message', record(notification({ Message: undefined })), [TOPIC]],
  ['whose message is no text', record(notification({ Message: { a: 1 } })), [TOPIC]],
  ['without an id', record(notification({ MessageId: undefined })), [TOPIC]],
  ['without a time', record(notification({ Timestamp: 'yesterday' })), [TOPIC]],
  ['in a list', record(`[${notification()}]`), [TOPIC]],
  ['that is cut off', record(notification().slice(0, -1)), [TOPIC]],
  ['in name only', record('"TopicArn"'), [TOPIC]],
])('a body that looks like an envelope %s is a body', (_, given, topics) => {
  expect(openEnvelope(given, topics)).toEqual({ body: given.body, attributes: given.messageAttributes });
});
