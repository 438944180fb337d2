import type { Mapping, Settings } from '../../../lambda/handlers/mapping';
import { commandOf, paceOf } from '../../../lambda/handlers/pace-controller/command';
import { Controller, type ControllerOptions } from '../../../lambda/handlers/pace-controller/controller';
import { rowOf } from '../../../lambda/runtime/pace/row';
import type { LevelingSpec, PaceSpec } from '../../../lib/private/contract';
import { FakeTable, TABLE } from './fake-table';

const START = Date.parse('2026-11-24T10:00:00Z');
const RATE: PaceSpec = { kind: 'rate', count: 100, per: 1, burst: 1 };
const CLOSED: PaceSpec = { kind: 'closed' };

const setup = (spec: Partial<LevelingSpec> = {}, options: Partial<ControllerOptions> = {}) => {
  const table = new FakeTable();
  const mapping: { -readonly [K in keyof Mapping]: Mapping[K] } = {
    state: 'Enabled',
    maxConcurrency: 10,
    provisioned: false,
  };
  const updates: Settings[] = [];
  const lines: any[] = [];
  const world = { now: START, size: 0, takes: true };
  const logged: unknown[] = [];
  const log = (...line: unknown[]) => void logged.push(line);
  const make = (changed: Partial<LevelingSpec> = {}) =>
    new Controller({
      worker: 'Test/Mails',
      spec: { table: TABLE, pace: RATE, lookahead: 900, batchSize: 50, ...spec, ...changed },
      mapping: 'mapping-1',
      rowCalls: table,
      mappingCalls: {
        get: async () => ({ ...mapping }),
        update: async (_, settings) => {
          updates.push(settings);
          if (!world.takes) return false;
          mapping.state = settings.enabled ? 'Enabled' : 'Disabled';
          mapping.maxConcurrency = settings.maxConcurrency ?? mapping.maxConcurrency;
          return true;
        },
      },
      log: { debug: log, info: log, warn: log, error: log },
      queueSize: async () => world.size,
      now: () => world.now,
      write: (line) => lines.push(JSON.parse(line)),
      ...options,
    });
  const controller = make();
  return {
    table,
    mapping,
    updates,
    lines,
    logged,
    world,
    make,
    run: (event: unknown) => controller.handle(event),
    row: () => rowOf(table.row),
  };
};

