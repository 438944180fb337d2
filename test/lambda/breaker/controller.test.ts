import { Controller, type ControllerOptions } from '../../../lambda/handlers/breaker-controller/controller';
import type { Mapping, MappingCalls, Settings } from '../../../lambda/handlers/mapping';
import { rowOf, type Stage } from '../../../lambda/runtime/breaker/row';
import { claimed, closed, opened, policyOf } from '../../../lambda/runtime/breaker/state';
import { Store } from '../../../lambda/runtime/breaker/store';
import type { MappingSpec } from '../../../lib/private/contract';
import { FakeTable, TABLE } from './fake-table';

const SPEC = {
  name: 'Test/Payments',
  table: TABLE,
  failureRatio: 0.5,
  minimumCalls: 4,
  window: 60,
  coolDown: 30,
  maxCoolDown: 120,
};
const START = Date.parse('2026-11-24T12:00:00Z');
const never = new AbortController().signal;

type FakeMapping = { -readonly [K in keyof Mapping]: Mapping[K] };

const setup = (
  specs: MappingSpec[] = [{ id: 'a' }, { id: 'b', maxConcurrency: 7 }],
  options: Partial<ControllerOptions> = {},
) => {
  const table = new FakeTable();
  const clock = { now: START };
  const mappings = new Map<string, FakeMapping>(
    specs.map(({ id, maxConcurrency }) => [id, { state: 'Enabled', maxConcurrency, provisioned: false }]),
  );
  const updates: [string, Settings][] = [];
  const gets: string[] = [];
  const mappingCalls: MappingCalls = {
    get: async (id) => {
      gets.push(id);
      return mappings.has(id) ? { ...mappings.get(id)! } : undefined;
    },
    update: async (id, settings) => {
      updates.push([id, settings]);
      const mapping = mappings.get(id)!;
      mapping.state = settings.enabled ? 'Enabled' : 'Disabled';
      if (settings.maxConcurrency !== undefined) mapping.maxConcurrency = settings.maxConcurrency ?? undefined;
      return true;
    },
  };
  const lines: any[] = [];
  const logged: unknown[] = [];
  const note = (...line: unknown[]) => void logged.push(line);
  const log = { debug: note, info: note, warn: note, error: note };
  const controller = new Controller({
    spec: SPEC,
    mappings: specs,
    rowCalls: table,
    mappingCalls,
    log,
    now: () => clock.now,
    write: (line) => void lines.push(JSON.parse(line)),
    ...options,
  });
  const row = () => rowOf(table.row);
  const enter = (stage: Stage) => new Store(table, TABLE).enter(row(), stage, never);
  const open = () => enter(opened(row(), policyOf(SPEC), clock.now));
  const run = (action = 'reconcile') => controller.handle({ action });
  return { table, clock, mappings, updates, gets, mappingCalls, lines, logged, controller, row, enter, open, run };
};

describe('while the breaker is closed', () => {
  test('a run is one request, and reports', async () => {
    const { table, gets, lines, run } = setup();
    expect(await run()).toEqual({
      circuitBreaker: 'Test/Payments',
      state: 'closed',
      held: false,
      opens: 0,
      calls: 0,
      failures: 0,
      paused: [],
    });
    expect([table.requests, gets]).toEqual([['get'], []]);
    expect(lines).toMatchObject([{ CircuitBreaker: 'Test/Payments', Open: 0 }]);
    expect(lines[0]._aws.CloudWatchMetrics[0]).toEqual({
      Namespace: 'AsyncPatterns',
      Dimensions: [['CircuitBreaker']],
      Metrics: [{ Name: 'Open', Unit: 'Count' }],
    });
  });

  test('a mapping that somebody has disabled stays so', async () => {
    const { mappings, updates, run } = setup();
    mappings.get('a')!.state = 'Disabled';
    await run();
    expect(updates).toEqual([]);
  });
});

