import { type Expected, type Fates, fateProblems, fateProgress, fatesOf, fateTable, isMissing } from '../fates';
import { outOfOrder } from '../groups';
import { rowsOf } from '../ledger';
import type { Bookkeeper, Page } from '../page';
import type { Reading } from './load';

export interface ReadingsPage extends Page, Fates {
  /** Sensors whose readings were handled in another order than they were put in. */
  readonly brokenSensors: readonly string[];
}

const ABSOLUTE_ZERO = -273.15;

const expectedOf = ({ readingId, celsius }: Reading): Expected =>
  celsius < ABSOLUTE_ZERO
    ? { id: readingId, kind: 'permanently bad', deadBecause: /nothing is as cold as that/ }
    : { id: readingId, kind: 'healthy' };

/** What became of the records that were put into the stream. */
export const readingsPage =
  (put: readonly Reading[]): Bookkeeper<ReadingsPage> =>
  ({ rows, deadLetters }) => {
    const histories = rowsOf<{ readonly history: readonly Reading[] }>(rows, 'sensor');
    const handled = histories.flatMap(({ history }) => history.map(({ readingId }) => readingId));
    const fates = fatesOf(
      put.map(expectedOf),
      handled,
      deadLetters.readings.map(({ body, reason }) => ({ id: (JSON.parse(body) as Reading).readingId, reason })),
    );
    const sensors = Map.groupBy(put, ({ sensor }) => sensor);
    const order = new Map([...sensors].map(([sensor, of]) => [sensor, of.map(({ readingId }) => readingId)]));
    const brokenSensors = outOfOrder(order, handled);
    const bad = put.find(({ celsius }) => celsius < ABSOLUTE_ZERO);
    return {
      ...fates,
      brokenSensors,
      isComplete: !fates.fates.some(isMissing),
      problems: [
        ...fateProblems(fates),
        ...brokenSensors.map((sensor) => `the readings of ${sensor} were handled out of order`),
      ],
      progress: () => fateProgress('readings', fates),
      table: () => fateTable('readings of a stream', fates),
      verdict: () =>
        `All ${put.length} records of the stream are accounted for, each sensor in order, also ${bad?.sensor} behind its bad one.`,
    };
  };