test.each<[string, unknown, RegExp]>([
  ['nothing', undefined, /action: got none, expected one of pace, reset, status, reconcile/],
  ['an unknown action', { action: 'stop' }, /action: got "stop"/],
  ['no pace', { action: 'pace' }, /pace: got none, expected a rate such as \{ "kind": "rate"/],
  ['half a pace', { action: 'pace', pace: { kind: 'rate', count: 5 } }, /pace: got \{"kind":"rate","count":5\}/],
  ['a broken count', { action: 'pace', pace: { kind: 'rate', count: 0.5, per: 1 } }, /expected a rate/],
  ['more than a row bears', { action: 'pace', pace: { kind: 'rate', count: 10_001, per: 1 } }, /expected a rate/],
  ['another kind', { action: 'pace', pace: { kind: 'concurrency', limit: 5 } }, /expected a rate/],
  ['a text', { action: 'pace', pace: 'fast' }, /pace: got "fast"/],
])('%s is refused with what to send instead, and changes nothing', async (_, event, message) => {
  const { run, table, updates } = setup();
  await expect(run(event)).rejects.toThrow(message);
  expect(table.requests.update).toBe(0);
  expect(updates).toEqual([]);
});

test('a concurrency takes concurrencies', async () => {
  const { run } = setup({ pace: { kind: 'concurrency', limit: 5 }, batchSize: 10 });
  expect(await run({ action: 'pace', pace: { kind: 'concurrency', limit: 8 } })).toMatchObject({
    pace: { limit: 8 },
    changed: true,
  });
  await expect(run({ action: 'pace', pace: { kind: 'concurrency', limit: 0 } })).rejects.toThrow(
    'expected a concurrency such as',
  );
  await expect(run({ action: 'pace', pace: RATE })).rejects.toThrow('expected a concurrency such as');
});

test('status only looks', async () => {
  const { run, table, updates, lines } = setup();
  expect(await run({ action: 'status' })).toEqual({
    queue: 'Test/Mails',
    pace: RATE,
    changed: false,
    backlog: 0,
    rate: 0,
    timeToDrain: 0,
    settled: true,
  });
  expect(table.requests).toMatchObject({ get: 1, update: 0 });
  expect([...updates, ...lines]).toEqual([]);
});

test('each run reads the backlog, and tells it as metrics', async () => {
  const { run, world, lines, row } = setup();
  world.size = 6_000;
  expect(await run({ action: 'reconcile' })).toMatchObject({ backlog: 6_000, timeToDrain: 60 });
  world.now += 60_000;
  world.size = 3_000;
  await run({ action: 'reconcile' });
  expect(lines).toMatchObject([
    { Worker: 'Test/Mails', TimeToDrain: 60, Backlog: 6_000 },
    { Worker: 'Test/Mails', TimeToDrain: 30, Backlog: 3_000 },
  ]);
  expect(lines[0]._aws.CloudWatchMetrics[0]).toMatchObject({ Namespace: 'AsyncPatterns', Dimensions: [['Worker']] });
  expect(row().gauge).toMatchObject({ at: world.now, backlog: 3_000 });
});

test('the mapping is left as the deployment made it until the pace changes', async () => {
  const { run, mapping, updates } = setup();
  mapping.maxConcurrency = 77;
  expect(await run({ action: 'reconcile' })).toMatchObject({ settled: true });
  expect(updates).toEqual([]);
  await run({ action: 'pace', pace: { ...RATE, count: 500 } });
  expect(updates).toEqual([{ enabled: true, maxConcurrency: 50 }]);
});

test('it is changed once for a change of pace: who changes it afterwards has a reason', async () => {
  const { run, mapping, updates, row } = setup();
  await run({ action: 'pace', pace: { ...RATE, count: 500 } });
  expect(row().paused).toBe(false);
  expect(await run({ action: 'reconcile' })).toMatchObject({ settled: true });
  mapping.state = 'Disabled';
  mapping.maxConcurrency = 5;
  await run({ action: 'reconcile' });
  expect(updates).toHaveLength(1);
});

test('a maxConcurrency that was given stays', async () => {
  const { run, updates, mapping } = setup({ maxConcurrency: 12 });
  mapping.maxConcurrency = 12;
  await run({ action: 'pace', pace: { ...RATE, count: 500 } });
  expect(updates).toEqual([]);
});

test('provisioned pollers, which take no limit, are only stopped and started', async () => {
  const { run, updates, mapping } = setup();
  mapping.provisioned = true;
  await run({ action: 'pace', pace: CLOSED });
  await run({ action: 'reset' });
  expect(updates).toEqual([{ enabled: false }, { enabled: true }]);
});

test('what is changing is left to the next run', async () => {
  const { run, updates, mapping, world } = setup();
  mapping.state = 'Updating';
  expect(await run({ action: 'pace', pace: CLOSED })).toMatchObject({ settled: false });
  expect(updates).toEqual([]);
  mapping.state = 'Enabled';
  world.takes = false;
  expect(await run({ action: 'reconcile' })).toMatchObject({ settled: false });
  world.takes = true;
  await run({ action: 'reconcile' });
  expect(await run({ action: 'reconcile' })).toMatchObject({ settled: true, pace: CLOSED });
  expect(mapping.state).toBe('Disabled');
});

test('a run that died after it had closed the mapping does not leave it closed for ever', async () => {
  const { run, mapping, row } = setup();
  await run({ action: 'pace', pace: CLOSED });
  // The next one never came to note that it was done.
  expect(row()).toMatchObject({ paused: true });
  expect(row().applied).toBeLessThan(row().version);
  await run({ action: 'reset' });
  expect(mapping.state).toBe('Enabled');
  await run({ action: 'reconcile' });
  expect(row()).toMatchObject({ paused: false, applied: row().version });
});

test('closing what somebody else has closed does not open it afterwards', async () => {
  const { run, mapping } = setup();
  mapping.state = 'Disabled';
  await run({ action: 'pace', pace: CLOSED });
  await run({ action: 'reconcile' });
  await run({ action: 'reset' });
  await run({ action: 'reconcile' });
  expect(mapping.state).toBe('Disabled');
});

test('a mapping that belongs to a circuit breaker is not touched, so the pace cannot be closed', async () => {
  const { run, updates } = setup({}, { mapping: undefined });
  await expect(run({ action: 'pace', pace: CLOSED })).rejects.toThrow(
    'the event source mapping belongs to the circuit breaker',
  );
  expect(await run({ action: 'pace', pace: { ...RATE, count: 20 } })).toMatchObject({
    pace: { count: 20 },
    settled: true,
  });
  expect(updates).toEqual([]);
});

test('a time that the scheduler did not fill in is now', async () => {
  const { run, row } = setup();
  await run({ action: 'pace', pace: { ...RATE, count: 20 }, at: '<aws.scheduler.scheduled-time>' });
  expect(row()).toMatchObject({ changedAt: START, version: 1 });
});

test('a deployment with another pace begins with that', async () => {
  const { run, make, row } = setup();
  await run({ action: 'pace', pace: { ...RATE, count: 20 } });
  const next = make({ pace: { ...RATE, count: 300 } });
  expect(await next.handle({ action: 'status' })).toMatchObject({ pace: { count: 300 }, changed: false });
  expect(await next.handle({ action: 'reconcile' })).toMatchObject({ pace: { count: 300 }, changed: false });
  expect(row().version).toBe(2);
});

describe('a pace as somebody wrote it', () => {
  test.each<[object, PaceSpec['kind'], PaceSpec]>([
    [{ kind: 'rate', count: 5, per: 0.5 }, 'rate', { kind: 'rate', count: 5, per: 0.5, burst: 1 }],
    [{ kind: 'rate', count: 20_000, per: 2 }, 'rate', { kind: 'rate', count: 20_000, per: 2, burst: 1 }],
    [{ kind: 'rate', count: 10_000, per: 1, burst: 3 }, 'rate', { kind: 'rate', count: 10_000, per: 1, burst: 3 }],
    [{ kind: 'concurrency', limit: 1, more: 1 }, 'concurrency', { kind: 'concurrency', limit: 1 }],
    [{ kind: 'closed', until: 'later' }, 'rate', CLOSED],
    [{ kind: 'closed' }, 'concurrency', CLOSED],
  ])('%j is one for a %s', (value, kind, pace) => {
    expect(paceOf(value, kind)).toEqual(pace);
  });

  test.each<[unknown, PaceSpec['kind']]>([
    [{ kind: 'rate', count: 10_001, per: 1 }, 'rate'],
    [{ kind: 'rate', count: 0, per: 1 }, 'rate'],
    [{ kind: 'rate', count: '5', per: 1 }, 'rate'],
    [{ kind: 'rate', count: 5, per: 0 }, 'rate'],
    [{ kind: 'rate', count: 5, per: -1 }, 'rate'],
    [{ kind: 'rate', count: 5, per: '1' }, 'rate'],
    [{ kind: 'rate', count: 5, per: 1, burst: 0 }, 'rate'],
    [{ kind: 'rate', count: 5, per: 1, burst: 1.5 }, 'rate'],
    [{ kind: 'rate', count: 5, per: 1 }, 'concurrency'],
    [{ count: 5, per: 1 }, 'rate'],
    [{ kind: 'concurrency', limit: 1.5 }, 'concurrency'],
    [{ limit: 5 }, 'concurrency'],
    [{ kind: 'concurrency', limit: 5 }, 'rate'],
    [{}, 'rate'],
    [null, 'rate'],
  ])('%j is none for a %s', (value, kind) => {
    expect(() => paceOf(value, kind)).toThrow(TypeError);
  });

  test('that is none is answered with one that is', () => {
    const rest = ' (per in seconds), or { "kind": "closed" }';
    expect(() => paceOf(undefined, 'rate')).toThrow(
      `pace: got none, expected a rate such as { "kind": "rate", "count": 50, "per": 1, "burst": 1 }${rest}`,
    );
    expect(() => paceOf({ a: 1 }, 'concurrency')).toThrow(
      `pace: got {"a":1}, expected a concurrency such as { "kind": "concurrency", "limit": 5 }${rest}`,
    );
  });

  test('counts from when its schedule fired, from now at the latest', () => {
    const at = (time?: unknown) => commandOf({ action: 'pace', pace: RATE, at: time }, 'rate', START);
    expect(at('2026-11-24T09:00:00Z')).toEqual({ action: 'pace', pace: RATE, at: START - 3_600_000 });
    expect(at('2026-11-24T11:00:00Z')).toMatchObject({ at: START });
    expect(at(5)).toMatchObject({ at: START });
    expect(at()).toMatchObject({ at: START });
  });

  test('is not asked of other actions, whose answer names all', () => {
    for (const action of ['reconcile', 'reset', 'status']) {
      expect(commandOf({ action, pace: 'x' }, 'rate', START)).toEqual({ action });
    }
    expect(() => commandOf({ action: 'x' }, 'rate', START)).toThrow(
      'action: got "x", expected one of pace, reset, status, reconcile; invoke with a payload such as { "action": "status" }',
    );
  });
});

test('a change is told, with when it was made; one that comes late does not undo a later one', async () => {
  const { run, logged, world } = setup();
  const slow = { ...RATE, count: 20 };
  expect(await run({ action: 'pace', pace: slow })).toMatchObject({
    pace: slow,
    changed: true,
    changedAt: '2026-11-24T10:00:00.000Z',
  });
  expect(logged[0]).toEqual(['pace changed', { pace: JSON.stringify(slow) }]);
  world.now += 60_000;
  const late = { action: 'pace', pace: { ...RATE, count: 30 }, at: '2026-11-24T09:59:59Z' };
  expect(await run(late)).toMatchObject({ pace: slow });
  expect(await run({ ...late, at: '2026-11-24T10:00:00Z' })).toMatchObject({ pace: { count: 30 } });
  world.now += 60_000;
  expect(await run({ action: 'reset' })).toMatchObject({ pace: RATE, changed: false });
});

test('a change to what it is is none', async () => {
  const { run, row, world } = setup();
  await run({ action: 'reconcile' });
  world.now += 60_000;
  await run({ action: 'pace', pace: RATE });
  await run({ action: 'reset' });
  expect(row()).toMatchObject({ version: 1, changedAt: START });
});

test('who loses five races in a row is asked to try again', async () => {
  const { run, table } = setup();
  await run({ action: 'reconcile' });
  let updates = 0;
  const { updateItem } = table;
  table.updateItem = (input, signal) => {
    updates++;
    table.row!.version = { N: String(100 + updates) };
    return updateItem(input, signal);
  };
  await expect(run({ action: 'pace', pace: { ...RATE, count: 20 } })).rejects.toThrow(
    'the pace changed 5 times meanwhile; try again',
  );
  expect(updates).toBe(5);
});

test('a gauge that a worker has written meanwhile stays', async () => {
  const { run, table, world } = setup();
  await run({ action: 'reconcile' });
  world.now += 60_000;
  world.size = 50;
  const { updateItem } = table;
  table.updateItem = (input, signal) => {
    Object.assign(table.row!, { gaugeAt: { N: String(world.now - 1) }, backlog: { N: '49' } });
    return updateItem(input, signal);
  };
  expect(await run({ action: 'reconcile' })).toMatchObject({ backlog: 49 });
});

test('what is done to the mapping is in the log, and what is left', async () => {
  const { run, logged, mapping, world } = setup();
  await run({ action: 'pace', pace: { ...RATE, count: 500 } });
  expect(logged[1]).toEqual([
    'event source mapping changed',
    { mapping: 'mapping-1', from: 'Enabled', enabled: true, maxConcurrency: 50 },
  ]);
  mapping.state = 'Updating';
  world.now += 1;
  await run({ action: 'pace', pace: CLOSED });
  expect(logged.at(-1)).toEqual([
    'event source mapping is changing: left to the next run',
    { mapping: 'mapping-1', from: 'Updating', enabled: false },
  ]);
});

test('a mapping that is not there is waited for', async () => {
  const none = async () => undefined;
  const { run } = setup({}, { mappingCalls: { get: none, update: async () => true } });
  expect(await run({ action: 'pace', pace: { ...RATE, count: 500 } })).toMatchObject({ settled: false });
});

test('a pace that this version does not know is that of the deployment', async () => {
  const { run, table } = setup();
  await run({ action: 'reconcile' });
  table.row!.pace = { S: '{"kind":"tides"}' };
  expect(await run({ action: 'status' })).toMatchObject({ pace: RATE, changed: false });
});

test.each([
  [8.64e15, '+275760-09-13T00:00:00.000Z'],
  [8.64e15 + 1, undefined],
  [0, undefined],
])('it says when the pace was changed, if %d is a time at all', async (changedAt, told) => {
  const { run, table } = setup();
  await run({ action: 'reconcile' });
  table.row!.changedAt = { N: String(changedAt) };
  expect((await run({ action: 'status' })).changedAt).toBe(told);
});

test('while it is closed the backlog goes by the pace that it opens with', async () => {
  const { run, world } = setup();
  world.size = 6_000;
  expect(await run({ action: 'pace', pace: CLOSED })).toMatchObject({ pace: CLOSED, changed: true, timeToDrain: 60 });
});

test('an opened mapping is noted as no more closed by us, so that who closes it then has a reason', async () => {
  const { run, mapping, row, world } = setup();
  await run({ action: 'pace', pace: CLOSED });
  await run({ action: 'reconcile' });
  expect(row()).toMatchObject({ paused: true, applied: row().version });
  world.now += 1;
  await run({ action: 'reset' });
  await run({ action: 'reconcile' });
  expect(row()).toMatchObject({ paused: false, applied: row().version });
  mapping.state = 'Disabled';
  world.now += 1;
  await run({ action: 'pace', pace: { ...RATE, count: 500 } });
  await run({ action: 'reconcile' });
  expect(mapping.state).toBe('Disabled');
});

test('a deployment makes the row its own, though it was changed to just that pace before', async () => {
  const { run, make, row, world } = setup();
  const fast = { ...RATE, count: 300 };
  await run({ action: 'pace', pace: fast });
  world.now += 1;
  await make({ pace: fast }).handle({ action: 'reconcile' });
  expect(row()).toMatchObject({ version: 2, base: JSON.stringify(fast), pace: JSON.stringify(fast) });
});
