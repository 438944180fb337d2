import { PermanentError, RetryAfter } from '../../lambda/runtime';
import { type WorkerOptions, workerOn } from '../../lambda/runtime/worker';
import { lambdaContext, type SqsEventOptions, type SqsMessage, sqsEvent } from '../../lambda/testing';
import { ENV } from '../../lib/private/contract';
import { CONNECTED, FakeEdge } from './fake-edge';

const ids = (reply: { batchItemFailures: { itemIdentifier: string }[] }) =>
  reply.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

const run = (
  edge: FakeEdge,
  process: WorkerOptions<any>['process'],
  messages: SqsMessage[],
  { options = {}, event = {} }: { options?: Partial<WorkerOptions<any>>; event?: SqsEventOptions } = {},
) => workerOn(edge, { process, ...options })(sqsEvent(messages, event), lambdaContext());

const named = (...names: string[]): SqsMessage[] => names.map((name) => ({ body: { name }, messageId: name }));

beforeEach(() => jest.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') }));
afterEach(() => jest.useRealTimers());

describe('a batch that succeeds', () => {
  test('is acknowledged whole without loading an SQS client', async () => {
    const edge = new FakeEdge();
    const seen: unknown[] = [];
    const reply = await run(edge, async (message) => seen.push(message), named('a', 'b'));
    expect(reply).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect(edge.loads).toBe(0);
  });

  test('may be handled by a function that is not asynchronous', async () => {
    const reply = await run(new FakeEdge(), () => undefined, named('a', 'b', 'c'), { options: { concurrency: 1 } });
    expect(reply).toEqual({ batchItemFailures: [] });
  });

  test('that is empty gives an empty reply', async () => {
    expect(await run(new FakeEdge(), () => {}, [])).toEqual({ batchItemFailures: [] });
  });
});

describe('the context', () => {
  test('tells what SQS knows of the message', async () => {
    const edge = new FakeEdge();
    let seen: unknown;
    await run(
      edge,
      (_, { messageId, receiveCount, attributes, groupId, signal, record, remainingTime: _time, ...context }) => {
        seen = {
          messageId,
          receiveCount,
          attributes: { ...attributes },
          groupId,
          aborted: signal.aborted,
          body: record.body,
        };
        expect(context).toBeDefined();
      },
      [{ body: '1', messageId: 'm', receiveCount: 3, attributes: { tenant: 'blue' }, groupId: 'g' }],
    );
    expect(seen).toEqual({
      messageId: 'm',
      receiveCount: 3,
      attributes: { tenant: 'blue' },
      groupId: 'g',
      aborted: false,
      body: '1',
    });
  });

  test('counts down to the deadline, which keeps a second back for the reply', async () => {
    let left = 0;
    await run(new FakeEdge(), (_, context) => (left = context.remainingTime()), named('a'));
    expect(left).toBe(29_000);
  });

  test('has attributes without a prototype, so that a name cannot reach one', async () => {
    await run(
      new FakeEdge(),
      (_, { attributes }) => {
        expect(Object.getPrototypeOf(attributes)).toBeNull();
        expect(attributes.constructor).toBe('x');
        expect(attributes.toString).toBeUndefined();
      },
      [{ body: '1', attributes: { constructor: 'x' } }],
    );
  });

  test('logs lines that carry worker, request and message', async () => {
    const edge = new FakeEdge();
    await run(edge, (_, { log }) => log.info('charged', { cents: 5 }), named('a'));
    expect(edge.lines[0]).toEqual({
      timestamp: '2026-01-01T00:00:00.000Z',
      level: 'INFO',
      message: 'charged',
      worker: 'Test/Worker',
      requestId: '00000000-0000-4000-9000-000000000000',
      messageId: 'a',
      cents: 5,
    });
  });

  test('tells where the message comes from, and so does every line', async () => {
    const edge = new FakeEdge();
    const seen: unknown[] = [];
    const attributes = { CorrelationId: 'order-7', CausationId: 'm-0', traceparent: '00-a-b-01', Replayed: 'true' };
    await run(
      edge,
      (_, { correlationId, causationId, traceparent, replayed, log }) => {
        seen.push([correlationId, causationId, traceparent, replayed]);
        log.info('charged');
      },
      [
        { body: '1', messageId: 'm-1', attributes },
        { body: '2', messageId: 'm-2' },
      ],
    );
    expect(seen).toEqual([
      ['order-7', 'm-0', '00-a-b-01', true],
      ['m-2', undefined, undefined, false],
    ]);
    expect(edge.logs('INFO').map(({ messageId, correlationId }) => [messageId, correlationId])).toEqual([
      ['m-1', 'order-7'],
      ['m-2', undefined],
    ]);
  });

  test('logs to the logger that was injected, with the same fields', async () => {
    const info = jest.fn();
    const logger = { debug: info, info, warn: info, error: info };
    await run(new FakeEdge(), (_, { log }) => log.info('charged', { cents: 5 }), named('a'), { options: { logger } });
    expect(info).toHaveBeenCalledWith('charged', expect.objectContaining({ messageId: 'a', cents: 5 }));
  });
});

describe('a permanent error', () => {
  const process = (message: any) => {
    if (message.name === 'bad') throw new PermanentError('empty order');
  };

  test('moves its message to the dead-letter queue at once and acknowledges it', async () => {
    const edge = new FakeEdge();
    const reply = await run(edge, process, named('good', 'bad'));
    expect(ids(reply)).toEqual([]);
    expect(edge.deadLetters).toHaveLength(1);
    expect(edge.deadLetters[0]).toMatchObject({
      MessageBody: '{"name":"bad"}',
      MessageAttributes: { DeadLetterReason: { DataType: 'String', StringValue: 'empty order' } },
    });
  });

  test('says in the context attribute where the message came from', async () => {
    const edge = new FakeEdge();
    await run(edge, process, named('bad'));
    expect(JSON.parse(edge.deadLetters[0]!.MessageAttributes!.DeadLetterContext!.StringValue!)).toEqual({
      messageId: 'bad',
      source: 'arn:aws:sqs:us-east-1:123456789012:queue',
      receiveCount: 1,
      sentTimestamp: Date.parse('2026-01-01T00:00:00Z'),
      deadTimestamp: Date.parse('2026-01-01T00:00:00Z'),
    });
  });

  test('of many messages is one request', async () => {
    const edge = new FakeEdge();
    await run(edge, () => Promise.reject(new PermanentError('no')), named('a', 'b', 'c'));
    expect(edge.sent.map((entries) => entries.length)).toEqual([3]);
  });

  test.each([
    ['the send fails each time', 4, (edge: FakeEdge) => (edge.failSend = new Error('throttled'))],
    [
      'the queue refuses it',
      1,
      (edge: FakeEdge) => (edge.refuseSend = ({ MessageBody }) => MessageBody!.includes('bad')),
    ],
  ])('is reported failed instead when %s', async (_, sends, refuse) => {
    const edge = new FakeEdge();
    refuse(edge);
    const running = run(edge, process, named('good', 'bad'));
    await jest.advanceTimersByTimeAsync(2_000);
    const reply = await running;
    expect(ids(reply)).toEqual(['bad']);
    expect(edge.order).toEqual([...Array(sends).fill('send'), 'visibility']);
    expect(edge.logs('ERROR').map(({ message }) => message)).toContainEqual(expect.stringMatching(/^dead letter/));
    expect(edge.metrics).toMatchObject({ Processed: 1, Retried: 1, Dead: 0 });
  });

  test('is dead with its reason although the queue was throttled at first, also at its last receive', async () => {
    const edge = new FakeEdge({ ...CONNECTED, [ENV.maxReceiveCount]: '3' });
    edge.failSend = new Error('throttled');
    const running = run(edge, () => Promise.reject(new Error('broken')), [
      { body: {}, messageId: 'm', receiveCount: 3 },
    ]);
    await jest.advanceTimersByTimeAsync(10);
    edge.failSend = undefined;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ids(await running)).toEqual([]);
    expect(edge.deadLetters.map(({ MessageAttributes }) => MessageAttributes!.DeadLetterReason!.StringValue)).toEqual([
      'retries exhausted after 3 receives: broken',
    ]);
  });

  test('is reported failed instead when the queue does not answer in time', async () => {
    const edge = new FakeEdge();
    edge.hang = true;
    const reply = run(edge, process, named('good', 'bad'));
    await jest.advanceTimersByTimeAsync(30_000);
    expect(ids(await reply)).toEqual(['bad']);
  });

  test('without a construct has nowhere to go, and is left to the redrive policy', async () => {
    const edge = new FakeEdge({});
    expect(ids(await run(edge, process, named('good', 'bad')))).toEqual(['bad']);
    expect(edge.order).toEqual([]);
  });
});

