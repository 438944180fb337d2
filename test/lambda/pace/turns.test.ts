import type { PaceSpec } from '../../../lib/private/contract';
import { START, World, windows } from './world';

const rate = (count: number, per = 1, burst = 1): PaceSpec => ({ kind: 'rate', count, per, burst });
const fill = (world: World, messages: number): void => {
  for (let i = 0; i < messages; i++) world.send(`m${i}`);
};
const allHandled = (world: World) => () => world.messages.size > 0 && world.deleted === world.messages.size;

describe('a rate', () => {
  test.each([
    ['many a second', rate(500), 3_000],
    ['a few a second', rate(3), 120],
    ['two at once after a rest', rate(4, 1, 2), 120],
    ['one every five seconds', rate(12, 60), 24],
  ])('%s', async (_, pace, messages) => {
    const world = new World({ pace });
    fill(world, messages);
    await world.run(600, () => world.calls.length === messages);
    if (pace.kind !== 'rate') throw new Error('not a rate');
    const perSecond = pace.count / pace.per;
    const taken = (world.clock.time - START) / 1_000;
    expect(taken).toBeGreaterThanOrEqual((messages - pace.burst) / perSecond - 0.1);
    expect(taken).toBeLessThan(messages / perSecond + 1);
    for (const seconds of [1, 10, 30]) {
      expect(windows(world.calls, seconds, START, START).most).toBeLessThanOrEqual(
        Math.ceil(seconds * perSecond) + pace.burst,
      );
    }
    expect(world.mostReceives).toBe(1);
  });

  test('holds when processes die, the table loses requests and replies, and clocks differ: less load, never more', async () => {
    const world = new World({ pace: rate(50), crashes: 0.05, lost: 0.03, skew: 200, timeout: 10, seed: 3 });
    fill(world, 2_000);
    await world.run(1_000, allHandled(world));
    expect(world.count('deleted')).toBe(2_000);
    expect(world.problems).toEqual([]);
    // Clocks that are off by 0.2 s either way bring 20 calls nearer to others.
    expect(windows(world.calls, 10, START, START).most).toBeLessThanOrEqual(500 + 1 + 20);
    expect(world.calls.length).toBeLessThan(2_300);
  });

  test('is kept by a handler that runs fewer at once than it may, and takes new slots for those it missed', async () => {
    const world = new World({
      pace: rate(50),
      work: [900, 1_100],
      options: { concurrency: 2 },
      batchSize: 20,
      maxConcurrency: 20,
    });
    fill(world, 1_000);
    await world.run(300, allHandled(world));
    expect(world.count('deleted')).toBe(1_000);
    expect(windows(world.calls, 10, START, START).most).toBeLessThanOrEqual(500 + 1 + 50);
  });

  test('goes by the key that the handler gives, and a message without one is no other’s problem', async () => {
    const world = new World({
      pace: rate(2),
      perTenant: true,
      options: { paceKey: ({ tenant }) => tenant!.toLowerCase() },
    });
    for (let i = 0; i < 20; i++) world.send(`a${i}`, i % 2 ? 'A' : 'a');
    for (let i = 0; i < 20; i++) world.send(`b${i}`, 'b');
    world.send('none');
    await world.run(60, () => world.calls.length === 40);
    expect(world.clock.time - START).toBeGreaterThan(9_000);
    expect(world.clock.time - START).toBeLessThan(16_000);
    expect([...world.table.items.keys()].filter((key) => key.startsWith('pace#')).sort()).toEqual(['pace#a', 'pace#b']);
  });
});

describe('a concurrency', () => {
  test.each([
    [1, 40, [200, 400]],
    [2, 200, [200, 400]],
    [7, 400, [200, 400]],
    [20, 1_000, [200, 400]],
  ] as const)('of %i is reached and never passed', async (limit, messages, work) => {
    const world = new World({ pace: { kind: 'concurrency', limit }, work, skew: 500 });
    fill(world, messages);
    await world.run(600, allHandled(world));
    expect(world.count('deleted')).toBe(messages);
    expect(world.mostRunning).toBe(limit);
    // A third of the capacity goes to polls and to batches whose last message is still at work.
    expect(world.clock.time - START).toBeLessThan((messages * 300 * 1.5) / limit + 2_000);
  });

  test('of one: a process that dies does not hold up the others for longer than it could have lived', async () => {
    const world = new World({
      pace: { kind: 'concurrency', limit: 1 },
      work: [200, 400],
      crashes: 0.2,
      timeout: 10,
      seed: 5,
    });
    fill(world, 60);
    await world.run(2_000, allHandled(world));
    expect(world.count('deleted')).toBe(60);
    expect(world.count('dead')).toBe(0);
  });
});
