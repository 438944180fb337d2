import * as fc from 'fast-check';
import { deferSeconds } from '../../../lambda/runtime/breaker/defer';
import { NEW_ROW, type Row } from '../../../lambda/runtime/breaker/row';
import {
  blockedUntil,
  claimed,
  closed,
  coolDownOf,
  halfOpened,
  heldClosed,
  heldOpen,
  isDue,
  mustOpen,
  opened,
  policyOf,
  released,
  unheld,
  verdictOf,
} from '../../../lambda/runtime/breaker/state';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const POLICY = policyOf({
  name: 'Payments',
  table: 'breakers',
  failureRatio: 0.5,
  minimumCalls: 10,
  window: 60,
  coolDown: 30,
  maxCoolDown: 200,
});
const bucket = (at: number) => Math.floor(at / 6000);

const rowWith = (changes: Partial<Row>): Row => ({ ...NEW_ROW, version: 1, ...changes });
const counted = (failures: number, successes: number, changes: Partial<Row> = {}): Row =>
  rowWith({
    counters: new Map([
      [`f${bucket(NOW)}`, failures],
      [`s${bucket(NOW)}`, successes],
    ]),
    ...changes,
  });

describe('it opens', () => {
  test.each<[string, number, number, boolean]>([
    ['at the ratio and the minimum', 5, 5, true],
    ['below the ratio: no', 4, 6, false],
    ['below the minimum, though all fail: no', 9, 0, false],
    ['at the minimum, all failed', 10, 0, true],
    ['far above both', 500, 10, true],
    ['without failures: no', 0, 100, false],
  ])('%s', (_, failures, successes, expected) => {
    expect(mustOpen(counted(failures, successes), POLICY, NOW, 0)).toBe(expected);
  });

  test('when as many as the minimum failed in a row, whatever succeeded before', () => {
    expect(mustOpen(counted(10, 1000), POLICY, NOW, 9)).toBe(false);
    expect(mustOpen(counted(10, 1000), POLICY, NOW, 10)).toBe(true);
  });

  test.each<[string, Partial<Row>]>([
    ['is open already', { state: 'open' }],
    ['is being probed', { state: 'halfOpen' }],
    ['is held closed', { held: true }],
  ])('not when it %s', (_, changes) => {
    expect(mustOpen(counted(100, 0, changes), POLICY, NOW, 100)).toBe(false);
  });

  test('not for failures that are out of the window', () => {
    expect(mustOpen(counted(100, 0), POLICY, NOW + 60_000, 0)).toBe(false);
    expect(mustOpen(counted(100, 0), POLICY, NOW + 53_000, 0)).toBe(true);
  });

  test('whatever the options: never below the minimum, always from ratio and minimum on', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        fc.nat(60),
        fc.nat(60),
        (failureRatio, minimumCalls, failures, successes) => {
          const opens = mustOpen(counted(failures, successes), { ...POLICY, failureRatio, minimumCalls }, NOW, 0);
          const calls = failures + successes;
          if (calls < minimumCalls) expect(opens).toBe(false);
          else expect(opens).toBe(failures / calls >= failureRatio || failures >= failureRatio * calls);
        },
      ),
    );
  });

  test('for the cool-down, and twice as long each time that it was not healthy for a window, up to the maximum', () => {
    const first = opened(counted(10, 0), POLICY, NOW);
    expect(first).toEqual({ state: 'open', held: false, opens: 1, openedAt: NOW, probeAt: NOW + 30_000 });
    const second = opened(rowWith({ ...first, state: 'halfOpen', probeOwner: 'a' }), POLICY, NOW + 40_000);
    expect(second).toEqual({ state: 'open', held: false, opens: 2, openedAt: NOW, probeAt: NOW + 100_000 });
    const relapse = rowWith(closed(rowWith(second), NOW + 100_000));
    expect(opened(relapse, POLICY, NOW + 159_999)).toMatchObject({ opens: 3, openedAt: NOW + 159_999 });
    expect(opened(relapse, POLICY, NOW + 160_000)).toMatchObject({ opens: 1, probeAt: NOW + 190_000 });
    expect([1, 2, 3, 4, 5, 2000].map((opens) => coolDownOf(POLICY, opens))).toEqual([
      30_000, 60_000, 120_000, 200_000, 200_000, 200_000,
    ]);
  });
});

