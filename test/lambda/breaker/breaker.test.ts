import { Breaker, type BreakerCalls } from '../../../lambda/runtime/breaker/breaker';
import { rowOf } from '../../../lambda/runtime/breaker/row';
import { heldClosed, heldOpen, opened, policyOf } from '../../../lambda/runtime/breaker/state';
import { Store } from '../../../lambda/runtime/breaker/store';
import type { Logger } from '../../../lambda/runtime/log';
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
const POLICY = policyOf(SPEC);
const START = Date.parse('2026-11-24T12:00:00Z');
const never = new AbortController().signal;

const setup = (overrides: Partial<BreakerCalls> = {}) => {
  const table = new FakeTable();
  const calls: BreakerCalls = { ...table, ...overrides };
  const lines: any[] = [];
  const logged: string[] = [];
  const details: unknown[] = [];
  const write = (message: string, fields?: object) => {
    logged.push(message);
    details.push(fields);
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write };
  let owners = 0;
  const edge = {
    now: () => Date.now(),
    write: (line: string) => void lines.push(JSON.parse(line)),
    uuid: () => `owner-${owners++}`,
  };
  const make = (spec = SPEC) => new Breaker({ spec, calls, edge, log });
  const row = () => rowOf(table.row);
  /** Puts the breaker in a stage, as another worker or an operator would. */
  const enter = (next: (now: number) => Parameters<Store['enter']>[1]) =>
    new Store(table, TABLE).enter(row(), next(Date.now()), never);
  return { table, calls, lines, logged, details, make, row, enter, breaker: make() };
};

const later = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const deadline = () => Date.now() + 30_000;

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

/** Runs as many calls as one batch. */
const batch = async (breaker: Breaker, ...fails: boolean[]) => {
  const pass = await breaker.admit(deadline());
  for (const failed of fails) failed ? pass.failed() : pass.succeeded();
  await pass.end();
  return pass;
};
const FAILED = [true, true, true, true];

describe('while it is closed', () => {
  test('a batch costs no request, but a look every five seconds', async () => {
    const { breaker, table } = setup();
    for (let i = 0; i < 10; i++) {
      const pass = await breaker.admit(deadline());
      expect([pass.until, pass.probe]).toEqual([undefined, false]);
      await pass.end();
    }
    expect(table.requests).toEqual(['get']);
    await later(5_000);
    await batch(breaker);
    expect(table.requests).toEqual(['get', 'get']);
  });

  test('successes are counted together, every five seconds, in the request that also looks', async () => {
    const { breaker, table, row } = setup();
    for (let i = 0; i < 10; i++) {
      await batch(breaker, false, false);
      await later(1_000);
    }
    expect(table.requests).toEqual(['get', 'get', 'update']);
    expect([...row().counters.values()]).toEqual([12]);
    expect(row().version).toBe(0);
  });

  test('a failure is counted at once, with the successes before it', async () => {
    const { breaker, table, row } = setup();
    await batch(breaker, false, true, false);
    expect(table.requests).toEqual(['get', 'update']);
    const bucket = START / 6000;
    expect(row().counters).toEqual(
      new Map([
        [`f${bucket}`, 1],
        [`s${bucket}`, 1],
      ]),
    );
  });

  test('many failures at once are few requests', async () => {
    const { breaker, table, row } = setup();
    await batch(breaker, ...Array<boolean>(3).fill(true), ...Array<boolean>(7).fill(false));
    expect(table.requests).toEqual(['get', 'update', 'update']);
    expect([...row().counters.values()].sort()).toEqual([3, 7]);
  });

  test('counters that are out of every window go', async () => {
    const { breaker, row } = setup();
    await batch(breaker, true);
    await later(200_000);
    await batch(breaker, true);
    expect([...row().counters.keys()]).toEqual([`f${Math.floor((START + 200_000) / 6000)}`]);
  });
});