describe('when it opens', () => {
  test('every mapping is disabled, and that is noted first', async () => {
    const { mappingCalls, row, open, run, updates } = setup();
    const { update } = mappingCalls;
    const notes: unknown[] = [];
    mappingCalls.update = (id, settings) => {
      notes.push(row().paused);
      return update(id, settings);
    };
    await open();
    const status = await run();
    expect(updates).toEqual([
      ['a', { enabled: false }],
      ['b', { enabled: false }],
    ]);
    expect(notes).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(status).toMatchObject({
      state: 'open',
      opens: 1,
      openedAt: '2026-11-24T12:00:00.000Z',
      probeAt: '2026-11-24T12:00:30.000Z',
      paused: ['a', 'b'],
    });
  });

  test('a second run finds nothing to do', async () => {
    const { open, run, updates, table } = setup();
    await open();
    await run();
    updates.length = 0;
    table.requests.length = 0;
    await run();
    expect([updates, table.requests]).toEqual([[], ['get']]);
  });

  test('a mapping that somebody has disabled before is left alone, then and when it closes', async () => {
    const { mappings, open, run, enter, row, clock } = setup();
    mappings.get('a')!.state = 'Disabled';
    mappings.set('b', { ...mappings.get('b')!, state: 'Disabling' });
    await open();
    await run();
    expect(row().paused).toEqual([]);
    await enter(closed(row(), clock.now));
    await run();
    expect(mappings.get('a')!.state).toBe('Disabled');
  });

  test('one that somebody enables is disabled again', async () => {
    const { mappings, open, run } = setup();
    await open();
    await run();
    mappings.get('a')!.state = 'Enabled';
    await run();
    expect(mappings.get('a')!.state).toBe('Disabled');
  });

  test('one that is changing is left to the next run', async () => {
    const { mappings, open, run, updates } = setup();
    mappings.get('a')!.state = 'Creating';
    await open();
    await run();
    expect(updates.map(([id]) => id)).toEqual(['b']);
    mappings.get('a')!.state = 'Enabled';
    await run();
    expect(updates.map(([id]) => id)).toEqual(['b', 'a']);
  });

  test('one that Lambda does not let change is left to the next run', async () => {
    const { mappingCalls, open, run } = setup();
    const update = jest.fn(async () => false);
    mappingCalls.update = update;
    await open();
    await run();
    await run();
    expect(update).toHaveBeenCalledTimes(4);
  });

  test('one that fails does not keep the others from being paused, and the run fails', async () => {
    const { mappingCalls, mappings, open, run } = setup();
    const { update } = mappingCalls;
    mappingCalls.update = (id, settings) =>
      id === 'a' ? Promise.reject(new Error('AccessDenied')) : update(id, settings);
    await open();
    await expect(run()).rejects.toThrow('AccessDenied');
    expect(mappings.get('b')!.state).toBe('Disabled');
  });

  test('one that cannot be looked at does not keep the others from being paused either', async () => {
    const { mappingCalls, mappings, open, run, row } = setup();
    const { get } = mappingCalls;
    mappingCalls.get = (id) => (id === 'a' ? Promise.reject(new Error('Throttled')) : get(id));
    await open();
    await expect(run()).rejects.toThrow('Throttled');
    expect(mappings.get('b')!.state).toBe('Disabled');
    expect(row().paused).toEqual(['b']);
  });

  test('a run that is overtaken changes nothing', async () => {
    const { mappingCalls, mappings, updates, open, run, enter, row, clock } = setup();
    await open();
    mappings.get('b')!.maxConcurrency = 9;
    const { get } = mappingCalls;
    mappingCalls.get = async (id) => {
      if (row().state === 'open') await enter(closed(row(), clock.now));
      return get(id);
    };
    expect(await run()).toMatchObject({ state: 'closed' });
    expect(updates).toEqual([]);
  });

  test('the metric says so, also when it is half open', async () => {
    const { lines, open, run, enter, row, clock } = setup();
    await open();
    await run();
    await enter(claimed(row(), 'x', clock.now + 1e6));
    await run();
    expect(lines.map(({ Open }) => Open)).toEqual([1, 1]);
  });
});

describe('when the cool-down is over', () => {
  test('it is half open, and a trickle comes through', async () => {
    const { clock, mappings, open, run, row } = setup();
    await open();
    await run();
    clock.now += 29_999;
    expect(await run()).toMatchObject({ state: 'open' });
    clock.now += 1;
    expect(await run()).toMatchObject({ state: 'halfOpen' });
    expect(row()).toMatchObject({ opens: 1, openedAt: START, probeAt: undefined });
    expect([...mappings.values()]).toMatchObject([
      { state: 'Enabled', maxConcurrency: 2 },
      { state: 'Enabled', maxConcurrency: 2 },
    ]);
  });

  test('provisioned pollers are not told a concurrency, which they exclude', async () => {
    const { clock, mappings, open, run, updates } = setup([{ id: 'a' }]);
    mappings.get('a')!.provisioned = true;
    await open();
    await run();
    clock.now += 30_000;
    await run();
    expect(updates).toEqual([
      ['a', { enabled: false }],
      ['a', { enabled: true }],
    ]);
  });

  test('a mapping that was not paused in time still gets no more than a trickle', async () => {
    const { clock, mappings, open, run, row } = setup();
    await open();
    clock.now += 30_000;
    await run();
    expect([...mappings.values()].map(({ maxConcurrency }) => maxConcurrency)).toEqual([2, 2]);
    expect(row().paused).toEqual(['a', 'b']);
  });
});

