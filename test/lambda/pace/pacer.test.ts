import { Pacer, type PacerOptions } from '../../../lambda/runtime/pace/pacer';
import { rowOf } from '../../../lambda/runtime/pace/row';
import type { LevelingSpec, PaceSpec } from '../../../lib/private/contract';
import { FakeTable, TABLE } from './fake-table';

const START = Date.parse('2026-11-24T10:00:00Z');
const rate = (count: number, per = 1, burst = 1): PaceSpec => ({ kind: 'rate', count, per, burst });
const concurrency = (limit: number): PaceSpec => ({ kind: 'concurrency', limit });
const CLOSED: PaceSpec = { kind: 'closed' };

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

const later = (ms: number) => jest.advanceTimersByTimeAsync(ms);
/** What a promise comes to, and after how many milliseconds. */
const timed = async <T>(promise: Promise<T>, most = 60_000) => {
  const start = Date.now();
  let took = -1;
  const done = promise.then((value) => {
    took = Date.now() - start;
    return value;
  });
  await later(most);
  return { value: await done, took };
};

const setup = (spec: Partial<LevelingSpec> = {}, options: Partial<PacerOptions> = {}) => {
  const table = new FakeTable();
  const logged: unknown[] = [];
  const lines: any[] = [];
  const note = (...line: unknown[]) => void logged.push(line);
  const world = { size: 0, sizes: 0 };
  const calls = { ...table, requests: undefined };
  const make = (changes: Partial<LevelingSpec> = {}) =>
    new Pacer({
      spec: { table: TABLE, pace: rate(10), lookahead: 900, batchSize: 10, ...spec, ...changes },
      calls,
      edge: { now: Date.now, random: () => 0.5, write: (line) => lines.push(JSON.parse(line)) },
      log: { debug: note, info: note, warn: note, error: note },
      worker: 'Test/Mails',
      queueSize: async () => {
        world.sizes++;
        return world.size;
      },
      ...options,
    });
  /** Changes the pace as an operator would. */
  const change = (pace: PaceSpec, changes: object = {}) => {
    const { version } = rowOf(table.row);
    Object.assign(table.row!, {
      pace: { S: JSON.stringify(pace) },
      version: { N: String(version + 1) },
      ...changes,
    });
  };
  const away = () => {
    const fail = () => Promise.reject(new Error('throttled'));
    Object.assign(calls, { getItem: fail, updateItem: fail, batchGetItem: fail, transactWriteItems: fail });
  };
  return { table, calls, logged, lines, world, make, change, away, pacer: make(), row: () => rowOf(table.row) };
};
/** What a batch of so many wants, all within ten seconds. */
const want = (fresh: number, returning = 0, seconds = 10) => {
  const horizon = (Date.now() + seconds * 1_000) * 1_000;
  return { fresh, returning, horizon, freshHorizon: horizon };
};
const ms = (times: readonly number[]) => times.map((time) => time - START);

describe('what a pace allows a process', () => {
  test.each<[PaceSpec, Partial<LevelingSpec>, object]>([
    [
      rate(10),
      {},
      { kind: 'rate', each: Number.POSITIVE_INFINITY, alone: false, tolerance: 1_000, isPerTenant: false },
    ],
    [rate(10, 2, 4), { perTenant: true }, { tolerance: 1_600, isPerTenant: true, closed: false }],
    [concurrency(1), { maxConcurrency: 2 }, { kind: 'concurrency', each: 1, alone: true, tolerance: 1_000 }],
    [concurrency(1), {}, { each: 1, alone: true }],
    [concurrency(2), {}, { each: 1, alone: false }],
    [concurrency(20), {}, { each: 5, alone: false }],
    [concurrency(20), { maxConcurrency: 6 }, { each: 3 }],
    [concurrency(3), { maxConcurrency: 6 }, { each: 1 }],
  ])('%j with %j', (pace, spec, expected) => {
    expect(setup({ pace, ...spec }).pacer).toMatchObject(expected);
  });
});