describe('it opens', () => {
  test('when the ratio is reached, in the middle of a batch', async () => {
    const { breaker, row, logged, details } = setup();
    const pass = await breaker.admit(deadline());
    for (let i = 0; i < 3; i++) pass.failed();
    await later(0);
    expect(pass.until).toBeUndefined();
    pass.failed();
    await later(0);
    expect(pass.until).toBe(START + 30_000);
    await pass.end();
    expect(row()).toMatchObject({ state: 'open', opens: 1, probeAt: START + 30_000, version: 1 });
    expect(row().counters.size).toBe(0);
    expect(logged).toEqual(['circuit breaker opened']);
    expect(details).toEqual([{ circuitBreaker: 'Test/Payments', calls: 4, failures: 4 }]);
  });

  test('on what several workers have seen together', async () => {
    const { make, row } = setup();
    await batch(make(), true, true);
    await batch(make(), true, false);
    expect(row().state).toBe('closed');
    await batch(make(), true);
    expect(row().state).toBe('open');
  });

  test('not when others have succeeded enough', async () => {
    const { make, row } = setup();
    const other = make();
    await batch(other, ...Array<boolean>(10).fill(false));
    await later(5_000);
    await batch(other, false);
    await batch(make(), true, true, true, false, true, true);
    expect(row().state).toBe('closed');
  });

  test('at once when as many as the minimum fail in a row in one process, whatever succeeded before', async () => {
    const { make, row } = setup();
    const other = make();
    await batch(other, ...Array<boolean>(100).fill(false));
    await later(5_000);
    await batch(other, false);
    const breaker = make();
    await batch(breaker, true, true, true);
    await batch(breaker, false, true, true, true);
    expect(row().state).toBe('closed');
    await batch(breaker, true);
    expect(row().state).toBe('open');
  });

  test('not for failures in a row that are older than the window', async () => {
    const { make, row } = setup();
    const other = make();
    const breaker = make();
    await batch(breaker, true, true);
    await later(60_000);
    await batch(other, ...Array<boolean>(10).fill(false));
    await later(5_000);
    await batch(other, false);
    await batch(breaker, true, true);
    expect(row().state).toBe('closed');
  });

  test('not while an operator holds it closed', async () => {
    const { breaker, enter, row } = setup();
    await enter((now) => heldClosed(row(), now));
    await batch(breaker, ...FAILED);
    expect(row()).toMatchObject({ state: 'closed', held: true });
  });

  test('not for failures in a row from before it closed', async () => {
    const { breaker, enter, row } = setup();
    await batch(breaker, true, true, true);
    await enter((now) => opened(row(), POLICY, now));
    await enter((now) => ({ state: 'closed', held: false, opens: 1, closedAt: now }));
    await later(5_000);
    await batch(breaker, true);
    await batch(breaker, true);
    expect(row()).toMatchObject({ state: 'closed', version: 2 });
  });

  test('not by the successes of a stage that is over, which were not counted yet', async () => {
    const { breaker, enter, row } = setup();
    await batch(breaker, false, false, false);
    await enter((now) => opened(row(), POLICY, now));
    await enter((now) => ({ state: 'closed', held: false, opens: 1, closedAt: now }));
    await later(5_000);
    await batch(breaker, true);
    expect([...row().counters.values()]).toEqual([1]);
  });

  test('later, if the store does not take it now', async () => {
    const { breaker, calls, table, row } = setup();
    calls.updateItem = (input, signal) =>
      input.UpdateExpression!.startsWith('SET') ? Promise.reject(new Error('away')) : table.updateItem(input, signal);
    await batch(breaker, ...FAILED);
    expect(row().state).toBe('closed');
    calls.updateItem = table.updateItem;
    await later(5_000);
    await batch(breaker, true);
    expect(row().state).toBe('open');
  });

  test('once, however many see it', async () => {
    const { make, row } = setup();
    const breakers = Array.from({ length: 5 }, () => make());
    await Promise.all(breakers.map((breaker) => batch(breaker, ...FAILED)));
    expect(row()).toMatchObject({ state: 'open', opens: 1, version: 1 });
  });

  test('and who comes second does not claim that it did it', async () => {
    const { breaker, calls, table, enter, row, logged } = setup();
    calls.updateItem = async (input, signal) => {
      if (input.UpdateExpression?.startsWith('SET')) await enter((now) => opened(row(), POLICY, now - 1_000));
      return table.updateItem(input, signal);
    };
    await batch(breaker, ...FAILED);
    expect(row()).toMatchObject({ state: 'open', openedAt: START - 1_000, version: 1 });
    expect(logged).toEqual([]);
  });

  test('and a call of a batch that began before it opened does not count when it has closed again', async () => {
    const { make, enter, row } = setup();
    const breaker = make();
    const pass = await breaker.admit(deadline());
    await enter((now) => opened(row(), POLICY, now));
    await enter((now) => ({ state: 'closed', held: false, opens: 1, closedAt: now }));
    await later(5_000);
    const fresh = await breaker.admit(deadline());
    for (let i = 0; i < 10; i++) i < 5 ? pass.failed() : pass.succeeded();
    await pass.end();
    await fresh.end();
    await later(5_000);
    await batch(breaker);
    expect(row()).toMatchObject({ state: 'closed', counters: new Map() });
  });
});

