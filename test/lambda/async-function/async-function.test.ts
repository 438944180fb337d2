import { z } from 'zod';
import { type AsyncFunctionOptions, asyncFunctionOn } from '../../../lambda/runtime/async-function/async-function';
import type { AsyncFunctionContext } from '../../../lambda/runtime/async-function/context';
import { PermanentError } from '../../../lambda/runtime/errors';
import { eventOf } from '../../../lambda/runtime/invoker/event';
import { sendsOf, setBusy } from '../../../lambda/runtime/producer/pending';
import { pointerOf } from '../../../lambda/runtime/producer/pointer';
import { lambdaContext } from '../../../lambda/testing';
import { FakeFunctionEdge } from './fake-function-edge';

const QUEUE = { queueUrl: 'https://sqs.test/123456789012/dead' };
const REQUEST = lambdaContext().awsRequestId;

const run = async (
  options: Partial<AsyncFunctionOptions<any>>,
  { edge = new FakeFunctionEdge(QUEUE), event = { id: 'e-1' } as unknown, remaining = 30_000 } = {},
) => {
  const handler = asyncFunctionOn(edge, { process: () => undefined, ...options });
  const settled = handler(event, lambdaContext(remaining)).then(
    (result) => ({ result, error: undefined }),
    (error) => ({ result: undefined, error }),
  );
  return { edge, ...(await settled) };
};

const capture = async (event: unknown): Promise<AsyncFunctionContext & { payload: unknown }> => {
  let seen: any;
  await run(
    {
      process: (payload, context) => {
        seen = Object.assign(Object.create(context), { payload });
      },
    },
    { event },
  );
  return seen;
};

describe('an event', () => {
  test('that an invoker sent is unwrapped, and says where it comes from', async () => {
    const sentAt = Date.now() - 5_000;
    const origin = { correlationId: 'c-1', causationId: 'm-1', traceparent: '00-a-b-01', sentAt };
    const seen = await capture(JSON.parse(eventOf(origin, '{"id":"e-1"}')));
    expect(seen.payload).toEqual({ id: 'e-1' });
    expect(seen).toMatchObject({
      requestId: REQUEST,
      messageId: REQUEST,
      correlationId: 'c-1',
      causationId: 'm-1',
      traceparent: '00-a-b-01',
      sentAt: new Date(sentAt),
      attributes: { CorrelationId: 'c-1', traceparent: '00-a-b-01' },
    });
  });

  test.each<[string, unknown]>([
    ['an object', { id: 'e-1', payload: 1 }],
    ['text', 'text'],
    ['a list', [1, 2]],
    ['nothing', null],
  ])('that somebody else sent, %s, is its own payload and the first of its line', async (_, event) => {
    const seen = await capture(event);
    expect(seen.payload).toEqual(event);
    expect(seen.correlationId).toBe(REQUEST);
    expect(seen.sentAt).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['no object', 7],
    ['of wrong types', { correlationId: 7, causationId: '', traceparent: {}, sentAt: 'x' }],
    ['null', null],
  ])('whose origin is %s is as one without', async (_, origin) => {
    const seen = await capture({ 'cdk-async-patterns': origin, payload: 1 });
    expect(seen.payload).toBe(1);
    expect(seen.correlationId).toBe(REQUEST);
    expect(seen.causationId).toBeUndefined();
  });
});

test('what the handler returns is what Lambda gets, and what is counted', async () => {
  const event = JSON.parse(eventOf({ sentAt: Date.now() - 60_000 }, '1'));
  const { edge, result } = await run({ process: async () => ({ done: true }) }, { event });
  expect(result).toEqual({ done: true });
  expect(edge.metrics).toMatchObject({
    Worker: 'Test/Thumbnails',
    requestId: REQUEST,
    Processed: 1,
    Retried: 0,
    Dead: 0,
  });
  expect(edge.metrics!.Age).toBeGreaterThanOrEqual(60_000);
  expect(edge.queued).toEqual([]);
});

