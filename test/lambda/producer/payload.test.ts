import * as fc from 'fast-check';
import { fetchPayload } from '../../../lambda/runtime/producer/payload';
import { pointerOf, readPointer } from '../../../lambda/runtime/producer/pointer';
import { producerOn, publisherOn } from '../../../lambda/runtime/producer/sender';
import { FakeService, FIFO_QUEUE, QUEUE, serviceError, TOPIC } from './fake-service';

const { signal } = new AbortController();
const payloads = { bucket: 'payloads', prefix: 'orders/', threshold: 1000 };
const size = (value: number | string, dataType = 'Number') => ({
  ExtendedPayloadSize: { dataType, stringValue: String(value) },
});

test('a body over the threshold is stored, and what travels is what the extended clients of AWS read', async () => {
  const service = new FakeService();
  await producerOn<string>(service, { queueUrl: QUEUE, payloads }).send('x'.repeat(999));
  const [{ MessageBody, MessageAttributes } = {}] = service.accepted;
  expect(MessageBody).toBe(
    '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"payloads","s3Key":"orders/hash-of-1001"}]',
  );
  expect(MessageAttributes).toMatchObject({ ExtendedPayloadSize: { DataType: 'Number', StringValue: '1001' } });
});

test.each([
  ['at the threshold', 998, 0],
  ['over the threshold', 999, 1],
])('a body %s: %d characters, %d objects', async (_, length, objects) => {
  const service = new FakeService();
  await publisherOn<string>(service, { topicArn: TOPIC, payloads }).send('x'.repeat(length));
  expect(service.objects.size).toBe(objects);
});

test('a body under the threshold that its attributes make too large is stored', async () => {
  const service = new FakeService();
  const large = { bucket: 'payloads', threshold: 2_000_000 };
  await producerOn<string>(service, { queueUrl: QUEUE, payloads: large }).send('x'.repeat(1_048_570));
  expect(service.objects.size).toBe(1);
});

test('what is sent is what is fetched, whatever the text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
      const service = new FakeService();
      await producerOn<string>(service, { queueUrl: QUEUE, payloads: { ...payloads, threshold: 0 } }).send(text);
      const { MessageBody, MessageAttributes } = service.accepted[0]!;
      const attributes = {
        ExtendedPayloadSize: { dataType: 'Number', stringValue: MessageAttributes!.ExtendedPayloadSize!.StringValue },
      };
      const pointer = readPointer(MessageBody!, attributes, [payloads]);
      expect(JSON.parse(await fetchPayload(await service.storeCalls(), pointer!, signal))).toBe(text);
    }),
  );
});

test('messages of a FIFO group keep their order though some are stored first', async () => {
  const service = new FakeService();
  const producer = producerOn<string>(service, { queueUrl: FIFO_QUEUE, payloads });
  await Promise.all(
    ['1'.repeat(2000), '2', '3'.repeat(3000), '4'].map((text) => producer.send(text, { groupId: 'g' })),
  );
  expect(service.accepted.map(({ MessageBody }) => MessageBody!.match(/hash-of-\d+|^"\d"$/)![0])).toEqual([
    'hash-of-2002',
    '"2"',
    'hash-of-3002',
    '"4"',
  ]);
});

test('bodies are stored eight at a time, whether they come together or one after another', async () => {
  const service = new FakeService();
  const { sha256, putObject, getObject } = await service.storeCalls();
  let underWay = 0;
  let most = 0;
  service.storeCalls = async () => ({
    sha256,
    getObject,
    putObject: async (input) => {
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      await putObject(input);
      underWay--;
    },
  });
  const producer = producerOn<string>(service, { queueUrl: QUEUE, payloads });
  const texts = Array.from({ length: 30 }, (_, n) => 'x'.repeat(2000 + n));
  await Promise.all(texts.map((text) => producer.send(text)));
  for (const text of texts) await producer.send(text);
  expect(most).toBe(8);
  expect(service.accepted).toHaveLength(60);
});