describe('when it closes', () => {
  const closing = async () => {
    const all = setup();
    await all.open();
    await all.run();
    all.clock.now += 30_000;
    await all.run();
    await all.enter(closed(all.row(), all.clock.now));
    all.updates.length = 0;
    return all;
  };

  test('every mapping is as the template has it', async () => {
    const { run, mappings, updates } = await closing();
    await run();
    expect([...mappings.values()]).toEqual([
      { state: 'Enabled', maxConcurrency: undefined, provisioned: false },
      { state: 'Enabled', maxConcurrency: 7, provisioned: false },
    ]);
    expect(updates).toEqual([
      ['a', { enabled: true, maxConcurrency: null }],
      ['b', { enabled: true, maxConcurrency: 7 }],
    ]);
  });

  test('they are watched for a minute: a run that saw it open may still be under way', async () => {
    const { run, mappings, row, clock, table } = await closing();
    await run();
    mappings.get('a')!.state = 'Disabled';
    clock.now += 59_999;
    await run();
    expect(mappings.get('a')!.state).toBe('Enabled');
    expect(row().paused).toEqual(['a', 'b']);
    clock.now += 1;
    expect(await run()).toMatchObject({ paused: [] });
    expect(row().paused).toEqual([]);
    table.requests.length = 0;
    await run();
    expect(table.requests).toEqual(['get']);
  });

  test('one that is not as it should be yet is not forgotten', async () => {
    const { run, mappings, row, clock } = await closing();
    mappings.get('a')!.state = 'Updating';
    clock.now += 60_000;
    await run();
    await run();
    expect(row().paused).toEqual(['a']);
    mappings.get('a')!.state = 'Enabled';
    await run();
    await run();
    expect(row().paused).toEqual([]);
  });

  test('one that was never paused is nobody’s here, whatever it is', async () => {
    const { open, run, mappings, updates, enter, row, clock } = setup();
    mappings.get('b')!.state = 'Disabled';
    await open();
    await run();
    await enter(closed(row(), clock.now));
    mappings.set('b', { state: 'Enabled', maxConcurrency: 9, provisioned: false });
    await run();
    expect(updates).toEqual([
      ['a', { enabled: false }],
      ['a', { enabled: true, maxConcurrency: null }],
    ]);
  });

  test('nothing is written while none is done', async () => {
    const { run, mappings, clock, table } = await closing();
    for (const mapping of mappings.values()) mapping.state = 'Updating';
    clock.now += 60_000;
    table.requests.length = 0;
    await run();
    expect(table.requests).toEqual(['get']);
  });

  test('one that is gone is forgotten', async () => {
    const { run, mappings, row, clock } = await closing();
    mappings.delete('a');
    clock.now += 60_000;
    await run();
    await run();
    expect(row().paused).toEqual([]);
  });
});

