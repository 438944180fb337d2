import { START, World, windows } from './world';

const MESSAGES = 20_000;
const PRODUCERS = 50;
const PER_SECOND = 200;

/** Producers that together send five times what the pace allows. */
function produce(world: World, messages: number, perSecond: number, tenantOf: (i: number) => string | undefined): void {
  const each = messages / PRODUCERS;
  for (let producer = 0; producer < PRODUCERS; producer++) {
    for (let i = 0; i < each; i++) {
      const id = producer * each + i;
      world.clock.in(((i + producer / PRODUCERS) * PRODUCERS * 1_000) / perSecond, () =>
        world.send(`m${id}`, tenantOf(id)),
      );
    }
  }
}

describe('20,000 messages of 50 producers at five times the rate', () => {
  const world = new World({ pace: { kind: 'rate', count: PER_SECOND, per: 1, burst: 1 }, skew: 5 });
  let end = 0;
  beforeAll(async () => {
    produce(world, MESSAGES, 5 * PER_SECOND, () => undefined);
    await world.run(200, () => world.messages.size === MESSAGES && world.backlog === 0);
    end = world.clock.time;
  }, 60_000);

  test('all are handled, once, and none is dead', () => {
    expect(world.problems).toEqual([]);
    expect(world.count('deleted')).toBe(MESSAGES);
    expect(new Set(world.calls.map(({ id }) => id)).size).toBe(MESSAGES);
    expect(world.calls).toHaveLength(MESSAGES);
  });

  test('at the pace, in any ten seconds, and never above it by more than a burst', () => {
    const { most, fewest } = windows(world.calls, 10, START + 1_000, end - 1_000);
    console.log(
      `calls in any 10 s: ${fewest} to ${most} at a pace of ${10 * PER_SECOND}; ${MESSAGES} in ${((end - START) / 1000).toFixed(1)} s`,
    );
    expect(fewest).toBeGreaterThanOrEqual(10 * PER_SECOND * 0.98);
    // Clocks that differ by 5 ms see one slot more at either end.
    expect(most).toBeLessThanOrEqual(10 * PER_SECOND + 1 + 2);
  });

  test('the backlog stays in the queue, and nothing spends a receive on waiting', () => {
    expect(world.mostReceives).toBe(1);
    expect(world.mostInFlight).toBeLessThanOrEqual(world.maxConcurrency * world.spec.batchSize);
  });

  test('for a few requests a hundred messages', () => {
    const { update, get, batchGet, transact } = world.table.requests;
    console.log(
      `DynamoDB requests a message: ${(world.table.total / MESSAGES).toFixed(4)} ` +
        `(${update} updates, ${world.table.refused} of them refused, ${get + batchGet} reads, ${transact} transactions; ${world.invocations} batches)`,
    );
    expect(world.table.total / MESSAGES).toBeLessThan(0.03);
  });

  test('the time to drain is told as it is', () => {
    const drains = world.metrics.map(({ at, TimeToDrain, Backlog }) => [at!, TimeToDrain!, Backlog!] as const);
    expect(drains.length).toBeGreaterThan(15);
    for (const [at, drain] of drains.filter(([at, , backlog]) => at > 10 && backlog > 2_000)) {
      const left = (end - START) / 1_000 - at;
      // Who has been sent by then is counted, who comes later is not.
      if (at > MESSAGES / (5 * PER_SECOND)) expect(Math.abs(drain - left)).toBeLessThan(0.1 * left + 2);
    }
  });
});

describe('a pace for each tenant', () => {
  const TENANTS = ['loud', 'steady', 'quiet', 'small'];
  const EACH = 25;
  // Of 20 messages: the loud one sends ten times what it may, the others a little more than they may, the small one half.
  const SHARES = { loud: 16, steady: 2, quiet: 1.6, small: 0.4 } as const;
  const world = new World({ pace: { kind: 'rate', count: EACH, per: 1, burst: 1 }, perTenant: true, seed: 7 });
  const smallRate = (SHARES.small / 1.6) * EACH * 1.2;
  const of = (tenant: string) => world.calls.filter((call) => call.tenant === tenant);
  const SECONDS = 50;

  beforeAll(async () => {
    for (const tenant of TENANTS) {
      const rate = (SHARES[tenant as keyof typeof SHARES] / 1.6) * EACH * 1.2;
      for (let i = 0; i < rate * SECONDS; i++)
        world.clock.in((i * 1_000) / rate, () => world.send(`${tenant}${i}`, tenant));
    }
    await world.run(SECONDS);
  }, 60_000);

  test('who sends more than that has its own, within 5 %, however much another sends', () => {
    const counts = Object.fromEntries(TENANTS.map((tenant) => [tenant, of(tenant).length / SECONDS]));
    console.log(
      'messages a second by tenant, at 25 each:',
      JSON.stringify(counts),
      'in flight at most:',
      world.mostInFlight,
    );
    for (const tenant of ['loud', 'steady', 'quiet']) {
      const { most, fewest } = windows(of(tenant), 10, START + 10_000, START + SECONDS * 1_000);
      expect(fewest).toBeGreaterThanOrEqual(10 * EACH * 0.95);
      expect(most).toBeLessThanOrEqual(10 * EACH + 1);
    }
  });

  test('who sends less is not held up by the backlog of the others', () => {
    const waits = of('small').map(({ at, id }) => (at - START) / 1_000 - Number(id.slice('small'.length)) / smallRate);
    console.log(`waits of the small tenant: ${Math.max(...waits).toFixed(1)} s at most`);
    expect(Math.max(...waits)).toBeLessThan(10);
    expect(of('small').length).toBeGreaterThan(smallRate * (SECONDS - 10));
  });

  test('what is put off spends no attempt', () => {
    expect(world.count('dead')).toBe(0);
    expect(world.problems).toEqual([]);
    console.log(
      `receives of a message at most: ${world.mostReceives}; DynamoDB requests a handled message: ` +
        (world.table.total / world.calls.length).toFixed(3),
      JSON.stringify(world.table.requests),
      world.table.refused,
    );
  });
});
