import type { Mapping, Settings } from '../../../lambda/handlers/mapping';
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
  const log = () => {};
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
  await run({ action: 'reconcile' });
  expect(updates).toEqual([]);
  await run({ action: 'pace', pace: { ...RATE, count: 500 } });
  expect(updates).toEqual([{ enabled: true, maxConcurrency: 50 }]);
});

test('it is changed once for a change of pace: who changes it afterwards has a reason', async () => {
  const { run, mapping, updates } = setup();
  await run({ action: 'pace', pace: { ...RATE, count: 500 } });
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
  expect(await next.handle({ action: 'reconcile' })).toMatchObject({ pace: { count: 300 }, changed: false });
  expect(row().version).toBe(2);
});
