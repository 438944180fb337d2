import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { PermanentError, RetryAfter } from '../../../lambda/runtime';
import { streamWorkerOn } from '../../../lambda/runtime/stream/stream-worker';
import { type KinesisRecord, kinesisEvent, lambdaContext } from '../../../lambda/testing';
import { FakeEdge } from '../fake-edge';
import { failuresOf, replying, run, STREAMING, WINDOWED } from './run';

beforeEach(() => jest.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') }));
afterEach(() => jest.useRealTimers());

/** Records named 0, 1, 2, ... with the keys given. */
const keyed = (...keys: string[]): KinesisRecord[] =>
  keys.map((partitionKey, i) => ({ data: { i }, partitionKey, sequenceNumber: `s${i}` }));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a batch that succeeds', () => {
  test('is passed whole, without loading an SQS client', async () => {
    const edge = new FakeEdge(STREAMING);
    const seen: unknown[] = [];
    const reply = await run(edge, { process: (message) => void seen.push(message) }, kinesisEvent(keyed('a', 'b')));
    expect(reply).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([{ i: 0 }, { i: 1 }]);
    expect(edge.loads).toBe(0);
  });

  test('that is empty gives an empty reply', async () => {
    expect(await run(replying(), { process: () => {} }, kinesisEvent([]))).toEqual({ batchItemFailures: [] });
  });
});

describe('the context', () => {
  test('tells where the record is', async () => {
    let seen: any;
    await run(
      replying(),
      {
        process: (_, context) => {
          seen = context;
        },
      },
      kinesisEvent([{ data: 1, partitionKey: 'k', sequenceNumber: 's' }], {
        arrivedAt: new Date('2025-12-31T23:59:50.250Z'),
      }),
    );
    expect({
      messageId: seen.messageId,
      partitionKey: seen.partitionKey,
      sequenceNumber: seen.sequenceNumber,
      shardId: seen.shardId,
      approximateArrival: seen.approximateArrival,
      attributes: { ...seen.attributes },
      aborted: seen.signal.aborted,
      left: seen.remainingTime(),
    }).toEqual({
      messageId: 'shardId-000000000000:s',
      partitionKey: 'k',
      sequenceNumber: 's',
      shardId: 'shardId-000000000000',
      approximateArrival: new Date('2025-12-31T23:59:50.250Z'),
      attributes: {},
      aborted: false,
      left: 29_000,
    });
    expect(seen.record.kinesis.partitionKey).toBe('k');
  });

  test('logs lines that carry worker, request and message', async () => {
    const edge = new FakeEdge(STREAMING);
    await run(edge, { process: (_, { log }) => log.info('seen', { cents: 5 }) }, kinesisEvent(keyed('a')));
    expect(edge.lines[0]).toEqual({
      timestamp: '2026-01-01T00:00:00.000Z',
      level: 'INFO',
      message: 'seen',
      worker: 'Test/Worker',
      requestId: '00000000-0000-4000-9000-000000000000',
      messageId: 'shardId-000000000000:s0',
      cents: 5,
    });
  });
});

describe('order', () => {
  test('of a key is kept while keys run in parallel', async () => {
    const log: string[] = [];
    let most = 0;
    let running = 0;
    const done = run(
      replying(),
      {
        async process({ i }, { partitionKey }) {
          most = Math.max(most, ++running);
          log.push(`start ${partitionKey}${i}`);
          await pause(partitionKey === 'a' ? 100 : 10);
          log.push(`end ${partitionKey}${i}`);
          running--;
        },
      },
      kinesisEvent(keyed('a', 'a', 'b', 'b', 'a')),
    );
    await jest.runAllTimersAsync();
    expect(await done).toEqual({ batchItemFailures: [] });
    expect(log.filter((line) => / a/.test(line))).toEqual([
      ...['start a0', 'end a0', 'start a1', 'end a1', 'start a4', 'end a4'],
    ]);
    expect(log.filter((line) => / b/.test(line))).toEqual(['start b2', 'end b2', 'start b3', 'end b3']);
    expect(most).toBe(2);
  });

  test('lets no more keys run at once than the concurrency', async () => {
    let most = 0;
    let running = 0;
    const process = async () => {
      most = Math.max(most, ++running);
      await pause(10);
      running--;
    };
    const done = run(replying(), { process, concurrency: 3 }, kinesisEvent(keyed(...'abcdefgh')));
    await jest.runAllTimersAsync();
    await done;
    expect(most).toBe(3);
  });

  test('a key waits for the dead letter of its last record to be confirmed', async () => {
    const edge = replying();
    const order: string[] = [];
    await run(
      edge,
      {
        process({ i }) {
          order.push(`${i} after ${edge.deadLetters.length} letters`);
          if (i === 0) throw new PermanentError('no');
        },
      },
      kinesisEvent(keyed('a', 'a', 'b')),
    );
    expect(order).toContain('1 after 1 letters');
  });
});