describe('while it is open', () => {
  const open = async () => {
    const all = setup();
    await batch(all.breaker, ...FAILED);
    all.table.requests.length = 0;
    return all;
  };

  test('a batch may not run, and the answer is kept', async () => {
    const { breaker, table } = await open();
    const pass = await breaker.admit(deadline());
    expect([pass.until, pass.probe]).toEqual([START + 30_000, false]);
    pass.failed();
    pass.succeeded();
    await pass.end();
    await later(4_000);
    expect((await breaker.admit(deadline())).until).toBe(START + 30_000);
    expect(table.requests).toEqual([]);
  });

  test('another process sees it at its first batch, one that had looked before within five seconds', async () => {
    const { make, breaker } = setup();
    const other = make();
    await batch(other);
    await batch(breaker, ...FAILED);
    expect((await other.admit(deadline())).until).toBeUndefined();
    await later(5_000);
    expect((await other.admit(deadline())).until).toBe(START + 30_000);
    expect((await make().admit(deadline())).until).toBe(START + 30_000);
  });

  test('what is held open stays so past any cool-down', async () => {
    const { breaker, enter, row } = setup();
    await enter((now) => heldOpen(row(), now));
    await later(1e7);
    const pass = await breaker.admit(deadline());
    expect(pass.until).toBe(Date.now() + 30_000);
  });
});