test('lines carry function, request and correlation id', async () => {
  const { edge } = await run(
    { process: (_, { log }) => log.info('working', { step: 1 }) },
    { event: JSON.parse(eventOf({ correlationId: 'c-1' }, '1')) },
  );
  expect(edge.logs('INFO')).toEqual([
    expect.objectContaining({
      message: 'working',
      function: 'Test/Thumbnails',
      requestId: REQUEST,
      correlationId: 'c-1',
      step: 1,
    }),
  ]);
});

describe('a failure', () => {
  test('is thrown for Lambda to try again, counted, and logged without the payload', async () => {
    const { edge, error } = await run({
      process: () => {
        throw new RangeError('flaky');
      },
    });
    expect(error).toEqual(new RangeError('flaky'));
    expect(edge.metrics).toMatchObject({ Processed: 0, Retried: 1 });
    expect(edge.logs('WARN')).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ message: 'flaky' }) }),
    ]);
    expect(JSON.stringify(edge.lines)).not.toContain('e-1');
    expect(edge.queued).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined was thrown'],
    ['text', 'no', 'no was thrown'],
    ['an object', { message: 'odd' }, 'odd'],
  ])('that is %s becomes an error: Lambda must see one', async (_, thrown, message) => {
    const { error } = await run({ process: () => Promise.reject(thrown) });
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe(message);
  });
});

const hopeless = (reason = 'no such order') => ({
  process: () => {
    throw new PermanentError(reason);
  },
});

describe('a permanent error', () => {
  test('goes to the queue for failures at once, as Lambda’s record with the event and the reason, and is done', async () => {
    const event = JSON.parse(eventOf({ correlationId: 'c-1' }, '{"id":"e-1"}'));
    const { edge, result, error } = await run(hopeless(), { event });
    expect([result, error]).toEqual([undefined, undefined]);
    const [{ QueueUrl, Entries }] = edge.queued;
    expect(QueueUrl).toBe(QUEUE.queueUrl);
    expect(Entries[0].MessageAttributes).toEqual({
      DeadLetterReason: { DataType: 'String', StringValue: 'no such order' },
      CorrelationId: { DataType: 'String', StringValue: 'c-1' },
    });
    expect(JSON.parse(Entries[0].MessageBody)).toEqual({
      version: '1.0',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      requestContext: {
        requestId: REQUEST,
        functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:function:$LATEST',
        condition: 'PermanentError',
        approximateInvokeCount: 1,
      },
      requestPayload: event,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: 'PermanentError', errorMessage: 'no such order' },
    });
    expect(edge.metrics).toMatchObject({ Processed: 0, Retried: 0, Dead: 1 });
    expect(edge.logs('ERROR')[0]).toMatchObject({ message: 'event is dead', reason: 'no such order' });
  });

  test('goes to a topic, with the same attributes', async () => {
    const edge = new FakeFunctionEdge({ topicArn: 'arn:topic' });
    const { error } = await run(hopeless(), { edge });
    expect(error).toBeUndefined();
    expect(edge.published[0]).toMatchObject({
      TopicArn: 'arn:topic',
      PublishBatchRequestEntries: [
        { MessageAttributes: { DeadLetterReason: { DataType: 'String', StringValue: 'no such order' } } },
      ],
    });
  });

  test('goes to a function, which is invoked asynchronously', async () => {
    const edge = new FakeFunctionEdge({ functionArn: 'arn:function' });
    const { error } = await run(hopeless(), { edge });
    expect(error).toBeUndefined();
    expect(edge.invoked[0]).toMatchObject({ FunctionName: 'arn:function', InvocationType: 'Event' });
    expect(JSON.parse(String(edge.invoked[0].Payload)).requestPayload).toEqual({ id: 'e-1' });
  });

  test.each<[string, (edge: FakeFunctionEdge) => void]>([
    [
      'that cannot be reached',
      (edge) => {
        edge.before = () => {
          throw new Error('away');
        };
      },
    ],
    [
      'that refuses it',
      (edge) => {
        edge.refuse = [{ Id: '0', SenderFault: true, Code: 'TooLong', Message: 'no' }];
      },
    ],
    [
      'that never answers',
      (edge) => {
        edge.before = () => new Promise(() => {});
      },
    ],
  ])('with a destination %s is thrown, and Lambda brings it there', async (_, break_) => {
    const edge = new FakeFunctionEdge(QUEUE);
    break_(edge);
    const { error } = await run(hopeless(), { edge, remaining: 200 });
    expect(error).toEqual(new PermanentError('no such order'));
    expect(edge.metrics).toMatchObject({ Retried: 1, Dead: 0 });
    expect(edge.logs('ERROR')[0]).toMatchObject({ message: 'event not moved to the failure destination' });
  });

  test('is thrown where only Lambda may send', async () => {
    const { edge, error } = await run(hopeless(), { edge: new FakeFunctionEdge() });
    expect(error).toEqual(new PermanentError('no such order'));
    expect([edge.queued, edge.published, edge.invoked]).toEqual([[], [], []]);
  });

  test('is in the failure destination with its reason although that was throttled at first', async () => {
    const edge = new FakeFunctionEdge(QUEUE);
    let throttled = 4;
    edge.before = () => {
      if (throttled-- > 0) throw Object.assign(new Error('no'), { name: 'RequestThrottled' });
    };
    const { error } = await run(hopeless(), { edge });
    expect(error).toBeUndefined();
    expect(edge.queued).toHaveLength(1);
  });

  test.each([
    ['characters that SQS does not take', 'a\u0000b', 'a\uFFFDb'],
    ['no text', '', 'an object without a message was thrown'],
    ['a long text', 'x'.repeat(5000), 'x'.repeat(1024)],
  ])('whose reason is %s is sent all the same', async (_, reason, sent) => {
    const { edge } = await run(hopeless(reason));
    expect(edge.queued[0].Entries[0].MessageAttributes.DeadLetterReason.StringValue).toBe(sent);
  });
});