describe('before a batch', () => {
  test('the first makes the row, and one with a rate that knows it asks no more', async () => {
    const { pacer, table, row } = setup();
    expect(await pacer.open()).toBeUndefined();
    const base = JSON.stringify(rate(10));
    expect(row()).toMatchObject({ version: 1, pace: base, base, changedAt: START });
    await pacer.finish(START + 1_000);
    const { total } = table;
    await later(60_000);
    expect(await pacer.open()).toBeUndefined();
    expect(table.total).toBe(total);
  });

  test.each<[string, Partial<LevelingSpec>]>([
    ['with a concurrency', { pace: concurrency(20) }],
    ['with a pace for each tenant', { perTenant: true }],
  ])('one %s looks at it every five seconds', async (_, spec) => {
    const { pacer, table } = setup(spec);
    await pacer.open();
    await later(4_999);
    const { total } = table;
    const { update } = table.requests;
    expect(await pacer.open()).toBeUndefined();
    expect(table.total).toBe(total);
    await later(1);
    await pacer.open();
    expect(table.requests.get).toBe(1);
    await pacer.finish(Date.now() + 1_000);
    // The gauge.
    expect(table.requests.update - update).toBe(1);
  });

  test('a process that comes later finds the row, as it was changed', async () => {
    const { pacer, make, change, row } = setup();
    await pacer.open();
    change(concurrency(1));
    const other = make();
    expect(await other.open()).toBeUndefined();
    expect(other.alone).toBe(true);
    expect(row().version).toBe(2);
  });

  test('a deployment with another pace makes the row its own, whatever it was', async () => {
    const { pacer, make, change, row } = setup();
    await pacer.open();
    change(CLOSED);
    const next = make({ pace: rate(20) });
    expect(await next.open()).toBeUndefined();
    const base = JSON.stringify(rate(20));
    expect(row()).toMatchObject({ version: 3, pace: base, base });
    expect((await next.reserve('', want(2))).kind).toBe('slots');
  });

  test('a process of the deployment before goes by the new one’s pace from then on', async () => {
    const { pacer, make } = setup();
    await pacer.open();
    await make({ pace: rate(100) }).open();
    const grant = await pacer.reserve('', want(2));
    expect(grant).toMatchObject({ kind: 'slots', slots: [START + 20, START + 30] });
  });

  test('a pace that this version does not know is that of the deployment', async () => {
    const { pacer, change } = setup({ pace: concurrency(20) });
    await pacer.open();
    change({ kind: 'tides' } as never);
    await later(5_000);
    expect(await pacer.open()).toBeUndefined();
    expect(pacer.each).toBe(5);
  });

  test('a pace that was closed lets nothing begin for five minutes, and is asked for each time', async () => {
    const { pacer, change } = setup({ pace: concurrency(20) });
    await pacer.open();
    change(CLOSED);
    await later(5_000);
    expect(await pacer.open()).toBe(Date.now() + 300_000);
    expect(pacer.closed).toBe(true);
    change(concurrency(20));
    await later(5_000);
    expect(await pacer.open()).toBeUndefined();
  });

  test('with the table away nothing begins for ten seconds: three questions, and the log says why', async () => {
    const { pacer, away, logged } = setup();
    away();
    const { value, took } = await timed(pacer.open());
    expect([value! - START, took]).toEqual([300 + 10_000, 300]);
    expect(logged).toEqual([['pace: its table cannot be reached', { reason: 'throttled' }]]);
  });

  test('with the table away a pace that was known is not believed either, where it must be asked for', async () => {
    const { pacer, away } = setup({ pace: concurrency(20) });
    await pacer.open();
    away();
    await later(5_000);
    const start = Date.now();
    const { value } = await timed(pacer.open());
    expect(value! - start).toBe(300 + 10_000);
  });

  test('rests between questions are spread', async () => {
    const edge = { now: Date.now, random: () => 0, write: () => {} };
    const { pacer, away } = setup({}, { edge });
    away();
    expect((await timed(pacer.open())).took).toBe(150);
  });

  test('a row that is gone is made again', async () => {
    const { pacer, table, row } = setup({ pace: concurrency(20) });
    await pacer.open();
    await pacer.finish(Date.now() + 1_000);
    table.items.clear();
    await later(5_000);
    expect(await pacer.open()).toBeUndefined();
    expect(row()).toMatchObject({ version: 1, base: JSON.stringify(concurrency(20)) });
  });

  test('a row that is never as it was seen is asked for twelve times', async () => {
    const { pacer, calls } = setup();
    let tries = 0;
    Object.assign(calls, {
      updateItem: async ({ UpdateExpression }: { UpdateExpression: string }) => {
        if (UpdateExpression.includes('#base')) tries++;
        throw Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' });
      },
    });
    await pacer.open();
    expect(tries).toBe(12);
  });

  test('a table that hangs is asked three times for a second', async () => {
    const { pacer, calls } = setup();
    const updateItem = jest.fn(() => new Promise<never>(() => {}));
    Object.assign(calls, { updateItem });
    expect((await timed(pacer.open())).took).toBe(3_300);
    expect(updateItem).toHaveBeenCalledTimes(3);
  });
});

