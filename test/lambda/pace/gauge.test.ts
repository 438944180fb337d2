import fc from 'fast-check';
import { backpressureOf, GAUGE, type Gauge, gaugeOf, readGauge } from '../../../lambda/runtime/pace/gauge';
import { capacityOf } from '../../../lambda/runtime/pace/meter';
import { sizeOf } from '../../../lambda/runtime/pace/queue-size';
import { Expression, readPace, rowOf } from '../../../lambda/runtime/pace/row';
import { concurrencyFor, defaultBatchSize, type LevelingSpec } from '../../../lib/private/contract';

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
  expect(sizeOf({ ApproximateNumberOfMessagesDelayed: '2' })).toBe(2);
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

describe('the rate', () => {
  test.each<[string, Gauge | undefined, number, Partial<typeof capacity>, number]>([
    ['follows a rise at once', { ...before, rate: 50 }, 1_900, {}, 90],
    ['follows a fall by halves', before, 1_600, {}, 80],
    ['is never more than the pace', before, 9_000, {}, 100],
    ['of a concurrency may be anything', before, 9_000, { nominal: undefined }, 800],
    ['never goes below none', before, 500, {}, 50],
    ['stays while it is closed', before, 1_000, { closed: true }, 100],
    ['is none before it was ever seen', undefined, 1_000, {}, 0],
    ['is none if it is closed before it was ever seen', undefined, 1_000, { closed: true }, 0],
    ['is told to the thousandth', { ...before, at: NOW - 3_000, rate: 0 }, 1_001, {}, 0.333],
    ['stays when no time has passed', { ...before, at: NOW, rate: 50 }, 2_000, {}, 50],
    ['stays when a clock goes back', { ...before, at: NOW + 1 }, 2_000, {}, 100],
  ])('%s', (_, was, taken, other, rate) => {
    expect(gaugeOf(was, { now: NOW, backlog: 1_000, taken }, { ...capacity, ...other })).toMatchObject({
      at: NOW,
      backlog: 1_000,
      taken,
      rate,
    });
  });

  test.each<[string, number, number, Partial<typeof capacity>, number]>([
    ['more than in hand: what is observed', 501, 1_500, {}, 501 / 75],
    ['as many as in hand: the pace', 500, 1_500, {}, 5],
    ['as many as in hand of a concurrency: what is observed', 500, 1_500, { nominal: undefined }, 500 / 75],
    ['more than in hand while closed: the pace', 501, 1_500, { closed: true }, 5.01],
  ])('that counts with %s', (_, backlog, taken, other, drain) => {
    const gauge = gaugeOf(before, { now: NOW, backlog, taken }, { ...capacity, ...other });
    expect(gauge.drain).toBeCloseTo(drain, 3);
  });

  test('that is none leaves a backlog that is more than in hand without an end, another with none', () => {
    const idle = { ...before, rate: 0 };
    const drain = (backlog: number) =>
      gaugeOf(idle, { now: NOW, backlog, taken: 1_000 }, { ...capacity, nominal: undefined }).drain;
    expect([drain(500), drain(501)]).toEqual([0, 14 * 86_400]);
    expect(gaugeOf(before, { now: NOW, backlog: 1e12, taken: 2_000 }, capacity).drain).toBe(14 * 86_400);
  });
});