describe('a failure', () => {
  const failing =
    (...which: number[]) =>
    ({ i }: { i: number }) => {
      if (which.includes(i)) throw new Error('flaky');
    };

  test('is named by its sequence number, the lowest of several', async () => {
    const reply = await run(replying(), { process: failing(2, 4) }, kinesisEvent(keyed(...'abcde')));
    expect(failuresOf(reply)).toEqual(['s2']);
  });

  test('lets what lies before it finish, and nothing behind it start', async () => {
    const started: number[] = [];
    const done = run(
      replying(),
      {
        concurrency: 2,
        async process({ i }) {
          started.push(i);
          // 0 is slow, 2 fails at once: 1 is before it, 3 and 4 come back anyway.
          await pause(i === 0 ? 50 : 1);
          if (i === 2) throw new Error('flaky');
        },
      },
      kinesisEvent(keyed(...'abcde')),
    );
    await jest.runAllTimersAsync();
    expect(failuresOf(await done)).toEqual(['s2']);
    expect(started).toEqual([0, 1, 2]);
  });

  test('of a key holds up the rest of the key', async () => {
    const started: number[] = [];
    const reply = await run(
      replying(),
      {
        process({ i }) {
          started.push(i);
          if (i === 1) throw new Error('flaky');
        },
      },
      kinesisEvent(keyed('a', 'a', 'a')),
    );
    expect(started).toEqual([0, 1]);
    expect(failuresOf(reply)).toEqual(['s1']);
  });

  test('of the first record is thrown, so that Lambda splits the batch instead of giving it up whole', async () => {
    const edge = new FakeEdge(STREAMING);
    await expect(run(edge, { process: failing(0) }, kinesisEvent(keyed('a', 'b')))).rejects.toThrow(
      /^nothing before shardId-000000000000:s0 could be passed: flaky$/,
    );
    expect(edge.metrics).toMatchObject({ Retried: 1, Processed: expect.any(Number) });
  });

  test('of a later record is not thrown', async () => {
    const reply = await run(new FakeEdge(STREAMING), { process: failing(1) }, kinesisEvent(keyed('a', 'b')));
    expect(failuresOf(reply)).toEqual(['s1']);
  });

  test.each([[new RetryAfter({ minutes: 5 })], [undefined], ['text'], [null]])(
    'may be anything: %p',
    async (thrown) => {
      const process = () => Promise.reject(thrown);
      expect(failuresOf(await run(replying(), { process }, kinesisEvent(keyed('a'))))).toEqual(['s0']);
    },
  );
});

