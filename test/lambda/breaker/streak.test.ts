import { Streak } from '../../../lambda/runtime/breaker/streak';

const streakOf = (...times: number[]): Streak => {
  const streak = new Streak(3, 1_000);
  for (const time of times) streak.failed(time);
  return streak;
};

test.each<[string, number[], number, number]>([
  ['nothing', [], 0, 0],
  ['what failed in a row', [10, 20], 20, 2],
  ['as many as are asked for, no more', [10, 20, 30, 40], 40, 3],
  ['what is within the window', [0, 500, 900], 999, 3],
  ['no more what is a window old', [0, 500, 900], 1_000, 2],
  ['the latest, when more have failed than are asked for', [0, 500, 900, 950], 1_500, 2],
])('it counts %s', (_, times, now, length) => {
  expect(streakOf(...times).length(now)).toBe(length);
});

test('a success ends it', () => {
  const streak = streakOf(10, 20);
  streak.broken();
  expect(streak.length(20)).toBe(0);
  streak.failed(30);
  expect(streak.length(30)).toBe(1);
});
