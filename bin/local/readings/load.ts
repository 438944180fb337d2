import { integer, seededRandom, shuffle } from '../random';

export interface Reading {
  readonly readingId: string;
  readonly sensor: string;
  readonly celsius: number;
}

const SENSORS = 6;
const PER_SENSOR = 10;

/** Readings of six sensors that interleave, in the order in which they are put. One of them can never be right. Pure. */
export function buildReadings(seed: number): Reading[] {
  const random = seededRandom(seed);
  const turns = shuffle(
    random,
    Array.from({ length: SENSORS * PER_SENSOR }, (_, i) => i % SENSORS),
  );
  // Not a sensor's last: what follows it must go on.
  const bad = { sensor: integer(random, 0, SENSORS - 1), nth: integer(random, 0, PER_SENSOR - 2) };
  const taken = Array.from({ length: SENSORS }, () => 0);
  return turns.map((sensor) => {
    const nth = taken[sensor]!++;
    return {
      readingId: `reading-${sensor + 1}-${String(nth + 1).padStart(2, '0')}`,
      sensor: `sensor-${sensor + 1}`,
      celsius: sensor === bad.sensor && nth === bad.nth ? -300 : integer(random, -20, 40),
    };
  });
}