test('a body that cannot be stored is an error that names the message, and nothing is sent', async () => {
  const service = new FakeService();
  service.failStore = () => {
    throw serviceError('AccessDenied');
  };
  const sent = producerOn<string>(service, { queueUrl: QUEUE, payloads }).send('x'.repeat(2000));
  await expect(sent).rejects.toMatchObject({ name: 'SendError', code: 'AccessDenied' });
  expect(service.requests).toEqual([]);
});

describe('a pointer', () => {
  const body = pointerOf({ bucket: 'payloads', key: 'orders/1' });

  test('is read where it is allowed', () => {
    expect(readPointer(body, size(5), [payloads])).toEqual({ bucket: 'payloads', key: 'orders/1', size: 5 });
    expect(readPointer(body, size(5), [{ bucket: 'payloads' }])).toEqual({
      bucket: 'payloads',
      key: 'orders/1',
      size: 5,
    });
    const old = { SQSLargePayloadSize: { dataType: 'Number', stringValue: '5' } };
    expect(readPointer(body, old, [payloads])).toMatchObject({ size: 5 });
  });

  test('is a body like any other without its mark, and to a worker without a payload store', () => {
    expect(readPointer(body, {}, [payloads])).toBeUndefined();
    expect(readPointer(body, size(5), [])).toBeUndefined();
  });

  test.each([
    ['another bucket', pointerOf({ bucket: 'other', key: 'orders/1' }), size(5), /where this worker does not read/],
    [
      'another prefix',
      pointerOf({ bucket: 'payloads', key: 'invoices/1' }),
      size(5),
      /where this worker does not read/,
    ],
    ['the prefix alone', pointerOf({ bucket: 'payloads', key: 'orders/' }), size(5), /where this worker does not read/],
    [
      'a way out of the prefix',
      pointerOf({ bucket: 'payloads', key: 'orders/../secrets' }),
      size(5),
      /where this worker does not read/,
    ],
    [
      'a dot on the way',
      pointerOf({ bucket: 'payloads', key: 'orders/./1' }),
      size(5),
      /where this worker does not read/,
    ],
    ['no JSON', 'x', size(5), /is no pointer/],
    ['null', 'null', size(5), /is no pointer/],
    ['another class', '["x",{"s3BucketName":"payloads","s3Key":"orders/1"}]', size(5), /is no pointer/],
    [
      'a key that is no text',
      '["software.amazon.payloadoffloading.PayloadS3Pointer",{"s3BucketName":"payloads","s3Key":1}]',
      size(5),
      /is no pointer/,
    ],
    ['a size that is none', body, size('x'), /is no pointer/],
    ['a negative size', body, size(-1), /is no pointer/],
    ['a size that is text', body, size(5, 'String'), /is no pointer/],
  ])('to %s is a permanent error', (_, text, attributes, message) => {
    expect(() => readPointer(text, attributes, [payloads])).toThrow(
      expect.objectContaining({ name: 'PermanentError', message: expect.stringMatching(message) }),
    );
  });
});

describe('a stored body', () => {
  const pointer = { bucket: 'payloads', key: 'orders/1', size: 2 };
  const getObject = (answer: () => Promise<string>) => fetchPayload({ getObject: answer }, pointer, signal);

  test('that is gone is a permanent error with its reason', async () => {
    await expect(getObject(() => Promise.reject(serviceError('NoSuchKey')))).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'its body is gone from payloads/orders/1: NoSuchKey: no',
    });
  });

  test('that is another is a permanent error', async () => {
    await expect(getObject(async () => 'xyz')).rejects.toMatchObject({
      name: 'PermanentError',
      message: 'its body in payloads/orders/1 has 3 bytes, expected 2',
    });
  });

  test.each(['SlowDown', 'AccessDenied'])(
    'that S3 does not give for %s is an error as it is, to be tried again',
    async (name) => {
      await expect(getObject(() => Promise.reject(serviceError(name)))).rejects.toMatchObject({ name });
    },
  );
});