describe('slots', () => {
  test('lie a little ahead after a rest, then one interval after another, and are counted', async () => {
    const { pacer, row } = setup();
    const grant = await pacer.reserve('', want(3));
    expect(grant).toEqual({ kind: 'slots', slots: [START + 20, START + 120, START + 220], appointments: [] });
    expect(row().taken).toBe(3);
    const next = await pacer.reserve('', want(2));
    expect(next).toMatchObject({ slots: [START + 320, START + 420] });
    expect(row().taken).toBe(5);
    await later(5_000);
    await pacer.finish(Date.now() + 1_000);
    expect(row().taken).toBe(5);
  });

  test('of a burst may lie in the past', async () => {
    const { pacer } = setup({ pace: rate(10, 1, 3) });
    const grant = await pacer.reserve('', want(4));
    expect(grant.kind === 'slots' && ms(grant.slots)).toEqual([-180, -80, 20, 120]);
  });

  test('that are beyond the horizon are appointments, one after another', async () => {
    const { pacer, row } = setup({ pace: rate(1) });
    const grant = await pacer.reserve('', want(4, 0, 2));
    expect(grant).toEqual({
      kind: 'slots',
      slots: [START + 20, START + 1_020],
      appointments: [START + 2_020, START + 3_020],
    });
    expect(row().taken).toBe(2);
    const later = await pacer.reserve('', want(1, 0, 2));
    expect(later).toEqual({ kind: 'slots', slots: [], appointments: [START + 4_020] });
    expect(row().taken).toBe(2);
  });

  test('may all be appointments from the first', async () => {
    const { pacer } = setup();
    expect(await pacer.reserve('', want(2, 0, -1))).toEqual({
      kind: 'slots',
      slots: [],
      appointments: [START + 20, START + 120],
    });
  });

  test('of two processes do not coincide, and who knows better asks once', async () => {
    const { pacer, make, table } = setup();
    const other = make();
    const all: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      for (const each of [pacer, other]) {
        const grant = await each.reserve('', want(2));
        if (grant.kind === 'slots') all.push(...grant.slots);
      }
    }
    expect(ms(all)).toEqual(Array.from({ length: 12 }, (_, i) => 20 + i * 100));
    // One row made, and one found to be made: after that each supposes rightly that slots are taken one after another.
    expect(table.refused).toBeLessThanOrEqual(3);
  });

  test('of a pace for each tenant are their own, and counted when the batch is over', async () => {
    const { pacer, table, row } = setup({ perTenant: true });
    await pacer.open();
    for (const tenant of ['a', 'b']) {
      const grant = await pacer.reserve(tenant, want(2));
      expect(grant.kind === 'slots' && ms(grant.slots)).toEqual([20, 120]);
    }
    expect(table.items.get('pace#a')).toMatchObject({
      version: { N: '1' },
      ttl: { N: String(START / 1_000 + 86_400) },
    });
    expect(table.items.get('pace#a')).not.toHaveProperty('taken');
    expect(row().taken).toBe(0);
    await later(5_000);
    await pacer.finish(Date.now() + 10_000);
    expect(row().taken).toBe(4);
    await later(5_000);
    await pacer.finish(Date.now() + 10_000);
    expect(row().taken).toBe(4);
  });

  test('of a tenant follow those that other processes took', async () => {
    const { pacer, make } = setup({ perTenant: true });
    await pacer.open();
    const other = make();
    await pacer.reserve('a', want(2));
    const grant = await other.reserve('a', want(2));
    expect(grant.kind === 'slots' && ms(grant.slots)).toEqual([220, 320]);
  });

  test('of a tenant go by the pace as it was changed, once anybody has taken some by it', async () => {
    const { pacer, make, change } = setup({ perTenant: true });
    await pacer.reserve('a', want(1));
    change(rate(1));
    await make().reserve('a', want(1));
    const grant = await pacer.reserve('a', want(2));
    expect(grant.kind === 'slots' && grant.slots[1]! - grant.slots[0]!).toBe(1_000);
  });

  test('are remembered of the thousand tenants that came last', async () => {
    const { pacer, table } = setup({ perTenant: true });
    for (let i = 0; i < 1_001; i++) await pacer.reserve(`t${i}`, want(1));
    const cost = async (tenant: string) => {
      const before = table.refused;
      await pacer.reserve(tenant, want(1));
      return table.refused - before;
    };
    expect(await cost('t1')).toBe(0);
    expect(await cost('t0')).toBe(1);
    // Which took the place of the one that had not come for longest.
    expect(await cost('t2')).toBe(1);
    expect(await cost('t1')).toBe(0);
  });

  test('are none while the pace is closed', async () => {
    const { pacer, change } = setup();
    await pacer.open();
    change(CLOSED);
    expect(await pacer.reserve('', want(2))).toEqual({ kind: 'none', until: START + 300_000 });
    change(rate(10));
    await later(5_000);
    await pacer.open();
    expect((await pacer.reserve('', want(2))).kind).toBe('slots');
  });

  test('are none for ten seconds when the table is away, known or not', async () => {
    for (const known of [true, false]) {
      const { pacer, away } = setup();
      if (known) await pacer.open();
      away();
      const { value, took } = await timed(pacer.reserve('', want(2)));
      expect(took).toBe(300);
      expect(value).toEqual({ kind: 'none', until: expect.any(Number) });
      expect(value.kind === 'none' && value.until).toBe(Date.now() - 60_000 + 300 + 10_000);
    }
  });

  test('are none for ten seconds when the row is never as it was seen, after twelve tries', async () => {
    const { pacer, calls, table } = setup();
    await pacer.open();
    let tries = 0;
    Object.assign(calls, {
      updateItem: async ({ UpdateExpression }: { UpdateExpression: string }) => {
        if (UpdateExpression.includes('#next')) tries++;
        const Item = structuredClone(table.row);
        throw Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException', Item });
      },
    });
    expect(await pacer.reserve('', want(2))).toEqual({ kind: 'none', until: START + 10_000 });
    expect(tries).toBe(12);
  });
});

