import { PermanentError } from '../../../lambda/runtime';
import type { WindowContext, WindowOptions } from '../../../lambda/runtime/stream/window';
import { kinesisEvent } from '../../../lambda/testing';
import { FakeEdge } from '../fake-edge';
import { failuresOf, replying, run, WINDOWED } from './run';

const BOUNDS = { start: '2020-12-09T07:04:00Z', end: '2020-12-09T07:06:00Z' };

/** As AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html */
const windowEvent = (numbers: readonly number[], state: unknown, { last = false, early = false } = {}): any => ({
  ...kinesisEvent(numbers.map((data, i) => ({ data, partitionKey: String(i), sequenceNumber: `s${i}` }))),
  window: BOUNDS,
  state,
  shardId: 'shardId-000000000006',
  eventSourceARN: 'arn:aws:kinesis:us-east-1:123456789012:stream/stream',
  isFinalInvokeForWindow: last,
  isWindowTerminatedEarly: early,
});

const summing = (more: Partial<WindowOptions<number, number>> = {}) => {
  const ends: [number, WindowContext][] = [];
  const window: WindowOptions<number, number> = {
    initial: () => 0,
    reduce: async (sum, n) => {
      if (n < 0) throw new Error('negative');
      return sum + n;
    },
    end: (sum, context) => void ends.push([sum, context]),
    ...more,
  };
  return { window, ends };
};

test('a window starts from its beginning and carries on from invocation to invocation', async () => {
  const { window, ends } = summing();
  const first = await run(replying(), { window }, windowEvent([1, 2], {}));
  expect(first).toEqual({ batchItemFailures: [], state: { value: 3 } });
  const second = await run(replying(), { window }, windowEvent([4], first.state));
  expect(second.state).toEqual({ value: 7 });
  expect(ends).toEqual([]);
});

test.each([[undefined], [null], [{}]])('no state, as in %p, is the start of a window', async (state) => {
  expect((await run(replying(), { window: summing().window }, windowEvent([], state))).state).toEqual({ value: 0 });
});

test('a state may be anything that JSON can say', async () => {
  const window: WindowOptions<number, number[] | null> = {
    initial: () => null,
    reduce: (all, n) => [...(all ?? []), n],
    end() {},
  };
  expect((await run(replying(), { window }, windowEvent([1, 2], { value: null }))).state).toEqual({ value: [1, 2] });
});

test('the last invocation of a window hands over what was gathered, once', async () => {
  const { window, ends } = summing();
  await run(replying(), { window }, windowEvent([], { value: 12 }, { last: true }));
  const [[sum, context], ...more] = ends as [[number, WindowContext]];
  expect(more).toEqual([]);
  expect(sum).toBe(12);
  expect(context).toMatchObject({ window: BOUNDS, shardId: 'shardId-000000000006', early: false });
});

test('so does one that ends early because the state has grown too large', async () => {
  const { window, ends } = summing();
  await run(replying(), { window }, windowEvent([1], { value: 12 }, { early: true }));
  expect(ends).toEqual([[13, expect.objectContaining({ early: true })]]);
});

test('a record that fails comes back with all behind it, and what was gathered before it counts once', async () => {
  const { window, ends } = summing();
  const reply = await run(new FakeEdge(WINDOWED), { window }, windowEvent([1, -1, 5], { value: 10 }, { last: true }));
  expect(failuresOf(reply)).toEqual(['s1']);
  expect(reply.state).toEqual({ value: 11 });
  expect(ends).toEqual([]);
});

test('records come one at a time, whatever their keys', async () => {
  let running = 0;
  let most = 0;
  const { window } = summing({
    async reduce(sum, n) {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return sum + n;
    },
  });
  await run(replying(), { window, concurrency: 10 }, windowEvent([1, 2, 3], {}));
  expect(most).toBe(1);
});

test('a permanent failure is dead and leaves what was gathered as it was', async () => {
  const edge = replying();
  const { window } = summing({
    reduce(sum, n) {
      if (n === 2) throw new PermanentError('two');
      return sum + n;
    },
  });
  expect(await run(edge, { window }, windowEvent([1, 2, 3], {}))).toEqual({
    batchItemFailures: [],
    state: { value: 4 },
  });
  expect(edge.deadLetters.map(({ MessageBody }) => MessageBody)).toEqual(['2']);
});

describe('an end that fails', () => {
  const last = () => windowEvent([1], { value: 2 }, { last: true });

  test('fails the invocation, so that Lambda tries it again', async () => {
    const { window } = summing({ end: () => Promise.reject(new Error('away')) });
    await expect(run(replying(), { window }, last())).rejects.toThrow('away');
  });

  test('for good moves what was gathered to the dead-letter queue', async () => {
    const edge = replying();
    const { window } = summing({ end: () => Promise.reject(new PermanentError('no such customer')) });
    expect(await run(edge, { window }, last())).toMatchObject({ batchItemFailures: [] });
    const [letter] = edge.deadLetters;
    expect(letter?.MessageBody).toBe('3');
    expect(letter?.MessageAttributes?.DeadLetterReason?.StringValue).toBe('no such customer');
    expect(JSON.parse(letter?.MessageAttributes?.DeadLetterContext?.StringValue ?? '')).toMatchObject({
      window: BOUNDS,
    });
  });

  test('for good is tried again when the dead-letter queue does not take it', async () => {
    const edge = replying();
    edge.refuseSend = () => true;
    const { window } = summing({ end: () => Promise.reject(new PermanentError('no such customer')) });
    await expect(run(edge, { window }, last())).rejects.toThrow('no such customer');
  });

  test('to end is aborted before the function times out', async () => {
    jest.useFakeTimers();
    let aborted = false;
    const { window } = summing({
      end: (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (aborted = true));
        }),
    });
    const done = expect(run(replying(), { window }, last(), 10_000)).rejects.toThrow('about to time out');
    await jest.advanceTimersByTimeAsync(9_000);
    await done;
    expect(aborted).toBe(true);
    jest.useRealTimers();
  });
});

test('what a record that was given up comes to later does not count', async () => {
  jest.useFakeTimers();
  let finish: (sum: number) => void = () => {};
  const { window } = summing({
    reduce: (sum, n) => (n === 2 ? new Promise((resolve) => (finish = resolve)) : sum + n),
  });
  const done = run(replying(), { window }, windowEvent([1, 2], {}), 10_000);
  await jest.advanceTimersByTimeAsync(9_000);
  finish(100);
  expect(await done).toEqual({ batchItemFailures: [{ itemIdentifier: 's1' }], state: { value: 1 } });
  jest.useRealTimers();
});

test.each<[any, any]>([
  [{ window: summing().window }, kinesisEvent([{ data: 1 }])],
  [{ process: () => {} }, windowEvent([1], {})],
])('a window in only one of event and handler is refused: %#', async (options, event) => {
  await expect(run(replying(), options, event)).rejects.toThrow(TypeError);
});
