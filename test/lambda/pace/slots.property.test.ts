import fc from 'fast-check';
import { claimExpression, Expression, rowOf } from '../../../lambda/runtime/pace/row';
import { claimOf, type Rhythm, slotsOf, type Taken } from '../../../lambda/runtime/pace/slots';
import { FakeTable, TABLE } from './fake-table';

const START = 1_800_000_000_000_000;
const SIGNAL = new AbortController().signal;

/** Somebody who takes slots: with a clock that is off, and a view that may be old. */
interface Step {
  readonly who: number;
  readonly wait: number;
  readonly returning: number;
  readonly fresh: number;
}

const rhythms = fc.record({
  interval: fc.integer({ min: 10, max: 3_000_000 }).map((micros) => micros + 1 / 3),
  burst: fc.integer({ min: 1, max: 20 }),
});
const steps = fc.array(
  fc.record({
    who: fc.integer({ min: 0, max: 4 }),
    wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5_000_000 }), fc.integer({ min: 0, max: 100_000_000 })),
    returning: fc.integer({ min: 0, max: 10 }),
    fresh: fc.integer({ min: 0, max: 10 }),
  }),
  { minLength: 1, maxLength: 60 },
);
const skews = fc.array(fc.integer({ min: -2_000_000, max: 2_000_000 }), { minLength: 5, maxLength: 5 });

/** Takes slots as a pacer does, until the row agrees with what was supposed of it. */
async function take(table: FakeTable, views: Taken[], step: Step, now: number, horizon: number, rhythm: Rhythm) {
  for (let refusals = 0; refusals < 4; refusals++) {
    const wanted = {
      now,
      returning: step.returning,
      fresh: step.fresh,
      horizon,
      freshHorizon: now + (horizon - now) / 2,
    };
    const claim = claimOf(views[step.who]!, wanted, rhythm);
    if (claim.take === 0 && claim.due === undefined) return { claim, slots: [] };
    const input = claimExpression(new Expression('pace'), claim).input(TABLE);
    try {
      const { Attributes } = await table.updateItem(input, SIGNAL);
      views[step.who] = rowOf(Attributes);
      return { claim, slots: slotsOf(claim, rowOf(Attributes).next ?? 0, rhythm) };
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      views[step.who] = rowOf((error as { Item?: never }).Item);
    }
  }
  throw new Error('refused again and again, with nobody else at the row');
}

const play = async (
  rhythm: Rhythm,
  script: readonly Step[],
  skew: readonly number[],
  each: (at: {
    readonly now: number;
    readonly horizon: number;
    readonly step: Step;
    readonly slots: readonly number[];
    readonly appointments: readonly number[];
  }) => void,
): Promise<void> => {
  const table = new FakeTable();
  const views: Taken[] = skew.map(() => ({}));
  let time = START;
  for (const step of script) {
    time += step.wait;
    const now = time + skew[step.who]!;
    const horizon = now + 5_000_000;
    const { claim, slots } = await take(table, views, step, now, horizon, rhythm);
    each({ now, horizon, step, slots, appointments: claim.appointments });
  }
};

test('whoever takes slots in whatever order, with clocks that differ and old views: none is taken twice, none too early', async () => {
  await fc.assert(
    fc.asyncProperty(rhythms, steps, skews, async (rhythm, script, skew) => {
      const all: number[] = [];
      await play(rhythm, script, skew, ({ slots }) => all.push(...slots));
      for (let i = 1; i < all.length; i++) {
        // In the order in which they were taken they lie at least an interval apart: so no window holds more than its share.
        expect(all[i]! - all[i - 1]!).toBeGreaterThanOrEqual(rhythm.interval - 1);
      }
    }),
  );
});

test('after a rest no more than the burst lies in the past', async () => {
  await fc.assert(
    fc.asyncProperty(rhythms, steps, async (rhythm, script) => {
      await play(rhythm, script, [0, 0, 0, 0, 0], ({ now, slots }) => {
        expect(slots.filter((slot) => slot < now - rhythm.burst * rhythm.interval)).toEqual([]);
        expect(slots.filter((slot) => slot <= now).length).toBeLessThanOrEqual(rhythm.burst + 1);
      });
    }),
  );
});

test('everybody gets a slot before the horizon or an appointment, the returning before the fresh', async () => {
  await fc.assert(
    fc.asyncProperty(rhythms, steps, async (rhythm, script) => {
      await play(rhythm, script, [0, 0, 0, 0, 0], ({ horizon, step, slots, appointments }) => {
        expect(slots.length + appointments.length).toBe(step.returning + step.fresh);
        for (const slot of slots) expect(slot).toBeLessThanOrEqual(horizon);
        if (slots.length < step.returning) expect(appointments.length).toBeGreaterThanOrEqual(step.fresh);
      });
    }),
  );
});

test('appointments do not coincide: a herd comes back one by one', async () => {
  await fc.assert(
    fc.asyncProperty(rhythms, steps, async (rhythm, script) => {
      // One at the row: its view is what is.
      const alone = script.map((step) => ({ ...step, who: 0 }));
      const all: number[] = [];
      await play(rhythm, alone, [0], ({ appointments }) => all.push(...appointments));
      for (let i = 1; i < all.length; i++) expect(all[i]! - all[i - 1]!).toBeGreaterThanOrEqual(rhythm.interval - 1);
    }),
  );
});

test('when slots are wanted at all times none is left out', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1_000, max: 100_000 }),
      fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 5, maxLength: 50 }),
      async (interval, sizes) => {
        const rhythm = { interval, burst: 1 };
        // Each comes back before what it took is over.
        const script = sizes.map((fresh, i) => ({
          who: i % 5,
          wait: i === 0 ? 0 : Math.floor(interval * (sizes[i - 1]! - 0.5)),
          returning: 0,
          fresh,
        }));
        const all: number[] = [];
        await play(rhythm, script, [0, 0, 0, 0, 0], ({ slots }) => all.push(...slots));
        expect(all.at(-1)! - all[0]!).toBe((all.length - 1) * interval);
      },
    ),
  );
});

describe('a claim', () => {
  const rhythm = { interval: 10, burst: 1 };
  const wanted = { now: 0, returning: 0, fresh: 2, horizon: 1_000, freshHorizon: 500 };

  test.each<[string, Taken, Partial<typeof wanted>, object]>([
    [
      'counts on from slots that lie ahead',
      { next: 100 },
      {},
      { take: 2, from: 'next', floor: 0, latest: 490, cost: 20 },
    ],
    ['counts on from where it is just now', { next: 0 }, {}, { take: 2, from: 'next', latest: 490 }],
    ['begins anew after a rest', { next: -1 }, {}, { take: 2, from: 'floor', floor: 0 }],
    ['supposes that slots are taken all the time', { next: -1, busy: true }, {}, { take: 2, from: 'next' }],
    ['of the returning alone may reach further', { next: 100 }, { returning: 2, fresh: 0 }, { take: 2, latest: 990 }],
    ['of none that is left has nobody come back', { next: 100 }, {}, { appointments: [], due: undefined }],
    [
      'has who gets none come back in turn',
      { next: 490 },
      { fresh: 4 },
      { take: 2, appointments: [510, 520], due: 530 },
    ],
    ['has them come back after others', { next: 490, due: 700 }, { fresh: 3 }, { appointments: [700], due: 710 }],
  ])('%s', (_, taken, more, expected) => {
    expect(claimOf(taken, { ...wanted, ...more }, rhythm)).toMatchObject(expected);
  });
});
