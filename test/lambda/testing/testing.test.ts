import { type Change, streamWorker } from '../../../lambda/runtime';
import { dynamodbEvent, lambdaContext, maskAssets, sqsEvent } from '../../../lambda/testing';

test('an event has a record a message, text as it is and anything else as JSON', () => {
  const { Records } = sqsEvent([{ body: 'text' }, { body: { a: 1 }, receiveCount: 2, attributes: { k: 'v' } }]);
  expect(Records.map(({ body }) => body)).toEqual(['text', '{"a":1}']);
  expect(Records[1]).toMatchObject({
    attributes: { ApproximateReceiveCount: '2' },
    messageAttributes: { k: { stringValue: 'v', dataType: 'String' } },
    eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:queue',
  });
  expect(new Set(Records.map(({ messageId }) => messageId)).size).toBe(2);
});

test('an event of a FIFO queue has groups, sequence numbers and the queue’s name', () => {
  const { Records } = sqsEvent([{ body: 1, groupId: 'a' }, { body: 2 }], { fifo: true });
  expect(Records.map(({ attributes }) => attributes.MessageGroupId)).toEqual(['a', 'default']);
  expect(Records[0]!.attributes.SequenceNumber! < Records[1]!.attributes.SequenceNumber!).toBe(true);
  expect(Records[0]!.eventSourceARN).toMatch(/\.fifo$/);
});

test('a context runs down', () => {
  jest.useFakeTimers({ now: 0 });
  const context = lambdaContext(1000);
  jest.setSystemTime(400);
  expect(context.getRemainingTimeInMillis()).toBe(600);
  jest.setSystemTime(5000);
  expect(context.getRemainingTimeInMillis()).toBe(0);
  jest.useRealTimers();
});

test('asset hashes are masked wherever they stand, and the template itself is left alone', () => {
  const hash = 'a1'.repeat(32);
  const template = { Code: { S3Key: `${hash}.zip` }, Metadata: [`asset.${hash}`], Name: 'a1' };
  expect(maskAssets(template)).toEqual({ Code: { S3Key: '<asset>.zip' }, Metadata: ['asset.<asset>'], Name: 'a1' });
  expect(template.Code.S3Key).toBe(`${hash}.zip`);
});

test('items of a change read as they were written, whatever they hold', async () => {
  const item = {
    text: '',
    number: 1.5,
    big: 9007199254740993n,
    yes: true,
    none: null,
    bytes: Buffer.from([0, 255]),
    list: [1, 'a', [null]],
    map: { deep: { x: 1 } },
    texts: new Set(['a', 'b']),
    numbers: new Set([1, 2]),
  };
  const seen: unknown[] = [];
  const handler = streamWorker<Change>({ process: (change) => void seen.push(change) });
  await handler(dynamodbEvent([{ keys: { text: 'k' }, newImage: item }]));
  expect(seen).toEqual([{ eventName: 'INSERT', keys: { text: 'k' }, newImage: item, expired: false }]);
});