describe('any other error', () => {
  test('brings its message back after the backoff, drawn at random', async () => {
    const edge = new FakeEdge();
    const reply = await run(edge, () => Promise.reject(new Error('flaky')), [
      { body: '1', messageId: 'a', receiveCount: 1 },
      { body: '1', messageId: 'b', receiveCount: 3 },
    ]);
    expect(ids(reply)).toEqual(['a', 'b']);
    expect([...edge.visibility]).toEqual([
      ['receipt-0', 3],
      ['receipt-1', 10],
    ]);
  });

  test.each([
    [{ seconds: 7 }, 7],
    [{ minutes: 2, seconds: 0.5 }, 121],
    [{ hours: 200 }, 12 * 3600 - 300],
  ])('that is RetryAfter(%j) brings it back after %d s', async (delay, seconds) => {
    const edge = new FakeEdge();
    await run(edge, () => Promise.reject(new RetryAfter(delay)), named('a'));
    expect(edge.visibility.get('receipt-0')).toBe(seconds);
  });

  test('is still reported failed when the backoff cannot be set', async () => {
    const edge = new FakeEdge();
    edge.failVisibility = new Error('throttled');
    const reply = run(edge, () => Promise.reject(new Error('x')), named('a'));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(ids(await reply)).toEqual(['a']);
    expect(edge.order).toEqual(['visibility', 'visibility', 'visibility', 'visibility']);
  });

  test('comes back after its backoff although the queue was throttled at first', async () => {
    const edge = new FakeEdge();
    edge.failVisibility = new Error('throttled');
    const reply = run(edge, () => Promise.reject(new Error('x')), named('a'));
    await jest.advanceTimersByTimeAsync(10);
    edge.failVisibility = undefined;
    await jest.advanceTimersByTimeAsync(2_000);
    await reply;
    expect(edge.visibility.size).toBe(1);
  });

  test('on the last receive is a dead letter that says so', async () => {
    const edge = new FakeEdge();
    const reply = await run(edge, () => Promise.reject(new Error('still down')), [{ body: '1', receiveCount: 5 }]);
    expect(ids(reply)).toEqual([]);
    expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toBe(
      'retries exhausted after 5 receives: still down',
    );
  });
});