describe('a schema', () => {
  const schema = z.object({ id: z.string(), size: z.number().default(1) });

  test('makes the payload', async () => {
    const seen: unknown[] = [];
    await run({ schema, process: (payload) => seen.push(payload) });
    expect(seen).toEqual([{ id: 'e-1', size: 1 }]);
  });

  test('that does not match is a permanent error', async () => {
    const { edge, error } = await run({ schema }, { event: { id: 7 } });
    expect(error).toBeUndefined();
    expect(edge.queued[0].Entries[0].MessageAttributes.DeadLetterReason.StringValue).toMatch(
      /^the body does not match the schema: id: /,
    );
  });
});

test.each([
  ['at the top', '{"__proto__":{"admin":true}}'],
  ['deep down', '{"a":[{"b":{"__proto__":1}}]}'],
  ['in an invoker’s event', '{"cdk-async-patterns":{},"payload":{"__proto__":1}}'],
])('a key __proto__ %s is a permanent error: it pollutes whatever it is merged into', async (_, event) => {
  const process = jest.fn();
  const { edge, error } = await run({ process }, { event: JSON.parse(event) });
  expect([error, process.mock.calls]).toEqual([undefined, []]);
  expect(edge.queued[0].Entries[0].MessageAttributes.DeadLetterReason.StringValue).toBe('the body has a key __proto__');
});

describe('near the deadline', () => {
  test('the signal is aborted, and what ignores it is given up and tried again', async () => {
    let aborted = false;
    const { edge, error } = await run(
      {
        process: (_, { signal }) => {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
          return new Promise(() => {});
        },
      },
      { remaining: 100 },
    );
    expect(aborted).toBe(true);
    expect(error.name).toBe('DeadlineError');
    expect(edge.metrics).toMatchObject({ Retried: 1 });
  });

  test('the time that remains is known', async () => {
    let left = 0;
    await run({
      process: (_, context) => {
        left = context.remainingTime();
      },
    });
    expect(left).toBeGreaterThan(28_000);
    expect(left).toBeLessThanOrEqual(29_000);
  });
});