describe('the only one', () => {
  const alone = { pace: concurrency(1) };

  test('is who is there first; the others look four times a second, as long as they have time', async () => {
    const { pacer, make, row } = setup(alone);
    await pacer.open();
    const other = make();
    await other.open();
    expect(await pacer.enter('a', START + 30_000, START + 5_000)).toBe(true);
    expect(row()).toMatchObject({ owner: 'a', ownedUntil: START + 30_000 });
    const { value, took } = await timed(other.enter('b', START + 60_000, START + 5_000), 10_000);
    expect([value, took]).toEqual([false, 5_000]);
    expect(row().owner).toBe('a');
  });

  test('is the next as soon as the first leaves', async () => {
    const { pacer, make, row, table } = setup(alone);
    await pacer.open();
    const other = make();
    await other.open();
    await pacer.enter('a', START + 30_000, START);
    const entered = timed(other.enter('b', START + 60_000, START + 20_000));
    setTimeout(() => void pacer.leave('a'), 600);
    const { value, took } = await entered;
    expect([value, took]).toEqual([true, 750]);
    expect(row()).toMatchObject({ owner: 'b', ownedUntil: START + 60_000 });
    await other.leave('b');
    for (const gone of ['owner', 'ownedUntil']) expect(table.row).not.toHaveProperty(gone);
  });

  test('is looked for at spread times', async () => {
    const edge = { now: Date.now, random: () => 0, write: () => {} };
    const { pacer, make } = setup(alone, { edge });
    await pacer.open();
    const other = make();
    await other.open();
    await pacer.enter('a', START + 300, START);
    expect((await timed(other.enter('b', START + 60_000, START + 20_000))).took).toBe(375);
  });

  test('may leave though the table is away', async () => {
    const { pacer, away } = setup(alone);
    await pacer.open();
    await pacer.enter('a', START + 1_000, START);
    away();
    expect((await timed(pacer.leave('a'))).value).toBeUndefined();
  });

  test('may say again that it is, for longer', async () => {
    const { pacer, row } = setup(alone);
    await pacer.open();
    await pacer.enter('a', START + 10, START);
    expect(await pacer.enter('a', START + 20, START)).toBe(true);
    expect(row().ownedUntil).toBe(START + 20);
  });

  test('is followed by another when it must have died', async () => {
    const { pacer, make, row } = setup(alone);
    await pacer.open();
    const other = make();
    await other.open();
    await pacer.enter('a', START + 1_000, START);
    const { value, took } = await timed(other.enter('b', START + 60_000, START + 20_000));
    // At its end it is still its own.
    expect([value, took]).toEqual([true, 1_250]);
    // Who comes back late takes nothing away.
    await pacer.leave('a');
    expect(row().owner).toBe('b');
  });

  test('is nobody while the pace is closed, or the table is away', async () => {
    const { pacer, change, make, away } = setup(alone);
    await pacer.open();
    change(CLOSED);
    expect((await timed(pacer.enter('a', START + 1_000, START + 30_000))).value).toBe(false);
    const other = setup(alone);
    await other.pacer.open();
    other.away();
    expect((await timed(other.pacer.enter('a', Date.now() + 1_000, Date.now() + 30_000))).value).toBe(false);
    expect([make, away]).toBeDefined();
  });
});