describe('whatever is thrown', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const hostile = {
    get message(): string {
      throw new Error('getter');
    },
  };

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a frozen error', Object.freeze(new Error('frozen'))],
    ['a circular object', circular],
    ['a revoked proxy', revoked.proxy],
    ['an object with a hostile getter', hostile],
    ['an object without a prototype', Object.create(null)],
    ['a symbol', Symbol('s')],
    ['a big integer', 1n],
    ['a string', 'text'],
    ['an error whose cause is circular', new Error('x', { cause: circular })],
  ])('%s hurts its own message only, thrown or rejected', async (_, thrown) => {
    for (const fail of [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ]) {
      const edge = new FakeEdge();
      const reply = await run(edge, (message) => (message.name === 'bad' ? fail() : undefined), named('a', 'bad', 'c'));
      expect(ids(reply)).toEqual(['bad']);
      expect(edge.logs('WARN')).toHaveLength(1);
    }
  });

  test('a thenable that throws hurts its own message only', async () => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: what a hostile handler may return
      get then() {
        throw new Error('then');
      },
    };
    const reply = await run(new FakeEdge(), (message) => (message.name === 'bad' ? thenable : 1), named('a', 'bad'));
    expect(ids(reply)).toEqual(['bad']);
  });

  test('a logger that throws does not decide what becomes of a message', async () => {
    const boom = () => {
      throw new Error('logger');
    };
    const logger = { debug: boom, info: boom, warn: boom, error: boom };
    const edge = new FakeEdge();
    const process = (message: any) => {
      if (message.name !== 'good') throw new PermanentError('x');
    };
    edge.refuseSend = ({ MessageBody }) => MessageBody!.includes('lost');
    const reply = await run(edge, process, named('good', 'bad', 'lost'), { options: { logger } });
    expect(ids(reply)).toEqual(['lost']);
  });
});

