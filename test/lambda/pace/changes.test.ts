import { Pacer } from '../../../lambda/runtime/pace/pacer';
import { ENV, type PaceSpec } from '../../../lib/private/contract';
import { FakeTable as KeyTable } from '../idempotency/fake-table';
import { FakeTable, TABLE } from './fake-table';
import { START, World, windows } from './world';

const rate = (count: number, per = 1): PaceSpec => ({ kind: 'rate', count, per, burst: 1 });
const fill = (world: World, messages: number): void => {
  for (let i = 0; i < messages; i++) world.send(`m${i}`);
};
const between = (world: World, from: number, to: number) =>
  world.calls.filter(({ at }) => at >= START + from * 1_000 && at < START + to * 1_000);

describe('a change of pace', () => {
  test.each([
    ['faster', rate(20), rate(100), 20, 100],
    ['slower', rate(100), rate(20), 100, 20],
  ])('%s, holds from the next slots on, in all processes, without a deployment', async (_, before, after, was, is) => {
    const world = new World({ pace: before });
    fill(world, 5_000);
    world.schedule(30, { action: 'pace', pace: after });
    await world.run(60);
    const first = between(world, 5, 30);
    expect(first.length / 25).toBeCloseTo(was, -0.5);
    expect(windows(first, 10, START, START).most).toBeLessThanOrEqual(10 * was + 1);
    // What had its slot keeps it: that is seconds.
    const second = between(world, 42, 60);
    expect(windows(second, 10, START, START).most).toBeLessThanOrEqual(10 * is + 1);
    expect(second.length / 18).toBeGreaterThan(0.98 * is);
    expect(world.problems).toEqual([]);
  });

  test('brings the concurrency of the mapping with it', async () => {
    const world = new World({ pace: rate(20) });
    expect(world.maxConcurrency).toBe(10);
    fill(world, 100);
    world.schedule(1, { action: 'pace', pace: rate(100) });
    await world.run(200);
    expect(world.maxConcurrency).toBe(50);
    expect(await world.control({ action: 'status' })).toMatchObject({
      changed: true,
      settled: true,
      pace: { count: 100 },
    });
  });

  test('one that comes late does not undo a later one', async () => {
    const world = new World({ pace: rate(10) });
    const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
    await world.run(100);
    await world.control({ action: 'pace', pace: rate(30), at: at(90) });
    await world.control({ action: 'pace', pace: rate(20), at: at(30) });
    expect(await world.control({ action: 'status' })).toMatchObject({ pace: { count: 30 } });
    expect(await world.control({ action: 'reset' })).toMatchObject({ pace: { count: 10 }, changed: false });
  });
});

describe('a closed window', () => {
  const world = new World({ pace: rate(50), maxReceiveCount: 2, seed: 4 });
  beforeAll(async () => {
    fill(world, 6_000);
    world.schedule(20, { action: 'pace', pace: { kind: 'closed' } });
    world.schedule(1_200, { action: 'reset' });
    await world.run(2_500, () => world.deleted === 6_000);
  }, 60_000);

  test('nothing starts in it, once what had its slot has run', () => {
    expect(between(world, 0, 20).length).toBeGreaterThan(950);
    expect(between(world, 36, 1_200)).toEqual([]);
  });

  test('the backlog stays in the queue: only what was in hand is put off', () => {
    const putOff = [...world.messages.values()].filter(({ wasDeferred }) => wasDeferred > 0);
    expect(putOff.length).toBeGreaterThan(0);
    expect(putOff.length).toBeLessThanOrEqual(world.spec.batchSize * 10);
    expect(world.mostInFlight).toBeLessThanOrEqual(world.spec.batchSize * 10);
  });

  test('it opens again, and nothing is lost or has spent an attempt', () => {
    expect(world.count('deleted')).toBe(6_000);
    expect(new Set(world.calls.map(({ id }) => id)).size).toBe(6_000);
    expect(world.mostReceives).toBeGreaterThan(1);
    expect(windows(world.calls, 10, START, START).most).toBeLessThanOrEqual(501);
  });
});

test('an operator who has disabled the mapping finds it disabled after a change of pace', async () => {
  const world = new World({ pace: rate(20) });
  fill(world, 10);
  await world.run(10);
  world.enabled = false;
  world.schedule(0, { action: 'pace', pace: rate(50) });
  await world.run(400);
  expect(world.enabled).toBe(false);
});

describe('a deployment with another pace', () => {
  const table = new FakeTable();
  const pacer = (pace: PaceSpec) =>
    new Pacer({
      spec: { table: TABLE, pace, lookahead: 900, batchSize: 10 },
      calls: table,
      edge: { now: () => Date.now(), write: () => {}, random: () => 0.5 },
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      worker: 'Test',
      queueSize: async () => 0,
    });
  const horizon = () => (Date.now() + 100_000) * 1_000;
  const spacing = async (of: Pacer): Promise<number> => {
    const grant = await of.reserve('', { returning: 2, fresh: 0, horizon: horizon(), freshHorizon: horizon() });
    if (grant.kind !== 'slots') throw new Error(`no slots until ${grant.until}`);
    return Math.round(grant.slots[1]! - grant.slots[0]!);
  };

  test('takes over, also for processes of the one before that still run', async () => {
    const [old, fresh] = [pacer(rate(10)), pacer(rate(40))];
    expect(await spacing(old)).toBe(100);
    expect(await spacing(fresh)).toBe(25);
    expect(await spacing(old)).toBe(25);
    expect(await spacing(fresh)).toBe(25);
    expect(await spacing(pacer(rate(40)))).toBe(25);
  });
});

test('with the table away nothing starts, nothing is lost, and all goes on when it is back', async () => {
  const world = new World({ pace: rate(50) });
  const { updateItem } = world.table;
  fill(world, 1_000);
  world.clock.in(5_000, () => {
    world.table.updateItem = () => Promise.reject(new Error('down'));
  });
  world.clock.in(65_000, () => {
    world.table.updateItem = updateItem;
  });
  await world.run(400, () => world.deleted === 1_000);
  expect(world.count('deleted')).toBe(1_000);
  expect(between(world, 12, 65)).toEqual([]);
  expect(windows(world.calls, 10, START, START).most).toBeLessThanOrEqual(501);
  expect(world.lines).toContainEqual(expect.objectContaining({ message: 'pace: its table cannot be reached' }));
});

test('duplicates of finished work take no slots', async () => {
  const keys = new KeyTable();
  const world = new World({
    pace: rate(50),
    statements: { batchExecuteStatement: keys.batchExecuteStatement.bind(keys) },
    env: { [ENV.idempotency]: JSON.stringify({ table: 'keys', retention: 3600 }) },
    options: { idempotencyKey: ({ id }) => id.split('/')[0]! },
  });
  for (let i = 0; i < 100; i++) world.send(`m${i}`);
  await world.run(20);
  expect(world.calls).toHaveLength(100);
  const taken = () => Number(world.table.row?.taken?.N);
  expect(taken()).toBe(100);
  for (let i = 0; i < 100; i++) world.send(`m${i}/again`);
  await world.run(40);
  expect(world.count('deleted')).toBe(200);
  expect(world.calls).toHaveLength(100);
  expect(taken()).toBe(100);
});
