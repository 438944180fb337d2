import { dynamodbEvent, kafkaEvent, kinesisEvent, sqsEvent } from '../../../lambda/testing';
import { replying, run } from './run';

const kinesis = (change: (record: any) => unknown) => {
  const event: any = kinesisEvent([{ data: 1 }, { data: 2 }]);
  event.Records[1] = change(event.Records[1]);
  return event;
};
const dynamodb = (change: (record: any) => unknown) => {
  const event: any = dynamodbEvent([{ keys: { id: 'a' } }]);
  event.Records[0] = change(event.Records[0]);
  return event;
};
const kafka = (records: unknown) => ({ ...kafkaEvent([]), records });

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /got undefined, expected Records/],
  ['null', null, /got null, expected Records/],
  ['text', 'event', /got string, expected Records/],
  ['no records', {}, /got an object with no keys, expected Records/],
  ['records that are no list', { Records: {} }, /expected Records/],
  ['an event of SQS', sqsEvent([{ body: 1 }]), /Records\[0\] is of "aws:sqs"/],
  ['a record that is null', kinesis(() => null), /Records\[1\] is of no eventSource \(got null\)/],
  [
    'a source that is a method of objects',
    kinesis((r) => ({ ...r, eventSource: 'constructor' })),
    /is of "constructor"/,
  ],
  ['no kinesis', kinesis(({ kinesis: _, ...r }) => r), /Records\[1\] has no kinesis.sequenceNumber/],
  ['no sequence number', kinesis((r) => ({ ...r, kinesis: { ...r.kinesis, sequenceNumber: '' } })), /sequenceNumber/],
  [
    'data that is no text',
    kinesis((r) => ({ ...r, kinesis: { ...r.kinesis, data: 1 } })),
    /data is not a string \(got number\)/,
  ],
  ['no dynamodb', dynamodb(({ dynamodb: _, ...r }) => r), /Records\[0\] has no dynamodb.SequenceNumber/],
  ['a number for a sequence number', dynamodb((r) => ({ ...r, dynamodb: { SequenceNumber: 1 } })), /SequenceNumber/],
  ['no records of Kafka', kafka(undefined), /records is not an object \(got undefined\)/],
  ['a list of Kafka', kafka([]), /records is not an object \(got an array\)/],
  ['a partition that is no list', kafka({ 'topic-0': 1 }), /records.topic-0 is not a list/],
  ['a record of Kafka that is null', kafka({ 'topic-0': [null] }), /records.topic-0\[0\] has no offset \(got null\)/],
  ['no offset', kafka({ 'topic-0': [{ value: '' }] }), /has no offset/],
  ['a value that is no text', kafka({ 'topic-0': [{ offset: 1, value: 1 }] }), /value is not a string \(got number\)/],
  ['a window that is none', { ...kinesisEvent([]), window: 1 }, /window is not an object/],
])('an event with %s is refused whole, and comes back', async (_, event, message) => {
  const process = jest.fn();
  const result = run(replying(), { process }, event as never);
  await expect(result).rejects.toThrow(TypeError);
  await expect(result).rejects.toThrow(message);
  expect(process).not.toHaveBeenCalled();
});

test.each<[string, unknown]>([
  [
    'no partition key, event id, time or ARN',
    kinesis(({ kinesis: { sequenceNumber, data } }) => ({
      eventSource: 'aws:kinesis',
      kinesis: { sequenceNumber, data },
    })),
  ],
  [
    'no keys, images, event id or time',
    dynamodb(() => ({ eventSource: 'aws:dynamodb', dynamodb: { SequenceNumber: '1' } })),
  ],
  ['no key, headers or time', kafka({ 'topic-0': [{ offset: 1, value: Buffer.from('1').toString('base64') }] })],
  ['headers that are none', kafka({ 'topic-0': [{ offset: 1, headers: [null, { a: 'text' }, { b: [1] }] }] })],
])('a record with %s is handled all the same', async (_, event) => {
  const process = jest.fn();
  expect(await run(replying(), { process }, event as never)).toEqual({ batchItemFailures: [] });
  expect(process).toHaveBeenCalled();
});

test('a handler that returns a thenable, throws a proxy or never settles hurts no other', async () => {
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('trap');
      },
    },
  );
  const seen: number[] = [];
  const reply = await run(
    replying(),
    {
      process(i) {
        seen.push(i);
        // biome-ignore lint/suspicious/noThenProperty: what a foreign promise looks like.
        if (i === 0) return { then: (resolve: () => void) => resolve() };
        if (i === 2) throw hostile;
      },
    },
    kinesisEvent([0, 1, 2].map((data) => ({ data, sequenceNumber: `s${data}` }))),
  );
  expect(seen).toEqual([0, 1, 2]);
  expect(reply.batchItemFailures).toEqual([{ itemIdentifier: 's2' }]);
});