describe('the deadline', () => {
  test('reports a record that never settles, keeps its neighbours and aborts its signal', async () => {
    const edge = new FakeEdge();
    let signal: AbortSignal | undefined;
    const reply = run(
      edge,
      (message, context) => {
        if (message.name !== 'slow') return;
        signal = context.signal;
        return new Promise(() => {});
      },
      named('a', 'slow', 'c'),
    );
    await jest.advanceTimersByTimeAsync(28_999);
    expect(signal?.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(ids(await reply)).toEqual(['slow']);
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ name: 'DeadlineError' });
  });

  test('defers what was not started, to come back at once', async () => {
    const edge = new FakeEdge();
    const started: string[] = [];
    const reply = run(
      edge,
      (message) => {
        started.push(message.name);
        return new Promise(() => {});
      },
      named('a', 'b', 'c'),
      { options: { concurrency: 1 } },
    );
    await jest.advanceTimersByTimeAsync(30_000);
    expect(ids(await reply)).toEqual(['a', 'b', 'c']);
    expect(started).toEqual(['a']);
    expect(edge.visibility.get('receipt-2')).toBe(0);
    expect(edge.metrics).toMatchObject({ Processed: 0, Retried: 1, Deferred: 2 });
  });

  test('that has passed already defers everything', async () => {
    const edge = new FakeEdge();
    const process = jest.fn();
    const handler = workerOn(edge, { process });
    expect(ids(await handler(sqsEvent(named('a')), lambdaContext(0)))).toEqual(['a']);
    expect(process).not.toHaveBeenCalled();
  });

  test('is not disturbed by what a handler does after it', async () => {
    const edge = new FakeEdge();
    const reply = run(
      edge,
      (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => setTimeout(() => reject(signal.reason), 10)),
        ),
      named('a'),
    );
    await jest.advanceTimersByTimeAsync(30_000);
    expect(ids(await reply)).toEqual(['a']);
    const before = edge.lines.length;
    await jest.advanceTimersByTimeAsync(100);
    expect(edge.lines).toHaveLength(before);
  });

  test('gives a signal that is first read after it already aborted', async () => {
    let late: AbortSignal | undefined;
    const reply = run(
      new FakeEdge(),
      async (_, context) => {
        await new Promise((resolve) => setTimeout(resolve, 29_500));
        late = context.signal;
      },
      named('a'),
    );
    await jest.advanceTimersByTimeAsync(30_000);
    await reply;
    expect(late?.aborted).toBe(true);
  });
});

test('no more messages than `concurrency` are in hand at once', async () => {
  let running = 0;
  let most = 0;
  const reply = run(
    new FakeEdge(),
    async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
    },
    named(...'abcdefgh'),
    { options: { concurrency: 3 } },
  );
  await jest.advanceTimersByTimeAsync(1_000);
  expect(ids(await reply)).toEqual([]);
  expect(most).toBe(3);
});

test('an environment that is still warm starts the next batch clean', async () => {
  const edge = new FakeEdge();
  let fail = true;
  const handler = workerOn(edge, {
    process: () => {
      if (fail) throw new Error('x');
    },
  });
  expect(ids(await handler(sqsEvent(named('a', 'b')), lambdaContext()))).toEqual(['a', 'b']);
  fail = false;
  expect(ids(await handler(sqsEvent(named('a', 'b')), lambdaContext()))).toEqual([]);
});

test('one metric line an invocation counts the outcomes and the age of the oldest message', async () => {
  const edge = new FakeEdge();
  await run(
    edge,
    (message) => {
      if (message.name === 'dead') throw new PermanentError('x');
      if (message.name === 'retry') throw new Error('x');
    },
    named('a', 'dead', 'retry'),
    { event: { sentAt: new Date('2025-12-31T23:59:00Z') } },
  );
  expect(edge.lines.filter((line) => '_aws' in line)).toHaveLength(1);
  expect(edge.metrics).toMatchObject({
    Worker: 'Test/Worker',
    Processed: 1,
    Retried: 1,
    Dead: 1,
    Deferred: 0,
    Age: 60_000,
    _aws: { CloudWatchMetrics: [{ Namespace: 'AsyncPatterns', Dimensions: [['Worker']] }] },
  });
});

test('called without the environment of the construct it works with defaults and emits no metrics', async () => {
  const edge = new FakeEdge({});
  const reply = await workerOn(edge, { process: () => {} })(sqsEvent(named('a')));
  expect(reply).toEqual({ batchItemFailures: [] });
  expect(edge.lines).toEqual([]);
});

test('logs and dead letters of a failure hold nothing of the body', async () => {
  const edge = new FakeEdge();
  await run(edge, () => {}, [{ body: 'SECRET {not json' }, { body: '{"SECRET": ' }]);
  expect(edge.deadLetters).toHaveLength(2);
  for (const { MessageBody, ...rest } of edge.deadLetters) expect(JSON.stringify(rest)).not.toContain('SECRET');
  expect(JSON.stringify(edge.lines)).not.toContain('SECRET');
});

describe('options that are none are refused when the module loads', () => {
  test.each<[any, RegExp]>([
    [{}, /got process of type undefined, expected a function/],
    [{ process: 1 }, /got process of type number/],
    [{ process: () => {}, concurrency: 0 }, /got concurrency 0, expected a whole number of 1 or more/],
    [{ process: () => {}, concurrency: 1.5 }, /got concurrency 1.5/],
    [{ process: () => {}, concurrency: Number.NaN }, /got concurrency NaN/],
  ])('%j', (options, message) => {
    expect(() => workerOn(new FakeEdge(), options)).toThrow(message);
  });

  test('an environment that the construct did not write', () => {
    expect(() => workerOn(new FakeEdge({ ASYNC_BACKOFF: 'soon' }), { process: () => {} })).toThrow(
      /ASYNC_BACKOFF: got "soon", expected the JSON/,
    );
  });
});
