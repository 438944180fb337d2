import { BackpressureError, SendAllError } from '../../../lambda/runtime';
import { retryAfterSeconds } from '../../../lambda/runtime/errors';
import { producerOn } from '../../../lambda/runtime/producer/sender';
import type { SenderOptions } from '../../../lambda/runtime/producer/types';
import { FakeService, QUEUE } from './fake-service';

const LIMIT = 60;
const connection = { queueUrl: QUEUE, backpressure: { table: 'paces', limit: LIMIT } };

const setup = (options?: SenderOptions<number>) => {
  const service = new FakeService();
  const drain = (seconds: number, age = 0): void => {
    service.gauge = { gaugeAt: { N: String(service.time - age * 1_000) }, drain: { N: String(seconds) } };
  };
  const pass = async (ms: number): Promise<void> => {
    service.time += ms;
    await jest.advanceTimersByTimeAsync(ms);
  };
  return { service, drain, pass, producer: producerOn<number>(service, connection, options) };
};

const sendNow = async (sending: Promise<unknown>): Promise<unknown> => {
  const settled = sending.then(
    () => 'sent',
    (error) => error,
  );
  await jest.advanceTimersByTimeAsync(0);
  return settled;
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test.each([
  ['nothing is known', undefined, 0],
  ['there is no backlog', 0, 0],
  ['the backlog is at its limit', LIMIT, 0],
  ['nobody has looked at it for five minutes', 10_000, 301],
])('sends while %s', async (_, seconds, age) => {
  const { service, drain, producer } = setup();
  if (seconds !== undefined) drain(seconds, age);
  expect(await sendNow(producer.send(1))).toBe('sent');
  expect(service.accepted).toHaveLength(1);
});

test.each([
  [61, 0, 1],
  [100, 0, 40],
  [100, 15, 25],
  [100_000, 0, 900],
])('a backlog of %i s, seen %i s ago, is a BackpressureError: come back in %i s', async (seconds, age, retryAfter) => {
  const { service, drain, producer } = setup();
  drain(seconds, age);
  const error = await sendNow(producer.send(1));
  expect(error).toBeInstanceOf(BackpressureError);
  expect(error).toMatchObject({
    retryAfter,
    name: 'BackpressureError',
    message: expect.stringContaining(`${retryAfter} s`),
  });
  expect(service.accepted).toEqual([]);
  // Thrown from a worker's handler it is the delay of its message.
  expect(retryAfterSeconds(error)).toBe(retryAfter);
});

test('looks once a second at most, however many send, and does so in their place', async () => {
  const { service, drain, pass, producer } = setup();
  drain(0);
  for (let round = 0; round < 3; round++) {
    await sendNow(Promise.all([1, 2, 3].map((n) => producer.send(n))));
    expect(await sendNow(producer.send(4))).toBe('sent');
    expect(service.looks).toBe(round + 1);
    await pass(1_000);
  }
});

test('a table that fails or hangs stops nobody', async () => {
  const { service, drain, pass, producer } = setup();
  drain(1_000);
  service.failTable = () => {
    throw new Error('no');
  };
  expect(await sendNow(producer.send(1))).toBe('sent');
  service.tableCalls = async () => ({ getItem: () => new Promise(() => {}) });
  await pass(1_000);
  const sending = producer.send(2).then(() => 'sent');
  await pass(1_001);
  expect(await sending).toBe('sent');
});

test('who chooses to wait is held up until the backlog is within its limit', async () => {
  const { service, drain, pass, producer } = setup({ backpressure: 'wait' });
  drain(LIMIT + 100);
  let sent = false;
  const sending = producer.send(1).then(() => {
    sent = true;
  });
  for (let i = 0; i < 60; i++) {
    drain(LIMIT + 100 - i);
    await pass(1_000);
  }
  expect(sent).toBe(false);
  expect(service.looks).toBeLessThan(15);
  drain(LIMIT - 1);
  await pass(16_000);
  expect(sent).toBe(true);
  await sending;
});

test('who waits can give up', async () => {
  const { drain, pass, producer } = setup({ backpressure: 'wait' });
  drain(LIMIT + 1_000);
  const abort = new AbortController();
  const sending = producer.send(1, { signal: abort.signal }).catch((error) => error);
  await pass(5_000);
  abort.abort();
  await pass(0);
  expect(await sending).toMatchObject({ code: 'Aborted' });
});

test('who ignores it does not even look', async () => {
  const { service, drain, producer } = setup({ backpressure: 'ignore' });
  drain(10_000);
  expect(await sendNow(producer.send(1))).toBe('sent');
  expect(service.looks).toBe(0);
});

test('sendAll stops where the backlog became too long, says how far it came, and lets go of the source', async () => {
  const { service, drain, producer } = setup();
  drain(0);
  let released = false;
  async function* source() {
    try {
      for (let n = 0; n < 100; n++) {
        if (n === 30) {
          drain(LIMIT + 5);
          service.time += 1_000;
        }
        yield n;
      }
    } finally {
      released = true;
    }
  }
  const sending = producer.sendAll(source(), { onFailure: () => {} }).catch((error) => error);
  await jest.advanceTimersByTimeAsync(100);
  const error = await sending;
  expect(error).toBeInstanceOf(SendAllError);
  expect(error.cause).toBeInstanceOf(BackpressureError);
  expect(error.sent).toBe(service.accepted.length);
  // The one for which it looked was taken already.
  expect(error.sent).toBe(31);
  expect(released).toBe(true);
});

test('sendAll waits, and takes nothing meanwhile', async () => {
  const { drain, pass, producer } = setup({ backpressure: 'wait' });
  drain(LIMIT + 5);
  let taken = 0;
  function* source() {
    for (; taken < 20; taken++) yield taken;
  }
  const sending = producer.sendAll(source());
  await pass(3_000);
  expect(taken).toBe(0);
  drain(0);
  await pass(10_000);
  await pass(100);
  expect(await sending).toEqual({ sent: 20, failed: 0 });
});
