import * as fc from 'fast-check';
import { countersOf, isCounter, spentCounters, tallyOf } from '../../../lambda/runtime/breaker/counts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const window = fc.integer({ min: 10, max: 3600 }).map((seconds) => seconds * 1000);
const call = fc.record({ failed: fc.boolean(), age: fc.double({ min: 0, max: 4, noNaN: true }) });

const add = (counters: Map<string, number>, failed: boolean, window: number, at: number): void => {
  for (const [name, count] of countersOf({ failures: Number(failed), successes: Number(!failed) }, window, at)) {
    counters.set(name, (counters.get(name) ?? 0) + count);
  }
};

test('a call counts for nine to ten tenths of the window, then no more', () => {
  fc.assert(
    fc.property(window, fc.array(call, { maxLength: 30 }), (window, calls) => {
      const counters = new Map<string, number>();
      for (const { failed, age } of calls) add(counters, failed, window, NOW - age * window);
      const { calls: counted, failures } = tallyOf(counters, window, NOW);
      const within = (share: number) => calls.filter(({ age }) => age < share);
      expect(counted).toBeGreaterThanOrEqual(within(0.9).length);
      expect(counted).toBeLessThanOrEqual(within(1.0001).length);
      expect(failures).toBeGreaterThanOrEqual(within(0.9).filter(({ failed }) => failed).length);
      expect(failures).toBeLessThanOrEqual(within(1.0001).filter(({ failed }) => failed).length);
    }),
  );
});

test('what a fast clock counts is not lost, and what counts is never spent', () => {
  fc.assert(
    fc.property(window, fc.integer({ min: -100, max: 400 }), fc.boolean(), (window, percent, failed) => {
      const age = percent / 100;
      const counters = new Map<string, number>();
      add(counters, failed, window, NOW - age * window);
      const { calls, failures } = tallyOf(counters, window, NOW);
      if (age < 0) expect([calls, failures]).toEqual([1, Number(failed)]);
      const spent = spentCounters(counters, window, NOW);
      if (calls > 0) expect(spent).toEqual([]);
      if (age > 2.2) expect(spent).toEqual([...counters.keys()]);
      if (age < 1.9) expect(spent).toEqual([]);
    }),
  );
});

test('counters of more than a window ahead are somebody’s broken clock', () => {
  const counters = new Map<string, number>();
  add(counters, true, 60_000, NOW + 70_000);
  expect(tallyOf(counters, 60_000, NOW)).toEqual({ failures: 0, calls: 0 });
});

test('counters are spent when they are more than two windows off, either way', () => {
  const far = [-21, -20, -1, 0, 20, 21].map((steps) => `f${NOW / 6_000 + steps}`);
  expect(spentCounters(new Map(far.map((name) => [name, 1])), 60_000, NOW)).toEqual([far[0], far[5]]);
});

test('nothing called is nothing counted', () => {
  expect(countersOf({ failures: 0, successes: 0 }, 60_000, NOW).size).toBe(0);
  expect(countersOf({ failures: 2, successes: 3 }, 60_000, 120_000)).toEqual(
    new Map([
      ['f20', 2],
      ['s20', 3],
    ]),
  );
});

test.each([
  ['f123', true],
  ['s0', true],
  ['state', false],
  ['f', false],
  ['f12x', false],
  ['xf12', false],
])('%s is a counter: %s', (name, expected) => {
  expect(isCounter(name)).toBe(expected);
});
