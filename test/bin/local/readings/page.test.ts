import { buildReadings, type Reading } from '../../../../bin/local/readings/load';
import { readingsPage } from '../../../../bin/local/readings/page';
import { letter, none, sight } from '../sight';

const reading = (sensor: string, nth: number, celsius = 20): Reading => ({
  readingId: `${sensor}-${nth}`,
  sensor,
  celsius,
});
const bad = reading('b', 2, -300);
const put = [reading('a', 1), reading('b', 1), reading('a', 2), bad, reading('b', 3)];
const history = (sensor: string, ...nths: number[]) => ({
  pk: `sensor#${sensor}`,
  sk: 'history',
  history: nths.map((nth) => reading(sensor, nth)),
});
const buried = none({ readings: [letter(bad, 'b reads -300 °C: nothing is as cold as that')] });
const pageOf = (rows: readonly object[], deadLetters = buried) => readingsPage(put)(sight(rows, { deadLetters }));

describe('the load of readings', () => {
  it('is the same for the same seed, six sensors by ten, one of them wrong and not the last of its sensor', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const readings = buildReadings(seed);
      expect(readings).toEqual(buildReadings(seed));
      expect(readings).toHaveLength(60);
      expect(new Set(readings.map(({ sensor }) => sensor)).size).toBe(6);
      const wrong = readings.filter(({ celsius }) => celsius < -273.15);
      expect(wrong).toHaveLength(1);
      expect(readings.filter(({ sensor }) => sensor === wrong[0]!.sensor).at(-1)).not.toBe(wrong[0]);
    }
  });
});

describe('the page of readings', () => {
  it('is complete, and names no problem, when each has met its fate', () => {
    expect(pageOf([history('a', 1, 2), history('b', 1, 3)])).toMatchObject({ isComplete: true, problems: [] });
  });

  it.each<[string, ReturnType<typeof pageOf>, RegExp]>([
    ['is missing', pageOf([history('a', 1), history('b', 1, 3)]), /^a-2 is missing$/],
    ['was handled twice', pageOf([history('a', 1, 2, 2), history('b', 1, 3)]), /^a-2 was done 2 times and is dead 0/],
    [
      'was handled early',
      pageOf([history('a', 2, 1), history('b', 1, 3)]),
      /^the readings of a were handled out of order$/,
    ],
    ['was not put', pageOf([history('a', 1, 2), history('b', 1, 3), history('c', 1)]), /^c-1 was not sent by us$/],
    [
      'is wrong and was handled',
      pageOf([history('a', 1, 2), history('b', 1, 2, 3)], none()),
      /^b-2 was done, and should be dead$/,
    ],
    [
      'is dead for another reason',
      pageOf([history('a', 1, 2), history('b', 1, 3)], none({ readings: [letter(bad, 'out of luck')] })),
      /^b-2 is dead with out of luck, not with/,
    ],
    [
      'is dead without need',
      pageOf([history('a', 1), history('b', 1, 3)], none({ readings: [...buried.readings, letter(put[2], 'why')] })),
      /^a-2 is dead: why$/,
    ],
  ])('names a reading that %s', (_, page, problem) => {
    expect(page.problems).toEqual([expect.stringMatching(problem)]);
  });

  it('is not complete while one is missing', () => {
    expect(pageOf([history('a', 1), history('b', 1, 3)]).isComplete).toBe(false);
    expect(pageOf([history('a', 1, 2), history('b', 1, 3)], none()).isComplete).toBe(false);
  });
});
