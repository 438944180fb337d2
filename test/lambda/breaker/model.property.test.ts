import * as fc from 'fast-check';
import type { Row } from '../../../lambda/runtime/breaker/row';
import { type Call, type Change, type Scenario, WIDTH, World } from './world';

const REFRESH = 5_000;

// Time is the world's: a machine that is slow must not make a request of its look late.
beforeAll(() =>
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'Date', 'performance'] }),
);
afterAll(() => jest.useRealTimers());

const outage = fc.record({ from: fc.integer({ min: 5, max: 250 }), lasts: fc.integer({ min: 20, max: 200 }) });

const spec = fc
  .record({
    failureRatio: fc.constantFrom(0.2, 0.5, 0.9, 1),
    minimumCalls: fc.integer({ min: 1, max: 30 }),
    window: fc.integer({ min: 10, max: 120 }),
    coolDown: fc.integer({ min: 1, max: 60 }),
    growth: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ growth, ...others }) => ({ ...others, maxCoolDown: Math.min(120, others.coolDown * growth) }));

const share = (max: number) => fc.oneof(fc.constant(0), fc.double({ min: 0, max, noNaN: true }));

const scenarios = (changes: Partial<{ [K in keyof Scenario]: fc.Arbitrary<Scenario[K]> }> = {}) =>
  fc.record<Scenario>({
    spec,
    seed: fc.integer(),
    workers: fc.array(fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }), { minLength: 1, maxLength: 3 }),
    batchSize: fc.integer({ min: 1, max: 8 }),
    outages: fc
      .array(outage, { minLength: 1, maxLength: 2 })
      .map((all) => all.map(({ from, lasts }) => ({ from, to: from + lasts }))),
    noise: share(0.3),
    skew: fc.constantFrom(0, 500, 2_000),
    lostRequests: share(0.2),
    lostReplies: share(0.2),
    crashes: share(0.2),
    probeDeaths: share(0.7),
    commands: fc.constant([]),
    calm: fc.constant(400),
    end: fc.constant(1_200),
    ...changes,
  });

/** Down and up again all the time: here all that is of interest happens. */
const FLAPPING: Scenario = {
  spec: { failureRatio: 0.5, minimumCalls: 3, window: 120, coolDown: 5, maxCoolDown: 20 },
  seed: 7,
  workers: [undefined, 2, 5],
  batchSize: 4,
  outages: Array.from({ length: 10 }, (_, i) => ({ from: 10 + 40 * i, to: 30 + 40 * i })),
  noise: 0.05,
  skew: 500,
  lostRequests: 0.05,
  lostReplies: 0.05,
  crashes: 0.05,
  probeDeaths: 0.5,
  commands: [],
  calm: 400,
  end: 1_200,
};

const stageOf = ({ counters: _, paused: __, ...stage }: Row) => JSON.stringify(stage);
const isMove = ({ before, after }: Change): boolean => stageOf(before) !== stageOf(after);
const seen = { openings: 0, relapses: 0, failedProbes: 0, takeovers: 0, refused: 0 };

/** What the breaker was at a time. */
const rowAt = (changes: readonly Change[], at: number): Row['state'] =>
  changes.findLast((change) => change.at <= at)?.after.state ?? 'closed';

const within = (calls: readonly Call[], from: number, to: number): Call[] =>
  calls.filter(({ end }) => end >= from && end <= to);

/** Holds whatever happens. */
function checkMoves({ changes, calls, scenario }: World): void {
  const { minimumCalls, failureRatio, window } = scenario.spec;
  let closedSince = 0;
  for (const change of changes.filter(isMove)) {
    const { at, before, after } = change;
    expect(after.version).toBe(before.version + 1);
    const move = `${before.state} ${after.state}`;
    const byOperator = before.held || after.held;
    if (!byOperator) {
      expect(['closed open', 'open halfOpen', 'halfOpen halfOpen', 'halfOpen open', 'halfOpen closed']).toContain(move);
    }
    if (move === 'halfOpen open' || move === 'halfOpen closed') {
      // Only the probe decides, and on what it has seen.
      if (!byOperator) {
        const probe = calls.findLast((call) => call.probe && call.owner === before.probeOwner && call.end <= at);
        expect(probe?.failed).toBe(after.state === 'open');
      }
    }
    if (move === 'closed open' && !byOperator) {
      seen.openings++;
      if (after.opens > 1) seen.relapses++;
      // Successes are gathered for a while, batches last for a while, and clocks differ.
      const from = Math.max(closedSince, at - window * 1000 - REFRESH - 30_000 - 2 * scenario.skew);
      const known = within(calls, from, at);
      expect(known.length).toBeGreaterThanOrEqual(minimumCalls);
      expect(known.filter(({ failed }) => failed).length).toBeGreaterThanOrEqual(failureRatio * minimumCalls);
    }
    if (move === 'halfOpen open') seen.failedProbes++;
    if (move === 'halfOpen halfOpen' && before.probeOwner && after.probeOwner) seen.takeovers++;
    if (after.state === 'closed') closedSince = at;
  }
  for (const { before, after } of changes.filter((change) => !isMove(change))) {
    expect(after.version).toBe(before.version);
    if (before.state !== 'closed') expect([...after.counters]).toEqual([...before.counters]);
  }
}

