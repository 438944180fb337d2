import fc from 'fast-check';
import { backpressureOf, GAUGE, type Gauge, gaugeOf } from '../../../lambda/runtime/pace/gauge';
import { sizeOf } from '../../../lambda/runtime/pace/queue-size';
import { concurrencyFor, defaultBatchSize } from '../../../lib/private/contract';

const NOW = 1_800_000_000_000;
const before: Gauge = { at: NOW - 10_000, backlog: 5_000, rate: 100, drain: 50, taken: 1_000 };
const capacity = { nominal: 100, inHand: 500, closed: false };

describe('the time to drain', () => {
  test.each<[string, Gauge | undefined, { backlog: number; taken: number }, Partial<typeof capacity>, number]>([
    ['of a backlog that is worked off at the pace', before, { backlog: 4_000, taken: 2_000 }, {}, 40],
    [
      'of one whose downstream has become slow, when half of the old rate is forgotten',
      before,
      { backlog: 4_000, taken: 1_000 },
      {},
      80,
    ],
    ['of none', before, { backlog: 0, taken: 2_000 }, {}, 0],
    [
      'of no more than is in hand: the rate says how many come, the pace how many can',
      before,
      { backlog: 500, taken: 1_010 },
      {},
      5,
    ],
    ['at first goes by the pace', undefined, { backlog: 4_000, taken: 0 }, {}, 40],
    [
      'while closed goes by the pace that it opens with',
      before,
      { backlog: 4_000, taken: 1_000 },
      { closed: true },
      40,
    ],
    ['never counts slots that are taken ahead', before, { backlog: 4_000, taken: 4_000 }, {}, 40],
    ['of a concurrency goes by what is observed', before, { backlog: 4_000, taken: 3_000 }, { nominal: undefined }, 20],
    [
      'of a concurrency that nobody has seen at work, with more than it has in hand, has no end',
      undefined,
      { backlog: 4_000, taken: 0 },
      { nominal: undefined },
      14 * 86_400,
    ],
    ['of a few messages of such a one is none', undefined, { backlog: 4, taken: 0 }, { nominal: undefined }, 0],
  ])('%s', (_, was, reading, other, drain) => {
    expect(gaugeOf(was, { now: NOW, ...reading }, { ...capacity, ...other }).drain).toBeCloseTo(drain, 1);
  });

  test('is never negative, infinite or no number, whatever clocks and counters say', () => {
    const number = fc.oneof(fc.nat(), fc.constant(0), fc.integer({ min: 0, max: 1e12 }));
    const gauge = fc.record({
      at: fc.integer({ min: NOW - 1e9, max: NOW + 1e6 }),
      backlog: number,
      rate: number,
      drain: number,
      taken: number,
    });
    fc.assert(
      fc.property(
        fc.option(gauge, { nil: undefined }),
        fc.record({ backlog: number, taken: number }),
        fc.record({
          nominal: fc.option(fc.double({ min: 0.001, max: 10_000, noNaN: true }), { nil: undefined }),
          inHand: fc.nat(),
          closed: fc.boolean(),
        }),
        (was, reading, can) => {
          const { drain, rate } = gaugeOf(was, { now: NOW, ...reading }, can);
          expect(drain).toBeGreaterThanOrEqual(0);
          expect(rate).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(drain) && Number.isFinite(rate)).toBe(true);
          expect(drain === 0 || reading.backlog > 0).toBe(true);
        },
      ),
    );
  });
});

test('whoever asks is told to come back in whole seconds, 1 to 900, or that there is room', () => {
  const item = (drain: number, at: number) => ({ [GAUGE.drain]: { N: String(drain) }, [GAUGE.at]: { N: String(at) } });
  expect(backpressureOf(undefined, 60, NOW)).toBeUndefined();
  expect(backpressureOf({ pk: { S: 'pace' } }, 60, NOW)).toBeUndefined();
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      fc.integer({ min: 10, max: 1e5 }),
      fc.integer({ min: -5_000, max: 400_000 }),
      (drain, limit, age) => {
        const answer = backpressureOf(item(drain, NOW - age), limit, NOW);
        if (drain <= limit || age > 300_000) expect(answer).toBeUndefined();
        else {
          expect(Number.isInteger(answer!.retryAfter)).toBe(true);
          expect(answer!.retryAfter).toBeGreaterThanOrEqual(1);
          expect(answer!.retryAfter).toBeLessThanOrEqual(900);
        }
      },
    ),
  );
});

test('the size of a queue is what waits, what is delayed and what is in hand', () => {
  expect(
    sizeOf({
      ApproximateNumberOfMessages: '5',
      ApproximateNumberOfMessagesNotVisible: '3',
      ApproximateNumberOfMessagesDelayed: '2',
      VisibilityTimeout: '30',
    }),
  ).toBe(10);
  expect(sizeOf(undefined)).toBe(0);
});

describe('what follows from a pace', () => {
  test('a concurrency is the product exactly, whatever it is', () => {
    for (let limit = 2; limit <= 1_000; limit++) {
      const { maxConcurrency, each = 1 } = concurrencyFor({ kind: 'concurrency', limit }, 10);
      expect(maxConcurrency * each).toBe(limit);
      expect(maxConcurrency).toBeGreaterThanOrEqual(2);
    }
  });

  test('and above what a mapping can, never more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_001, max: 10_000 }), fc.integer({ min: 1, max: 100 }), (limit, batchSize) => {
        const { maxConcurrency, each = 1 } = concurrencyFor({ kind: 'concurrency', limit }, batchSize);
        expect(maxConcurrency * each).toBeLessThanOrEqual(limit);
        expect(each).toBeLessThanOrEqual(batchSize);
        expect(maxConcurrency).toBeLessThanOrEqual(1_000);
      }),
    );
  });

  test('a rate has five seconds of messages in hand, as far as two invocations allow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 10, max: 600 }), (count, per) => {
        const pace = { kind: 'rate', count, per, burst: 1 } as const;
        const batchSize = defaultBatchSize(pace);
        const { maxConcurrency } = concurrencyFor(pace, batchSize);
        const seconds = (batchSize * maxConcurrency * per) / count;
        expect(seconds).toBeGreaterThanOrEqual(5);
        expect(seconds).toBeLessThanOrEqual(Math.max(10, (2 * per) / count));
      }),
    );
  });
});