describe('a row', () => {
  test('without anything is that of a pace that nobody has used', () => {
    const nothing = {
      version: 0,
      pace: '',
      base: '',
      changedAt: 0,
      taken: 0,
      ownedUntil: 0,
      applied: 0,
      paused: false,
    };
    expect(rowOf(undefined)).toMatchObject(nothing);
    expect(rowOf({})).toMatchObject(nothing);
    expect(rowOf({}).gauge).toBeUndefined();
    expect(readGauge({ [GAUGE.at]: { N: '5' } })).toEqual({ at: 5, backlog: 0, rate: 0, drain: 0, taken: 0 });
    expect(readGauge(undefined)).toBeUndefined();
  });

  test('is read as it was written', () => {
    const n = (value: number) => ({ N: String(value) });
    const item = {
      version: n(2),
      pace: { S: 'p' },
      base: { S: 'b' },
      changedAt: n(3),
      next: n(4),
      due: n(5),
      taken: n(6),
      owner: { S: 'me' },
      ownedUntil: n(7),
      applied: n(8),
      paused: { BOOL: true },
    };
    expect(rowOf(item)).toEqual({
      version: 2,
      pace: 'p',
      base: 'b',
      changedAt: 3,
      next: 4,
      due: 5,
      taken: 6,
      gauge: undefined,
      owner: 'me',
      ownedUntil: 7,
      applied: 8,
      paused: true,
    });
  });

  test.each<[string, unknown]>([
    ['{"kind":"rate","count":1,"per":2,"burst":3}', { kind: 'rate', count: 1, per: 2, burst: 3 }],
    ['{"kind":"rate","count":1}', undefined],
    ['{"kind":"concurrency","limit":1}', { kind: 'concurrency', limit: 1 }],
    ['{"kind":"closed"}', { kind: 'closed' }],
    ['{"kind":"tides"}', undefined],
    ['', undefined],
    ['null', undefined],
  ])('with the pace %p goes by it if it is known', (json, pace) => {
    expect(readPace(json)).toEqual(pace);
  });

  test('is asked for all conditions at once', () => {
    const input = new Expression('k').set('a', { S: 'x' }).set('b', undefined).add('c', 2).if('p').if('q').input('t');
    expect(input).toEqual({
      TableName: 't',
      Key: { pk: { S: 'k' } },
      UpdateExpression: 'SET #a = :a REMOVE #b ADD #c :c',
      ConditionExpression: 'p AND q',
      ExpressionAttributeNames: { '#a': 'a', '#b': 'b', '#c': 'c' },
      ExpressionAttributeValues: { ':a': { S: 'x' }, ':c': { N: '2' } },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const bare = new Expression('k').set('b', undefined).input('t');
    expect(bare).not.toHaveProperty('ConditionExpression');
    expect(bare).not.toHaveProperty('ExpressionAttributeValues');
  });
});

test.each<[Partial<LevelingSpec>, LevelingSpec['pace'], object]>([
  [{}, { kind: 'rate', count: 30, per: 60, burst: 1 }, { nominal: 0.5, inHand: 20, closed: false }],
  [{ perTenant: true }, { kind: 'rate', count: 30, per: 60, burst: 1 }, { nominal: undefined, closed: false }],
  [{ maxConcurrency: 7 }, { kind: 'rate', count: 30, per: 60, burst: 1 }, { inHand: 70 }],
  [{}, { kind: 'closed' }, { nominal: 10, closed: true }],
  [{}, { kind: 'concurrency', limit: 20 }, { nominal: undefined, inHand: 40, closed: false }],
])('what %j with %j can do', (spec, pace, can) => {
  const made = {
    table: 't',
    pace: { kind: 'rate', count: 10, per: 1, burst: 1 },
    lookahead: 900,
    batchSize: 10,
  } as const;
  expect(capacityOf({ ...made, ...spec }, pace)).toMatchObject(can);
});

test.each<[number, number, number, number | undefined]>([
  [60, 60, 0, undefined],
  [60.1, 60, 0, 1],
  [100, 60, 0, 40],
  [100, 60, 10_000, 30],
  [100, 60, 10_100, 30],
  [100, 60, 39_999, 1],
  [100, 60, 299_000, 1],
  [100, 60, 300_000, 1],
  [100, 60, 300_001, undefined],
  [100, 60, -5_000, 40],
  [5_000, 60, 0, 900],
])('a backlog of %d s, %d s at most, read %d ms ago: come back in %p s', (drain, limit, age, retryAfter) => {
  const item = { [GAUGE.drain]: { N: String(drain) }, [GAUGE.at]: { N: String(NOW - age) } };
  expect(backpressureOf(item, limit, NOW)).toEqual(retryAfter === undefined ? undefined : { retryAfter });
});
