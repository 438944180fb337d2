import { lambdaContext, maskAssets, sqsEvent } from '../../../lambda/testing';

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