/** Holds as long as clocks differ by less than a lease has in hand. */
function checkProbes({ calls }: World): void {
  const probes = calls.filter(({ probe }) => probe).sort((a, b) => a.at - b.at);
  probes.forEach((probe, i) => {
    const next = probes[i + 1];
    if (next) expect(next.at).toBeGreaterThanOrEqual(probe.end);
  });
}

/** It has closed, and everything is as it was. */
function checkRecovered({ row, mappings, specs }: World): void {
  expect(row).toMatchObject({ state: 'closed', paused: [] });
  for (const { id, maxConcurrency } of specs) {
    expect([id, mappings.get(id)]).toEqual([id, { state: 'Enabled', maxConcurrency, provisioned: false }]);
  }
}

const runOf = async (scenario: Scenario): Promise<World> => {
  const world = new World(scenario);
  await world.run();
  seen.refused += world.refused;
  return world;
};

test('with lost requests and replies, crashes and clocks that differ: one probe at a time, no opening without cause, and it ends closed', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios(), async (scenario) => {
      const world = await runOf(scenario);
      checkMoves(world);
      checkProbes(world);
      checkRecovered(world);
    }),
    { numRuns: 30, examples: [[FLAPPING]] },
  );
  // A property that never saw the interesting case would prove nothing.
  for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
}, 120_000);

test('with clocks that are minutes off it still opens only with cause, and ends closed', async () => {
  const scenario = scenarios({ skew: fc.constantFrom(60_000, 300_000), end: fc.constant(2_400) });
  await fc.assert(
    fc.asyncProperty(scenario, async (scenario) => {
      const world = await runOf(scenario);
      checkMoves(world);
      checkRecovered(world);
    }),
    { numRuns: 6 },
  );
}, 120_000);

test('while the dependency is down it sees the calls that were under way, and one for each probe', async () => {
  const reliable = {
    spec: spec.map((it) => ({ ...it, failureRatio: 0.5, minimumCalls: Math.min(10, it.minimumCalls) })),
    noise: fc.constant(0),
    lostRequests: fc.constant(0),
    lostReplies: fc.constant(0),
    crashes: fc.constant(0),
    probeDeaths: fc.constant(0),
    skew: fc.constantFrom(0, 500),
  };
  await fc.assert(
    fc.asyncProperty(scenarios(reliable), async (scenario) => {
      const world = await runOf(scenario);
      const { calls, changes } = world;
      const late = calls.filter(({ at, probe }) => !probe && rowAt(changes, at) !== 'closed');
      // Each process finds out by its first failure; until the answer is there, others may fail and make room for more.
      const perOpening = new Map<string, number>();
      for (const { at, owner, failed } of late) {
        const opening = changes.findLast(
          (change) => change.at <= at && change.after.state === 'open' && isMove(change),
        );
        const who = `${owner.split('#')[0]} ${opening?.after.openedAt}`;
        if (failed) perOpening.set(who, (perOpening.get(who) ?? 0) + 1);
      }
      for (const [who, count] of perOpening) expect([who, count <= 2 * WIDTH]).toEqual([who, true]);
    }),
    { numRuns: 10 },
  );
}, 120_000);

describe('an operator', () => {
  const command = fc.record({
    at: fc.integer({ min: 1, max: 380 }),
    action: fc.constantFrom('open', 'close', 'auto'),
  });
  // Never two at once: either could be the last.
  const commands = fc
    .uniqueArray(command, { minLength: 1, maxLength: 4, selector: ({ at }) => at })
    .map((all) => all.sort((a, b) => a.at - b.at));

  test('is obeyed until he lets go, whatever the dependency does', async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios({ commands, crashes: fc.constant(0), lostRequests: fc.constant(0) }),
        async (scenario) => {
          const world = await runOf({ ...scenario, lostReplies: 0 });
          checkMoves(world);
          checkProbes(world);
          const { action } = scenario.commands.at(-1)!;
          const held = world.changes.filter((change) => isMove(change) && change.before.held);
          expect(held.length).toBeLessThan(scenario.commands.length);
          if (action === 'open') {
            expect(world.row).toMatchObject({ state: 'open', held: true });
            for (const { state } of world.mappings.values()) expect(state).toBe('Disabled');
          } else {
            checkRecovered(world);
            expect(world.row.held).toBe(action === 'close');
          }
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);
});