describe('a batch', () => {
  const open = rowWith(opened(counted(10, 0), POLICY, NOW));
  const probed = rowWith(claimed(open, 'a', NOW + 90_000));

  test.each<[string, Row, number, string]>([
    ['runs while it is closed', rowWith({}), NOW, 'closed'],
    ['waits while it is open', open, NOW + 29_999, 'open'],
    ['may probe when the cool-down is over', open, NOW + 30_000, 'free'],
    ['may probe when it is half open', rowWith(halfOpened(open)), NOW, 'free'],
    ['sees another probe', probed, NOW + 89_999, 'taken'],
    ['takes over when the lease is over', probed, NOW + 90_000, 'free'],
    ['waits while it is held open, for ever', rowWith(heldOpen(open, NOW)), NOW + 1e12, 'open'],
    ['runs while it is held closed', rowWith(heldClosed(open, NOW)), NOW, 'closed'],
  ])('%s', (_, row, now, verdict) => {
    expect(verdictOf(row, now, 'b')).toBe(verdict);
  });

  test('knows that it is the probe, also when its lease is over', () => {
    expect(verdictOf(probed, NOW + 1e6, 'a')).toBe('ours');
  });

  test.each<[string, Row, number, number | undefined]>([
    ['is not blocked while it is closed', rowWith({}), NOW, undefined],
    ['is blocked until the probe', open, NOW + 10_000, NOW + 30_000],
    ['is blocked for a moment when the probe is due', open, NOW + 30_000, NOW + 30_001],
    ['is blocked for a cool-down when the lease is longer', probed, NOW + 10_000, NOW + 40_000],
    ['is blocked until the lease is over when that is sooner', probed, NOW + 85_000, NOW + 90_000],
    ['is blocked for a cool-down at a time while it is held', rowWith(heldOpen(open, NOW)), NOW + 1e6, NOW + 1_030_000],
    ['is not blocked for longer by a clock that is fast', rowWith({ ...open, probeAt: NOW + 1e9 }), NOW, NOW + 30_000],
  ])('%s', (_, row, now, until) => {
    expect(blockedUntil(row, POLICY, now)).toBe(until);
  });
});

describe('stages', () => {
  const open = rowWith(opened(counted(10, 0), POLICY, NOW));

  test('half open keeps what the next opening needs, and no probe', () => {
    expect(halfOpened(open)).toEqual({ state: 'halfOpen', held: false, opens: 1, openedAt: NOW });
    expect(released(rowWith(claimed(open, 'a', NOW)))).toEqual(halfOpened(open));
    expect(claimed(open, 'a', NOW + 5)).toEqual({ ...halfOpened(open), probeOwner: 'a', probeUntil: NOW + 5 });
  });

  test('are due for a probe after the cool-down, unless held', () => {
    expect(isDue(open, NOW + 29_999)).toBe(false);
    expect(isDue(open, NOW + 30_000)).toBe(true);
    expect(isDue(rowWith(heldOpen(open, NOW)), NOW + 1e12)).toBe(false);
    expect(isDue(rowWith({}), NOW)).toBe(false);
    expect(isDue(rowWith(halfOpened(open)), NOW + 1e6)).toBe(false);
  });

  test('that are held say since when, and end in a probe or a clean slate', () => {
    expect(heldOpen(rowWith({}), NOW)).toEqual({ state: 'open', held: true, opens: 0, openedAt: NOW });
    expect(heldOpen(open, NOW + 5)).toEqual({ state: 'open', held: true, opens: 1, openedAt: NOW });
    expect(heldClosed(open, NOW + 5)).toEqual({ state: 'closed', held: true, opens: 0, closedAt: NOW + 5 });
    expect(unheld(rowWith(heldOpen(open, NOW)), NOW + 9)).toEqual({
      state: 'open',
      held: false,
      opens: 1,
      openedAt: NOW,
      probeAt: NOW + 9,
    });
    expect(unheld(rowWith(heldClosed(open, NOW)), NOW + 9)).toEqual({
      state: 'closed',
      held: false,
      opens: 0,
      closedAt: NOW,
    });
  });
});

test('what is put off comes back past the time, spread over a tenth of the wait, 2 to 30 seconds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -10_000, max: 40_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (wait, random) => {
        const seconds = deferSeconds(NOW + wait, NOW, random);
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds * 1000).toBeGreaterThanOrEqual(wait);
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThanOrEqual(Math.ceil(Math.max(0, wait) / 1000 + 30));
      },
    ),
  );
  expect([0, 0.5, 0.999].map((random) => deferSeconds(NOW + 10_000, NOW, random))).toEqual([10, 11, 12]);
  expect([0, 0.5, 0.999].map((random) => deferSeconds(NOW + 100_000, NOW, random))).toEqual([100, 105, 110]);
  expect([0, 0.5, 0.999].map((random) => deferSeconds(NOW + 3_600_000, NOW, random))).toEqual([3600, 3615, 3630]);
});
