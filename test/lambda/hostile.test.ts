import { workerOn } from '../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../lambda/testing';
import { FakeEdge } from './fake-edge';

const call = (event: unknown, process: (message: any, context: any) => unknown = () => {}, edge = new FakeEdge()) =>
  workerOn(edge, { process })(event as never, lambdaContext());

const record = (overrides: object) => ({ ...sqsEvent([{ body: { a: 1 } }]).Records[0], ...overrides });

describe('an event that is no SQS event ends in an error that says so, and the batch stays in the queue', () => {
  test.each<[string, unknown, RegExp]>([
    ['undefined', undefined, /got undefined, expected Records/],
    ['null', null, /got null, expected Records/],
    ['a string', 'x', /got string, expected Records/],
    ['an array', [], /got an array, expected Records/],
    ['an object', { detail: 1 }, /got an object with detail, expected Records/],
    ['an empty object', {}, /got an object with no keys/],
    ['Records that are no array', { Records: {} }, /expected Records/],
    ['a record that is null', { Records: [null] }, /Records\[0\] has no messageId \(got null\)/],
    ['a record without messageId', { Records: [record({ messageId: undefined })] }, /Records\[0\] has no messageId/],
    ['a record with an empty messageId', { Records: [record({ messageId: '' })] }, /Records\[0\] has no messageId/],
    ['a record whose messageId is a number', { Records: [record({ messageId: 1 })] }, /Records\[0\] has no messageId/],
    [
      'a record without body',
      { Records: [record({}), record({ body: undefined })] },
      /Records\[1\]\.body is not a string/,
    ],
    ['a record whose body is an object', { Records: [record({ body: {} })] }, /body is not a string/],
  ])('%s', async (_, event, message) => {
    const process = jest.fn();
    await expect(call(event, process)).rejects.toThrow(message);
    expect(process).not.toHaveBeenCalled();
  });
});

test('two records with one id are both handled, and the id is failed once if either fails', async () => {
  const seen: unknown[] = [];
  const Records = [record({ body: '1' }), record({ body: '2' }), record({ messageId: 'other' })];
  const reply = await call({ Records }, (message) => {
    seen.push(message);
    if (message === 2) throw new Error('x');
  });
  expect(seen).toEqual([1, 2, { a: 1 }]);
  expect(reply.batchItemFailures).toEqual([{ itemIdentifier: Records[0]!.messageId }]);
});

test.each(['__proto__', 'constructor', 'hasOwnProperty'])(
  'a messageId %s is an id like any other',
  async (messageId) => {
    const reply = await call({ Records: [record({ messageId }), record({ messageId: 'b' })] }, (_, context) => {
      if (context.messageId === messageId) throw new Error('x');
    });
    expect(reply.batchItemFailures).toEqual([{ itemIdentifier: messageId }]);
  },
);

test('a record without attributes, receipt handle or ARN is handled, and reported failed when it fails', async () => {
  const edge = new FakeEdge();
  const bare = { messageId: 'm', body: '{}' };
  const reply = await call({ Records: [bare] }, () => Promise.reject(new Error('x')), edge);
  expect(reply.batchItemFailures).toEqual([{ itemIdentifier: 'm' }]);
  expect(edge.order).toEqual([]);
});

describe('a body that is not what a worker reads is a dead letter with its reason, untouched', () => {
  test.each([
    ['empty', '', 'the body is empty'],
    ['text', 'hello', 'the body is not JSON'],
    ['half an object', '{"a":', 'the body is not JSON'],
    ['a key __proto__', '{"a":{"__proto__":{"admin":true}}}', 'the body has a key __proto__'],
    ['an escaped key __proto__', '{"\\u005f_proto__":{}}', 'the body has a key __proto__'],
  ])('%s', async (_, body, reason) => {
    const edge = new FakeEdge();
    const process = jest.fn();
    const reply = await call({ Records: [record({ body })] }, process, edge);
    expect(reply.batchItemFailures).toEqual([]);
    expect(process).not.toHaveBeenCalled();
    expect(edge.deadLetters[0]).toMatchObject({
      MessageBody: body,
      MessageAttributes: { DeadLetterReason: { StringValue: reason } },
    });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

test.each([
  ['the text __proto__ in a value', '{"a":"__proto__"}', { a: '__proto__' }],
  ['an escape that is no __proto__', '{"a\\u0062":"\\u0000"}', { ab: '\u0000' }],
  ['a lone surrogate', '{"a":"\\ud800"}', { a: '\ud800' }],
])('%s is read as it is', async (_, body, expected) => {
  const process = jest.fn();
  await call({ Records: [record({ body })] }, process);
  expect(process.mock.calls[0]![0]).toEqual(expected);
});

describe('a body of 1 MiB', () => {
  const body = JSON.stringify('x'.repeat(1_048_576 - 2));

  test('is handled', async () => {
    const process = jest.fn();
    expect((await call({ Records: [record({ body })] }, process)).batchItemFailures).toEqual([]);
    expect(process.mock.calls[0]![0]).toHaveLength(1_048_574);
  });

  test('has no room for a reason when it is bad: it stays, comes back at once and is left to the redrive policy', async () => {
    const edge = new FakeEdge();
    const bad = record({ body: body.slice(1) });
    const reply = await call({ Records: [bad, record({ messageId: 'good' })] }, () => {}, edge);
    expect(reply.batchItemFailures).toEqual([{ itemIdentifier: bad.messageId }]);
    expect(edge.sent).toEqual([]);
    expect(edge.visibility.get(bad.receiptHandle!)).toBe(0);
    expect(edge.logs('WARN')[0]).toMatchObject({ error: { message: 'the body is not JSON' } });
  });
});
