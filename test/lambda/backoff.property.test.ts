import * as fc from 'fast-check';
import { backoffSeconds } from '../../lambda/runtime/backoff';

const spec = fc.record({
  initial: fc.nat(43_200),
  max: fc.nat(43_200),
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  jitter: fc.boolean(),
});
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('is whole seconds within [0, max] for any options, attempt and draw', () => {
  fc.assert(
    fc.property(spec, fc.integer({ min: -5, max: 100_000 }), unit, (spec, attempt, random) => {
      const seconds = backoffSeconds(spec, attempt, random);
      expect(Number.isInteger(seconds)).toBe(true);
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(seconds).toBeLessThanOrEqual(spec.max);
    }),
  );
});

test('never shrinks from one attempt to the next for the same draw', () => {
  fc.assert(
    fc.property(spec, fc.integer({ min: 1, max: 50 }), unit, (spec, attempt, random) => {
      expect(backoffSeconds(spec, attempt + 1, random)).toBeGreaterThanOrEqual(backoffSeconds(spec, attempt, random));
    }),
  );
});

test.each([
  [1, 5],
  [2, 15],
  [3, 45],
  [4, 100],
  [2000, 100],
])('without jitter, attempt %d of 5 s x 3 up to 100 s waits %d s', (attempt, seconds) => {
  expect(backoffSeconds({ initial: 5, max: 100, factor: 3, jitter: false }, attempt, 0.9)).toBe(seconds);
});

test('with jitter the draws cover the whole range, both ends included', () => {
  const draws = Array.from({ length: 100 }, (_, i) =>
    backoffSeconds({ initial: 4, max: 300, factor: 2, jitter: true }, 1, i / 100),
  );
  expect(new Set(draws)).toEqual(new Set([0, 1, 2, 3, 4]));
});