describe('an operator', () => {
  test('holds it open: no cool-down ends that', async () => {
    const { run, mappings, clock, row } = setup();
    expect(await run('open')).toMatchObject({ state: 'open', held: true, openedAt: '2026-11-24T12:00:00.000Z' });
    expect([...mappings.values()].map(({ state }) => state)).toEqual(['Disabled', 'Disabled']);
    clock.now += 1e9;
    expect(await run()).toMatchObject({ state: 'open', held: true });
    const { version } = row();
    expect(await run('open')).toMatchObject({ openedAt: '2026-11-24T12:00:00.000Z' });
    expect(row().version).toBe(version);
  });

  test('holds it closed: the mappings resume', async () => {
    const { open, run, mappings, clock } = setup();
    await open();
    await run();
    expect(await run('close')).toMatchObject({ state: 'closed', held: true, opens: 0 });
    expect([...mappings.values()].map(({ state }) => state)).toEqual(['Enabled', 'Enabled']);
    clock.now += 1_000;
    expect(await run('close')).toMatchObject({ closedAt: '2026-11-24T12:00:00.000Z' });
  });

  test('lets it go: open is probed by the next run, closed counts anew', async () => {
    const { run, row } = setup();
    await run('open');
    expect(await run('auto')).toMatchObject({ state: 'open', held: false, probeAt: '2026-11-24T12:00:00.000Z' });
    expect(await run()).toMatchObject({ state: 'halfOpen' });
    await run('close');
    expect(await run('auto')).toMatchObject({ state: 'closed', held: false });
    const { version } = row();
    await run('auto');
    expect(row().version).toBe(version);
  });

  test('may change the hold, and hold what is so anyway', async () => {
    const { run } = setup();
    expect(await run('close')).toMatchObject({ state: 'closed', held: true });
    expect(await run('open')).toMatchObject({ state: 'open', held: true });
    expect(await run('close')).toMatchObject({ state: 'closed', held: true });
    await run('open');
    await run('auto');
    expect(await run('open')).toMatchObject({ state: 'open', held: true });
  });

  test('who loses five races in a row is asked to try again', async () => {
    const { table, row, clock } = setup();
    let updates = 0;
    const raced = setup(undefined, {
      rowCalls: {
        getItem: table.getItem,
        updateItem: async (input, signal) => {
          updates++;
          await new Store(table, TABLE).enter(row(), opened(row(), policyOf(SPEC), clock.now), never);
          return table.updateItem(input, signal);
        },
      },
    });
    await expect(raced.run('open')).rejects.toThrow('open: the state changed 5 times meanwhile; try again');
    expect(updates).toBe(5);
  });

  test('finds in the log what was done and what was left', async () => {
    const { logged, mappings, run, controller, clock } = setup();
    mappings.get('b')!.state = 'Creating';
    await run('open');
    expect(logged).toEqual([
      ['circuit breaker: open', { action: 'open', held: true }],
      ['event source mapping changed', { mapping: 'a', from: 'Enabled', enabled: false }],
      ['event source mapping is changing: left to the next run', { mapping: 'b', from: 'Creating', enabled: false }],
    ]);
    await run('auto');
    logged.length = 0;
    clock.now += 1;
    await controller.handle({ Records: [] });
    expect(logged[0]).toEqual(['circuit breaker: halfOpen', { action: 'reconcile', held: false }]);
  });

  test('asks where it is, which changes nothing', async () => {
    const { open, run, updates, table, lines } = setup();
    await open();
    table.requests.length = 0;
    expect(await run('status')).toMatchObject({ state: 'open', opens: 1 });
    expect([updates, table.requests, lines]).toEqual([[], ['get'], []]);
  });

  test.each([
    [8.64e15, '+275760-09-13T00:00:00.000Z'],
    [8.64e15 + 1, undefined],
  ])('says when it opened, if %d is a time at all', async (openedAt, told) => {
    const { table, open, run } = setup();
    await open();
    table.row!.openedAt = { N: String(openedAt) };
    expect((await run('status')).openedAt).toBe(told);
  });

  test('sees what was called within the window', async () => {
    const { table, run, clock } = setup();
    await new Store(table, TABLE).count(rowOf(undefined), { failures: 2, successes: 3 }, 60_000, clock.now, never);
    expect(await run('status')).toMatchObject({ calls: 5, failures: 2 });
    clock.now += 60_000;
    expect(await run('status')).toMatchObject({ calls: 0, failures: 0 });
  });

  test('prevails over a change that comes between', async () => {
    const { table, open, row, clock } = setup();
    await open();
    const { getItem } = table;
    const raced = setup(undefined, {
      rowCalls: {
        updateItem: table.updateItem,
        getItem: async (input, signal) => {
          const seen = await getItem(input, signal);
          await new Store(table, TABLE).enter(row(), closed(row(), clock.now), never);
          return seen;
        },
      },
    });
    await raced.run('open');
    expect(row()).toMatchObject({ state: 'open', held: true });
  });

  test.each([
    [
      { action: 'opne' },
      'action: got "opne", expected one of open, close, auto, status, reconcile; invoke with a payload',
    ],
    [{}, 'action: got none'],
    [undefined, 'action: got none'],
    [{ action: { a: 1 } }, 'action: got {"a":1}'],
  ])('who says %j is told what to say', async (event, message) => {
    await expect(setup().controller.handle(event)).rejects.toThrow(message);
  });
});

test('a change in the table has it reconcile', async () => {
  const { controller, open, updates } = setup([{ id: 'a' }]);
  await open();
  await controller.handle({ Records: [{ eventSource: 'aws:dynamodb', dynamodb: {} }] });
  expect(updates).toEqual([['a', { enabled: false }]]);
});