describe('after a batch', () => {
  test('what has begun without a slot is counted, once', async () => {
    const { pacer, row } = setup({ pace: concurrency(20) });
    await pacer.open();
    pacer.count(7);
    await later(5_000);
    await pacer.finish(Date.now() + 10_000);
    expect(row().taken).toBe(7);
    pacer.count(2);
    await later(5_000);
    await pacer.finish(Date.now() + 10_000);
    expect(row().taken).toBe(9);
  });

  test('what began before there was a row is counted too', async () => {
    const { pacer, row } = setup({ pace: concurrency(20) });
    pacer.count(5);
    await pacer.open();
    await later(5_000);
    await pacer.finish(Date.now() + 10_000);
    expect(row().taken).toBe(5);
  });

  test('what began is counted though the pace changes just then, once', async () => {
    const { pacer, row, change } = setup({ pace: concurrency(20) });
    await pacer.open();
    pacer.count(5);
    change(concurrency(30));
    await later(5_000);
    await pacer.finish(Date.now() + 10_000);
    await later(5_000);
    await pacer.finish(Date.now() + 10_000);
    expect(row().taken).toBe(5);
  });

  test('nothing is asked if nothing is to be counted', async () => {
    const { pacer, table } = setup({ pace: concurrency(20) });
    await pacer.open();
    await pacer.finish(START + 1_000);
    const { total } = table;
    await later(10_000);
    await pacer.finish(Date.now() + 10_000);
    expect(table.total).toBe(total);
  });

  test.each([
    [10_000, 1_000],
    [300, 300],
  ])('a table that hangs holds it up for no longer than it has, of %d ms %d', async (left, most) => {
    const { pacer, calls } = setup({ pace: concurrency(20) });
    await pacer.open();
    pacer.count(1);
    await later(5_000);
    Object.assign(calls, { updateItem: () => new Promise(() => {}) });
    expect((await timed(pacer.finish(Date.now() + left))).took).toBe(most);
  });

  test('receives are forgiven with one question, and none is known when the table is away', async () => {
    const { pacer, table, away, calls } = setup();
    await pacer.forgive(['m', 'n', 'm'], START + 10_000);
    await pacer.forgive(['m'], START + 10_000);
    expect(await pacer.forgiven(['m', 'n', 'o'])).toEqual(
      new Map([
        ['m', 2],
        ['n', 1],
      ]),
    );
    expect(table.requests).toMatchObject({ transact: 2, batchGet: 1 });
    away();
    const transactWriteItems = jest.fn(() => Promise.reject(new Error('throttled')));
    Object.assign(calls, { transactWriteItems });
    await timed(pacer.forgive(['m'], Date.now() + 10_000));
    expect(transactWriteItems).toHaveBeenCalledTimes(1);
    expect((await timed(pacer.forgiven(['m']))).value).toBeUndefined();
    Object.assign(calls, { transactWriteItems: () => new Promise(() => {}) });
    expect((await timed(pacer.forgive(['m'], Date.now() + 10_000))).took).toBe(1_000);
    expect((await timed(pacer.forgive(['m'], Date.now() + 300))).took).toBe(300);
  });
});