describe('a permanent failure', () => {
  const process = ({ i }: { i: number }) => {
    if (i === 1) throw new PermanentError('no such order');
  };

  test('goes to the dead-letter queue with its body, where it was and why, and the shard goes on', async () => {
    const edge = new FakeEdge(STREAMING);
    const arrivedAt = new Date('2025-12-31T23:00:00Z');
    const reply = await run(edge, { process }, kinesisEvent(keyed('a', 'b', 'c'), { arrivedAt }));
    expect(reply).toEqual({ batchItemFailures: [] });
    const [letter, ...others] = edge.deadLetters;
    expect(others).toEqual([]);
    expect(letter?.MessageBody).toBe('{"i":1}');
    expect(letter?.MessageAttributes?.DeadLetterReason?.StringValue).toBe('no such order');
    expect(JSON.parse(letter?.MessageAttributes?.DeadLetterContext?.StringValue ?? '')).toEqual({
      source: 'arn:aws:kinesis:us-east-1:123456789012:stream/stream',
      shardId: 'shardId-000000000000',
      sequenceNumber: 's1',
      partitionKey: 'b',
      approximateArrival: '2025-12-31T23:00:00.000Z',
      deadTimestamp: Date.parse('2026-01-01T00:00:00Z'),
    });
    expect(letter?.MessageAttributes).not.toHaveProperty('DeadLetterEncoding');
    expect(edge.metrics).toMatchObject({ Processed: 2, Dead: 1, Retried: 0, Deferred: 0, Age: 3_600_000 });
    expect(edge.logs('ERROR')).toEqual([
      expect.objectContaining({
        message: 'message is dead',
        reason: 'no such order',
        messageId: 'shardId-000000000000:s1',
      }),
    ]);
  });

  test.each<[string, (edge: FakeEdge) => void]>([
    ['refused', (edge) => (edge.refuseSend = () => true)],
    ['not sent', (edge) => (edge.failSend = new Error('away'))],
  ])('whose letter is %s comes back', async (_, arrange) => {
    const edge = replying();
    arrange(edge);
    const reply = run(edge, { process }, kinesisEvent(keyed('a', 'b', 'c')));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(failuresOf(await reply)).toEqual(['s1']);
  });

  test('comes back where there is no dead-letter queue', async () => {
    const edge = new FakeEdge({});
    expect(failuresOf(await run(edge, { process }, kinesisEvent(keyed('a', 'b'))))).toEqual(['s1']);
  });

  test('comes back when the queue does not answer before the function times out', async () => {
    const edge = replying();
    edge.hang = true;
    const done = run(edge, { process }, kinesisEvent(keyed('a', 'b', 'c')), 10_000);
    await jest.advanceTimersByTimeAsync(9_800);
    expect(failuresOf(await done)).toEqual(['s1']);
  });

  test('waits for what lies before it, and is not buried when that fails, since it comes back', async () => {
    const edge = replying();
    const done = run(
      edge,
      {
        async process({ i }) {
          if (i === 2) throw new PermanentError('no');
          await pause(20);
          if (i === 0) throw new Error('flaky');
        },
      },
      kinesisEvent(keyed('a', 'b', 'c')),
    );
    await jest.runAllTimersAsync();
    expect(failuresOf(await done)).toEqual(['s0']);
    expect(edge.deadLetters).toEqual([]);
  });

  test('does not take a place from those that run meanwhile', async () => {
    const edge = replying();
    const done = run(
      edge,
      {
        concurrency: 2,
        async process({ i }) {
          if (i === 0) await pause(50);
          if (i === 1 || i === 2) throw new PermanentError('no');
        },
      },
      kinesisEvent(keyed(...'abcde')),
    );
    await jest.runAllTimersAsync();
    expect(await done).toEqual({ batchItemFailures: [] });
    expect(edge.sent.map((entries) => entries.length)).toEqual([2]);
  });

  test('letters of one moment share a request', async () => {
    const edge = replying();
    const fail = () => {
      throw new PermanentError('no');
    };
    await run(edge, { process: fail }, kinesisEvent(keyed(...'abcdefgh')));
    expect(edge.sent.map((entries) => entries.length)).toEqual([8]);
  });
});

describe('data', () => {
  const dead = async (data: unknown, options = {}) => {
    const edge = replying();
    const process = jest.fn();
    const reply = await run(edge, { process, ...options }, kinesisEvent([{ data }]));
    expect(reply).toEqual({ batchItemFailures: [] });
    expect(process).not.toHaveBeenCalled();
    const { MessageBody, MessageAttributes } = edge.deadLetters[0]!;
    return {
      body: MessageBody!,
      reason: MessageAttributes?.DeadLetterReason?.StringValue,
      encoding: MessageAttributes?.DeadLetterEncoding?.StringValue,
    };
  };
  const schema = z.object({ id: z.string() });

  test.each<[string, unknown, object, object]>([
    ['no JSON', 'not json', {}, { body: 'not json', reason: 'the body is not JSON', encoding: undefined }],
    ['none', '', {}, { body: 'empty', reason: 'the body is empty', encoding: 'empty' }],
    ['a key __proto__', '{"__proto__":1}', {}, { body: '{"__proto__":1}', reason: 'the body has a key __proto__' }],
    [
      'bytes that are no text',
      Buffer.from([0xff, 0]),
      {},
      { body: '/wA=', reason: 'the body is not UTF-8', encoding: 'base64' },
    ],
    [
      'characters that SQS refuses',
      'a\u0000',
      {},
      { body: 'YQA=', reason: 'the body is not JSON', encoding: 'base64' },
    ],
    [
      'against the schema',
      { id: 1 },
      { schema },
      { reason: expect.stringMatching(/^the body does not match the schema: id: /) },
    ],
  ])('that is %s is dead, byte for byte', async (_, data, options, expected) => {
    expect(await dead(data, options)).toMatchObject(expected);
  });

  test('larger than a message is packed', async () => {
    const large = Buffer.from(`{${'x'.repeat(2_000_000)}`);
    const { body, encoding } = await dead(large);
    expect(encoding).toBe('gzip+base64');
    expect(gunzipSync(Buffer.from(body, 'base64')).equals(large)).toBe(true);
  });

  test('that cannot be packed leaves where it is, and says that it must be read there', async () => {
    let seed = 1;
    const noise = Buffer.from(
      Array.from({ length: 1_500_000 }, () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed & 255;
      }),
    );
    const { body, encoding, reason } = await dead(noise);
    expect(encoding).toBe('location');
    expect(JSON.parse(body)).toMatchObject({ shardId: 'shardId-000000000000', partitionKey: '0' });
    expect(reason).toBe(
      'the body is not UTF-8; its 1500000 bytes are more than a message holds: read it before it leaves the stream',
    );
  });

  test('can be read by a function of the user’s', async () => {
    const seen: unknown[] = [];
    const parse = (data: Buffer) => data.toString('hex');
    await run(
      replying(),
      { parse, process: (message) => void seen.push(message) },
      kinesisEvent([{ data: Buffer.from([1, 255]) }]),
    );
    expect(seen).toEqual(['01ff']);
  });
});