describe('what the handler sends', () => {
  test('belongs to the event: it is tried again if that is not accepted', async () => {
    const { error } = await run({
      process: (_, context) => {
        const sends = sendsOf(context);
        const send = {
          outcome: async () => {
            sends.delete(send);
            return new Error('refused');
          },
        };
        sends.add(send);
      },
    });
    expect(error).toEqual(new Error('refused'));
  });

  test('without its context is waited for, too', async () => {
    const sender = {
      flush: async () => {
        setBusy(sender, false);
        return [new Error('gone')];
      },
    };
    const { edge, error } = await run({ process: () => setBusy(sender, true) });
    expect(error).toEqual(new Error('gone'));
    expect(edge.metrics).toMatchObject({ Processed: 0, Retried: 1 });
  });
});

describe('a stored payload', () => {
  const body = JSON.stringify({ id: 'large' });
  const event = (bucket: string, bytes = body.length) =>
    JSON.parse(eventOf({ stored: bytes }, pointerOf({ bucket, key: 'p/1' })));
  const edgeOf = (payloads?: object[]) => {
    const edge = new FakeFunctionEdge(QUEUE, payloads && { ASYNC_PAYLOADS: JSON.stringify(payloads) });
    edge.objects.set('store/p/1', body);
    return edge;
  };
  const reason = ({ queued }: FakeFunctionEdge) => queued[0]?.Entries[0].MessageAttributes.DeadLetterReason.StringValue;

  test('is fetched', async () => {
    const seen: unknown[] = [];
    await run(
      { process: (payload) => seen.push(payload) },
      { edge: edgeOf([{ bucket: 'store' }]), event: event('store') },
    );
    expect(seen).toEqual([{ id: 'large' }]);
  });

  test('is fetched again when S3 throttles it: attempts are three at most', async () => {
    const edge = edgeOf([{ bucket: 'store' }]);
    const { getObject, ...calls } = await edge.storeCalls();
    let throttled = 4;
    edge.storeCalls = async () => ({
      ...calls,
      getObject: async (input) => {
        if (throttled-- > 0) throw Object.assign(new Error('no'), { name: 'SlowDown', $fault: 'server' });
        return getObject(input);
      },
    });
    const { error } = await run({}, { edge, event: event('store') });
    expect(error).toBeUndefined();
    expect(edge.metrics).toMatchObject({ Processed: 1, Retried: 0 });
  });

  test.each<[string, object[] | undefined, unknown, RegExp]>([
    ['elsewhere', [{ bucket: 'store', prefix: 'q/' }], event('store'), /stored where this worker does not read/],
    ['nowhere that is known', undefined, event('store'), /reads no payload store/],
    ['no more', [{ bucket: 'other' }], event('other'), /its body is gone from other\/p\/1/],
    ['of another size', [{ bucket: 'store' }], event('store', 3), /has 14 bytes, expected 3/],
  ])('that is %s is a permanent error', async (_, payloads, sent, expected) => {
    const edge = edgeOf(payloads);
    const process = jest.fn();
    const { error } = await run({ process }, { edge, event: sent });
    expect(error).toBeUndefined();
    expect(process).not.toHaveBeenCalled();
    expect(reason(edge)).toMatch(expected);
  });
});

test('a logger of the user’s gets the lines', async () => {
  const logger = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  await run({ ...hopeless(), logger });
  expect(logger.error).toHaveBeenCalledWith('event is dead', expect.objectContaining({ reason: 'no such order' }));
});

test.each<[unknown, string]>([
  [undefined, 'got process of type undefined'],
  ['text', 'got process of type string'],
])('process that is no function (%p) is refused when the module loads', (process, message) => {
  expect(() => asyncFunctionOn(new FakeFunctionEdge(), { process } as any)).toThrow(message);
});

test('a unit test needs no Lambda context', async () => {
  const edge = new FakeFunctionEdge();
  const handler = asyncFunctionOn<{ id: string }, unknown>(edge, {
    process: ({ id }, context) => [id, context.remainingTime()],
  });
  expect(await handler({ id: 'e-1' })).toEqual(['e-1', Number.POSITIVE_INFINITY]);
});