describe('the backlog', () => {
  test('is read by whoever comes first, every five seconds, and told as metrics', async () => {
    const { pacer, world, lines, row } = setup();
    world.size = 600;
    await pacer.reserve('', want(5));
    await pacer.reserve('', want(5));
    await pacer.finish(Date.now() + 1_000);
    expect(world.sizes).toBe(1);
    expect(row().gauge).toEqual({ at: START, backlog: 600, rate: 0, drain: 60, taken: 0 });
    expect(lines).toEqual([
      {
        _aws: {
          Timestamp: START,
          CloudWatchMetrics: [
            {
              Namespace: 'AsyncPatterns',
              Dimensions: [['Worker']],
              Metrics: [
                { Name: 'TimeToDrain', Unit: 'Seconds' },
                { Name: 'Backlog', Unit: 'Count' },
                { Name: 'Rate', Unit: 'Count/Second' },
              ],
            },
          ],
        },
        Worker: 'Test/Mails',
        TimeToDrain: 60,
        Backlog: 600,
        Rate: 0,
      },
    ]);
    await later(4_999);
    await pacer.reserve('', want(5));
    expect(world.sizes).toBe(1);
    await later(1);
    world.size = 500;
    await pacer.reserve('', want(5));
    await pacer.finish(Date.now() + 1_000);
    expect(world.sizes).toBe(2);
    expect(row().gauge).toMatchObject({ at: START + 5_000, backlog: 500, rate: 4, drain: 125, taken: 20 });
  });

  test('that another has read meanwhile is left at that', async () => {
    const { pacer, table, lines, world, calls } = setup();
    world.size = 10;
    const { updateItem } = table;
    Object.assign(calls, {
      updateItem: (input: Parameters<typeof updateItem>[0], signal: AbortSignal) => {
        if (input.UpdateExpression!.includes('#gaugeAt') && table.row) table.row.gaugeAt = { N: '1' };
        return updateItem(input, signal);
      },
    });
    await pacer.reserve('', want(1));
    await pacer.finish(Date.now() + 1_000);
    expect(lines).toEqual([]);
    expect(table.row).toMatchObject({ gaugeAt: { N: '1' } });
  });

  test('is not read while the pace is closed', async () => {
    const { pacer, change, world } = setup({ pace: concurrency(20) });
    await pacer.open();
    await pacer.finish(Date.now() + 1_000);
    world.sizes = 0;
    change(CLOSED);
    await later(5_000);
    await pacer.open();
    await pacer.finish(Date.now() + 1_000);
    expect(world.sizes).toBe(0);
  });

  test('that cannot be read is a warning, and is tried again at the next batch', async () => {
    let tries = 0;
    const queueSize = () => {
      tries++;
      return Promise.reject(new Error('AccessDenied'));
    };
    const { pacer, logged, row } = setup({}, { queueSize });
    await pacer.reserve('', want(1));
    await pacer.finish(Date.now() + 1_000);
    await pacer.reserve('', want(1));
    await pacer.finish(Date.now() + 1_000);
    await pacer.reserve('', want(1));
    await pacer.finish(Date.now() + 1_000);
    // One as the row was made.
    expect(tries).toBe(4);
    expect(logged[0]).toEqual(['pace: the size of the queue cannot be read', { reason: 'AccessDenied' }]);
    expect(row().gauge).toBeUndefined();
  });

  test('that does not come is given up after a second', async () => {
    const { pacer, logged } = setup({}, { queueSize: () => new Promise(() => {}) });
    await pacer.reserve('', want(1));
    expect((await timed(pacer.finish(Date.now() + 10_000))).took).toBe(1_000);
    expect(logged).toEqual([['pace: the size of the queue cannot be read', { reason: 'no answer within 1000 ms' }]]);
  });
});