describe('the probe', () => {
  const due = async () => {
    const all = setup();
    await batch(all.breaker, ...FAILED);
    await later(30_000);
    all.table.requests.length = 0;
    return all;
  };

  test('is one batch, whose records run one at a time', async () => {
    const { breaker, make, row } = await due();
    const pass = await breaker.admit(Date.now() + 20_000);
    expect([pass.until, pass.probe]).toEqual([undefined, true]);
    expect(row()).toMatchObject({ state: 'halfOpen', probeOwner: 'owner-1', probeUntil: Date.now() + 25_000 });

    const second = make().admit(Date.now() + 20_000);
    await later(5_000);
    const refused = await second;
    expect([refused.until, refused.probe]).toEqual([START + 55_000, false]);
  });

  test('closes at its first success, and the rest of its batch counts as any other', async () => {
    const { breaker, row } = await due();
    const pass = await breaker.admit(deadline());
    pass.succeeded();
    expect(pass.probe).toBe(false);
    await later(0);
    expect(row()).toMatchObject({ state: 'closed', opens: 1, closedAt: START + 30_000, probeOwner: undefined });
    for (let i = 0; i < 4; i++) pass.failed();
    await pass.end();
    expect(row()).toMatchObject({ state: 'open', opens: 2, probeAt: START + 90_000 });
    expect(pass.until).toBe(START + 90_000);
  });

  test('has failures counted that came before it was known that it closed', async () => {
    const { breaker, row } = await due();
    const pass = await breaker.admit(deadline());
    pass.succeeded();
    for (let i = 0; i < 4; i++) pass.failed();
    await pass.end();
    expect(row()).toMatchObject({ state: 'open', opens: 2 });
  });

  test('has no more counted than failed before it was known that it closed', async () => {
    const { breaker, row, table } = await due();
    const pass = await breaker.admit(deadline());
    pass.succeeded();
    for (let i = 0; i < 3; i++) pass.failed();
    await pass.end();
    expect(row().state).toBe('closed');
    expect([...row().counters.values()]).toEqual([3]);
    // Claimed, closed, and counted twice: the first, and what failed while it was.
    expect(table.requests).toEqual(['get', 'update', 'update', 'update', 'update']);
  });

  test('that has closed has its later successes counted too', async () => {
    const { breaker, row } = await due();
    const pass = await breaker.admit(deadline());
    pass.succeeded();
    await later(0);
    for (let i = 0; i < 3; i++) pass.succeeded();
    await pass.end();
    await later(5_000);
    await batch(breaker, false);
    expect([...row().counters.values()]).toEqual([4]);
  });

  test('that fails when somebody has closed the breaker meanwhile rests as after one opening more', async () => {
    const { breaker, enter, row } = await due();
    const pass = await breaker.admit(deadline());
    await enter((now) => ({ state: 'closed', held: false, opens: 1, closedAt: now }));
    await later(5_000);
    await breaker.admit(deadline());
    pass.failed();
    await pass.end();
    expect(pass.until).toBe(Date.now() + 60_000);
    expect(row().state).toBe('closed');
  });

  test('is tried for three times where others are faster and do not ask', async () => {
    const { breaker, calls, table, enter, row } = await due();
    let claims = 0;
    calls.updateItem = async (input, signal) => {
      claims++;
      await enter(() => ({ state: 'halfOpen', held: false, opens: 1 }));
      return table.updateItem(input, signal);
    };
    const pass = await breaker.admit(deadline());
    expect([claims, pass.probe]).toEqual([3, false]);
    expect(pass.until).toBeGreaterThan(Date.now());
    expect(row().probeOwner).toBeUndefined();
  });

  test('is waited for five seconds, no less and no more', async () => {
    const { breaker, make } = await due();
    await breaker.admit(deadline());
    let over = false;
    void make()
      .admit(deadline())
      .then(() => {
        over = true;
      });
    await later(4_999);
    expect(over).toBe(false);
    await later(1);
    expect(over).toBe(true);
  });

  test('opens again at its first failure, for twice as long, and nothing of its batch starts any more', async () => {
    const { breaker, row } = await due();
    const pass = await breaker.admit(deadline());
    pass.failed();
    expect(pass.until).toBeGreaterThan(Date.now());
    pass.succeeded();
    await pass.end();
    expect(pass.until).toBe(START + 90_000);
    expect(row()).toMatchObject({ state: 'open', opens: 2, openedAt: START, probeAt: START + 90_000 });
  });

  test('that did not get to ask lets the next one', async () => {
    const { breaker, make, row } = await due();
    await (await breaker.admit(deadline())).end();
    expect(row()).toMatchObject({ state: 'halfOpen', probeOwner: undefined, probeUntil: undefined });
    expect((await make().admit(deadline())).probe).toBe(true);
  });

  test('that died is followed by another when its lease is over', async () => {
    const { breaker, make } = await due();
    await breaker.admit(Date.now() + 10_000);
    await later(14_999);
    expect((await make().admit(Date.now() + 1_000)).probe).toBe(false);
    await later(5_000);
    expect((await make().admit(deadline())).probe).toBe(true);
  });

  test('has a lease of the longest invocation when the deadline is not known', async () => {
    const { breaker, row } = await due();
    await breaker.admit(Number.POSITIVE_INFINITY);
    expect(row().probeUntil).toBe(START + 30_000 + 905_000);
  });

  test('is waited for by a batch that comes meanwhile, which runs when it has closed', async () => {
    const { breaker, make } = await due();
    const probe = await breaker.admit(deadline());
    const second = make().admit(deadline());
    await later(1_200);
    probe.succeeded();
    await probe.end();
    await later(500);
    const pass = await second;
    expect([pass.until, pass.probe]).toEqual([undefined, false]);
  });

  test('is not waited for longer than a quarter of the time that a batch has', async () => {
    const { breaker, make } = await due();
    await breaker.admit(deadline());
    const second = make().admit(Date.now() + 4_000);
    await later(1_000);
    expect((await second).until).toBeGreaterThan(Date.now());
  });

  test('changes nothing when an operator has held it in between, and stops', async () => {
    const { breaker, enter, row } = await due();
    const pass = await breaker.admit(deadline());
    await enter((now) => heldOpen(row(), now));
    pass.succeeded();
    expect(pass.until).toBeUndefined();
    await pass.end();
    expect(row()).toMatchObject({ state: 'open', held: true });
    expect(pass.until).toBe(Date.now() + 30_000);
  });

  test('changes nothing either when its process knows of the hold', async () => {
    const { breaker, enter, row } = await due();
    const pass = await breaker.admit(deadline());
    await enter((now) => heldOpen(row(), now));
    await later(5_000);
    await breaker.admit(deadline());
    pass.succeeded();
    await pass.end();
    expect(row()).toMatchObject({ state: 'open', held: true });
  });

  test('changes nothing when another has taken over, and counts for nothing', async () => {
    const { breaker, make, row } = await due();
    const pass = await breaker.admit(Date.now() + 1_000);
    await later(6_000);
    await make().admit(deadline());
    for (let i = 0; i < 10; i++) i % 2 ? pass.failed() : pass.succeeded();
    await pass.end();
    await later(5_000);
    pass.succeeded();
    await pass.end();
    expect(row()).toMatchObject({ state: 'halfOpen', probeOwner: 'owner-2', counters: new Map() });
    expect(pass.until).toBeGreaterThan(Date.now());
  });

  test('has the rest of its batch run though the store does not take that it closed', async () => {
    const { breaker, calls } = await due();
    const pass = await breaker.admit(deadline());
    calls.updateItem = () => Promise.reject(new Error('throttled'));
    pass.succeeded();
    await later(0);
    expect(pass.until).toBeUndefined();
    await pass.end();
  });

  test.each(['close', 'claim'])('survives the loss of a reply (%s)', async (which) => {
    const { breaker, calls, table, row } = await due();
    let updates = 0;
    calls.updateItem = async (input, signal) => {
      const reply = await table.updateItem(input, signal);
      if (++updates === (which === 'claim' ? 1 : 2)) throw new Error('ECONNRESET');
      return reply;
    };
    const pass = await breaker.admit(deadline());
    expect(pass.probe).toBe(true);
    pass.succeeded();
    await pass.end();
    expect(row()).toMatchObject({ state: 'closed', opens: 1 });
    expect(pass.until).toBeUndefined();
  });
});