describe('the deadline', () => {
  test('aborts what runs, keeps what is done and starts no more', async () => {
    const started: number[] = [];
    let reason: unknown;
    const done = run(
      replying(),
      {
        concurrency: 2,
        async process({ i }, { signal }) {
          started.push(i);
          if (i === 1) {
            signal.addEventListener('abort', () => (reason = signal.reason));
            await new Promise(() => {});
          }
        },
      },
      kinesisEvent(keyed('a', 'b', 'b', 'c')),
      10_000,
    );
    await jest.advanceTimersByTimeAsync(9_000);
    expect(failuresOf(await done)).toEqual(['s1']);
    expect(String(reason)).toContain('not finished when the function was about to time out');
    expect(started).toEqual([0, 1, 3]);
  });

  test('a success after it does not count', async () => {
    const edge = replying();
    const done = run(edge, { process: () => pause(9_500) }, kinesisEvent(keyed('a')), 10_000);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(failuresOf(await done)).toEqual(['s0']);
    expect(edge.metrics).toMatchObject({ Processed: 0, Retried: 1 });
  });

  test('in the past starts nothing', async () => {
    const process = jest.fn();
    expect(failuresOf(await run(replying(), { process }, kinesisEvent(keyed('a')), 0))).toEqual(['s0']);
    expect(process).not.toHaveBeenCalled();
  });
});

describe('options that are none are refused when the handler is made', () => {
  const window = { initial: () => 0, reduce: (n: number) => n, end: () => {} };
  test.each<[any, object, RegExp]>([
    [{}, STREAMING, /got process of type undefined and window of type undefined, expected one of them/],
    [{ process: () => {}, window }, STREAMING, /expected one of them/],
    [{ process: 1 }, STREAMING, /got process of type number/],
    [{ window: { ...window, end: undefined } }, WINDOWED, /got window.end of type undefined/],
    [{ process: () => {}, concurrency: 0 }, STREAMING, /got concurrency 0/],
    [{ process: () => {}, concurrency: 1.5 }, STREAMING, /got concurrency 1.5/],
    [{ window }, STREAMING, /got window in the handler, expected tumblingWindow on its StreamWorker too/],
    [{ process: () => {} }, WINDOWED, /got tumblingWindow on its StreamWorker, expected window in the handler too/],
    [{ process: () => {} }, { ASYNC_STREAM: '{' }, /ASYNC_STREAM: got "\{", expected the JSON/],
  ])('%#', (options, env, message) => {
    expect(() => streamWorkerOn(new FakeEdge(env as Record<string, string>), options)).toThrow(message);
  });
});

test('a warm process starts the next batch clean', async () => {
  const edge = replying();
  let first = true;
  const handler = streamWorkerOn<{ i: number }>(edge, {
    process() {
      if (first) throw new Error('once');
    },
  });
  expect(failuresOf(await handler(kinesisEvent(keyed('a', 'a')), lambdaContext()))).toEqual(['s0']);
  first = false;
  expect(failuresOf(await handler(kinesisEvent(keyed('a', 'a')), lambdaContext()))).toEqual([]);
});

test('a logger of the user’s gets the lines, and what it throws changes nothing', async () => {
  const warn = jest.fn(() => {
    throw new Error('broken logger');
  });
  const logger = { debug: warn, info: warn, warn, error: warn };
  const process = () => Promise.reject(new Error('flaky'));
  expect(failuresOf(await run(replying(), { process, logger }, kinesisEvent(keyed('a'))))).toEqual(['s0']);
  expect(warn).toHaveBeenCalledWith(
    'message will be retried',
    expect.objectContaining({ messageId: 'shardId-000000000000:s0' }),
  );
});