test('a count whose reply was lost is not sent again: it may have counted', async () => {
  const { breaker, calls, table, row } = setup();
  calls.updateItem = async (input, signal) => {
    await table.updateItem(input, signal);
    throw new Error('ECONNRESET');
  };
  await batch(breaker, true);
  await batch(breaker, false);
  expect([...row().counters.values()]).toEqual([1]);
});

describe('when the state cannot be reached', () => {
  const unreachable: BreakerCalls['getItem'] = () => Promise.reject(new Error('throttled'));

  test('it behaves as closed, says so in the log and as a metric, and asks again after five seconds', async () => {
    const getItem = jest.fn(unreachable);
    const { breaker, lines, logged, details } = setup({ getItem });
    for (let i = 0; i < 3; i++) expect((await breaker.admit(deadline())).until).toBeUndefined();
    expect(getItem).toHaveBeenCalledTimes(1);
    expect(logged).toEqual(['circuit breaker: its state cannot be reached']);
    expect(details).toEqual([{ circuitBreaker: 'Test/Payments', reason: 'throttled' }]);
    expect(lines).toEqual([
      {
        _aws: {
          Timestamp: START,
          CloudWatchMetrics: [
            {
              Namespace: 'AsyncPatterns',
              Dimensions: [['CircuitBreaker']],
              Metrics: [{ Name: 'StateUnavailable', Unit: 'Count' }],
            },
          ],
        },
        CircuitBreaker: 'Test/Payments',
        StateUnavailable: 1,
      },
    ]);
    await later(5_000);
    await breaker.admit(deadline());
    expect(getItem).toHaveBeenCalledTimes(2);
  });

  test('it waits a second for an answer, no longer, and tells the client to give up', async () => {
    let signal: AbortSignal | undefined;
    const { breaker, details } = setup({
      getItem: (_, given) => {
        signal = given;
        return new Promise(() => {});
      },
    });
    const admitted = breaker.admit(deadline());
    await later(999);
    expect(signal?.aborted).toBe(false);
    await later(1);
    expect((await admitted).until).toBeUndefined();
    expect(signal?.aborted).toBe(true);
    expect(details).toEqual([{ circuitBreaker: 'Test/Payments', reason: 'no answer within 1000 ms' }]);
  });

  test('an answer leaves no timer behind', async () => {
    const { breaker } = setup();
    await batch(breaker, true, false);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('a batch without a deadline waits as long as the store may take', async () => {
    const { breaker } = setup({ updateItem: () => new Promise(() => {}) });
    const pass = await breaker.admit(Number.POSITIVE_INFINITY);
    pass.failed();
    let ended = false;
    void pass.end().then(() => {
      ended = true;
    });
    await later(999);
    expect(ended).toBe(false);
    await later(1);
    expect(ended).toBe(true);
  });

  test('what was seen open is believed for a cool-down, then nobody is stopped', async () => {
    const { breaker, calls } = setup();
    await batch(breaker, ...FAILED);
    calls.getItem = unreachable;
    calls.updateItem = () => Promise.reject(new Error('throttled'));
    await later(29_999);
    expect((await breaker.admit(deadline())).until).toBe(START + 30_000);
    await later(1);
    const pass = await breaker.admit(deadline());
    expect([pass.until, pass.probe]).toEqual([undefined, false]);
    pass.failed();
    await pass.end();
    expect(pass.until).toBeUndefined();
  });

  test('failures are counted all the same when it could only not be read', async () => {
    const { make, enter, row, calls } = setup();
    await enter((now) => ({ state: 'closed', held: false, opens: 1, closedAt: now }));
    const breaker = make();
    await batch(breaker);
    await later(40_000);
    calls.getItem = unreachable;
    await batch(breaker, true);
    expect([...row().counters.values()]).toEqual([1]);
  });

  test('a probe that cannot be claimed is not run', async () => {
    const { make, enter, row, calls } = setup();
    await enter((now) => opened(row(), POLICY, now - 40_000));
    const updateItem = jest.fn(() => Promise.reject(new Error('throttled')));
    calls.updateItem = updateItem;
    const pass = await make().admit(deadline());
    expect(pass.until).toBeGreaterThan(Date.now());
    expect(updateItem).toHaveBeenCalledTimes(2);
  });

  test('a batch ends in time, whatever hangs', async () => {
    const { breaker } = setup({ updateItem: () => new Promise(() => {}) });
    const pass = await breaker.admit(deadline());
    pass.failed();
    let ended = false;
    void pass.end(Date.now() + 300).then(() => {
      ended = true;
    });
    await later(299);
    expect(ended).toBe(false);
    await later(1);
    expect(ended).toBe(true);
    await later(2_000);
  });

  test('receives are not known, and not forgiven, without an error', async () => {
    const { breaker } = setup({
      batchGetItem: () => Promise.reject(new Error('throttled')),
      transactWriteItems: () => Promise.reject(new Error('throttled')),
    });
    expect(await breaker.forgiven(['a'])).toBeUndefined();
    await breaker.forgive(['a']);
  });
});

describe('the ledger', () => {
  test('adds up what messages are forgiven, and forgets them after the queue has', async () => {
    const { breaker, table } = setup();
    await breaker.forgive(['a', 'b', 'a']);
    await breaker.forgive(['a']);
    expect(await breaker.forgiven(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    );
    expect(table.items.get('message#a')!.ttl).toEqual({ N: String(START / 1000 + 5 * 86_400) });
  });

  test('takes a hundred messages a request', async () => {
    const { breaker, table } = setup();
    const ids = Array.from({ length: 201 }, (_, i) => `m${i}`);
    await breaker.forgive(ids);
    expect((await breaker.forgiven(ids))!.size).toBe(201);
    expect(table.requests).toEqual(['transact', 'transact', 'transact', 'batchGet', 'batchGet', 'batchGet']);
  });

  test('asks for nothing when there is nobody', async () => {
    const { breaker, table } = setup();
    await breaker.forgive([]);
    expect(await breaker.forgiven([])).toEqual(new Map());
    expect(table.requests).toEqual([]);
  });

  test('does not take part of an answer for the whole', async () => {
    const { breaker, details } = setup({
      batchGetItem: async ({ RequestItems }) => ({ Responses: {}, UnprocessedKeys: RequestItems }),
    });
    expect(await breaker.forgiven(['a'])).toBeUndefined();
    expect(details).toEqual([{ circuitBreaker: 'Test/Payments', reason: 'the table is throttled' }]);
  });

  test('takes an answer without rows for none, and a row without a count for nothing forgiven', async () => {
    const { breaker, calls, table } = setup({ batchGetItem: async () => ({}) });
    expect(await breaker.forgiven(['a'])).toEqual(new Map());
    calls.batchGetItem = table.batchGetItem;
    table.items.set('message#a', { pk: { S: 'message#a' } });
    expect(await breaker.forgiven(['a'])).toEqual(new Map([['a', 0]]));
  });

  test('has the time that it is given', async () => {
    const { breaker } = setup({ transactWriteItems: () => new Promise(() => {}) });
    let over = false;
    void breaker.forgive(['a'], Date.now() + 200).then(() => {
      over = true;
    });
    await later(199);
    expect(over).toBe(false);
    await later(1);
    expect(over).toBe(true);
  });
});
