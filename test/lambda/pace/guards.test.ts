import { DependencyError } from '../../../lambda/runtime';
import { type WorkerOptions, workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { BREAKER_ENV, ENV, type LevelingSpec, PACE_ENV } from '../../../lib/private/contract';
import { TABLE as BREAKERS, FakeTable as BreakerTable } from '../breaker/fake-table';
import { CONNECTED, FakeEdge } from '../fake-edge';
import { FakeTable, TABLE } from './fake-table';

const START = Date.parse('2026-11-24T10:00:00Z');
const LEVELING: LevelingSpec = {
  table: TABLE,
  pace: { kind: 'rate', count: 10, per: 1, burst: 1 },
  lookahead: 900,
  batchSize: 10,
};
const BREAKER = {
  name: 'breaker',
  table: BREAKERS,
  failureRatio: 0.5,
  minimumCalls: 3,
  window: 60,
  coolDown: 60,
  maxCoolDown: 600,
};

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

const setup = (options: Partial<WorkerOptions<string>> = {}, env: Record<string, string> = {}, leveling = LEVELING) => {
  const slots = new FakeTable();
  const breaker = new BreakerTable();
  const edge = new FakeEdge({
    ...CONNECTED,
    [ENV.maxReceiveCount]: '3',
    [PACE_ENV.spec]: JSON.stringify(leveling),
    ...env,
  });
  const of = (name: string | undefined) => (name === TABLE ? slots : breaker);
  edge.statements = {
    batchExecuteStatement: () => Promise.reject(new Error('no idempotency here')),
    getItem: (input, signal) => of(input.TableName).getItem(input, signal),
    updateItem: (input, signal) => of(input.TableName).updateItem(input, signal),
    batchGetItem: (input, signal) => of(Object.keys(input.RequestItems!)[0]).batchGetItem(input, signal),
    transactWriteItems: (input, signal) =>
      of(input.TransactItems![0]!.Update!.TableName).transactWriteItems(input, signal),
  };
  const began: [string, number][] = [];
  const handler = workerOn<string>(edge, {
    process: async (message) => {
      began.push([message, Date.now() - START]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    ...options,
  });
  const call = async (count: number, receiveCount = 1, remaining = 30_000) => {
    const messages = Array.from({ length: count }, (_, i) => ({ messageId: `m${i}`, body: `"m${i}"`, receiveCount }));
    const reply = handler(sqsEvent(messages), lambdaContext(remaining));
    await jest.advanceTimersByTimeAsync(remaining);
    return (await reply).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  const metrics = () => edge.lines.findLast((line) => 'Processed' in line);
  return { slots, breaker, edge, began, call, metrics };
};

test('each message runs at its slot, and the batch costs one update once the row is known', async () => {
  const { call, began, slots } = setup();
  expect(await call(5)).toEqual([]);
  expect(began.map(([, at]) => at)).toEqual([20, 120, 220, 320, 420]);
  const before = slots.requests.update;
  await call(5);
  expect(slots.requests.update - before).toBeLessThanOrEqual(2);
});

test('what has no slot in time comes back by its own appointment, and its receive is forgiven', async () => {
  const { call, began, edge, slots, metrics } = setup();
  // Half of four seconds, of which the fresh get three quarters.
  const failed = await call(30, 1, 4_000);
  expect(began).toHaveLength(30 - failed.length);
  expect(failed.length).toBeGreaterThan(10);
  const seconds = failed.map((id) => edge.visibility.get(`receipt-${id.slice(1)}`)!);
  expect([...seconds].sort((a, b) => a - b)).toEqual(seconds);
  expect(seconds.at(-1)! - seconds[0]!).toBeGreaterThanOrEqual(1);
  for (const id of failed) expect(slots.items.get(`message#${id}`)?.forgiven).toEqual({ N: '1' });
  expect(metrics()).toMatchObject({ Deferred: failed.length, Retried: 0 });
});

test('a message that was put off as often as it has attempts still has them all', async () => {
  const { call, edge, slots } = setup({
    process: () => {
      throw new Error('no');
    },
  });
  slots.items.set('message#m0', { pk: { S: 'message#m0' }, forgiven: { N: '7' } });
  expect(await call(1, 9)).toEqual(['m0']);
  expect(edge.deadLetters).toEqual([]);
  expect(await call(1, 10)).toEqual([]);
  expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toContain('after 3 receives');
});

test('a failure waits for its backoff, not for a slot', async () => {
  const { call, edge, metrics } = setup({
    process: (message) => {
      if (message === 'm1') throw new Error('no');
    },
  });
  expect(await call(3)).toEqual(['m1']);
  expect(edge.visibility.get('receipt-1')).toBeLessThanOrEqual(5);
  expect(metrics()).toMatchObject({ Processed: 2, Retried: 1, Deferred: 0 });
});

describe('with a circuit breaker', () => {
  const guarded = { [BREAKER_ENV.spec]: JSON.stringify(BREAKER) };

  test('those that wait when it opens do not run, and rest until it lets them through', async () => {
    const { call, edge, breaker, metrics } = setup(
      {
        process: () => {
          throw new DependencyError('mail', 503);
        },
      },
      guarded,
    );
    const failed = await call(10);
    expect(failed).toHaveLength(10);
    expect(breaker.row).toMatchObject({ state: { S: 'open' } });
    for (const seconds of edge.visibility.values()) expect(seconds).toBeGreaterThanOrEqual(55);
    expect(metrics()).toMatchObject({ Deferred: 10, Dead: 0 });
    expect(breaker.items.get('message#m9')?.forgiven).toEqual({ N: '1' });
  });

  test('while it is open nothing asks for slots', async () => {
    const { call, slots, breaker } = setup(
      {
        process: () => {
          throw new DependencyError('mail', 503);
        },
      },
      guarded,
    );
    await call(10);
    expect(breaker.row).toMatchObject({ state: { S: 'open' } });
    const { total } = slots;
    expect(await call(10)).toHaveLength(10);
    expect(slots.total).toBe(total);
  });
});

describe('a concurrency', () => {
  const concurrency = (limit: number): LevelingSpec => ({ ...LEVELING, pace: { kind: 'concurrency', limit } });

  test('caps what the handler asks for', async () => {
    let running = 0;
    let most = 0;
    const { call } = setup(
      {
        concurrency: 9,
        process: async () => {
          running++;
          most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 100));
          running--;
        },
      },
      {},
      concurrency(20),
    );
    expect(await call(10)).toEqual([]);
    // Twenty are four invocations of five.
    expect(most).toBe(5);
  });

  test('counts what begins, so that the backlog has a rate', async () => {
    const { call, slots } = setup({}, {}, concurrency(20));
    await call(10);
    await jest.advanceTimersByTimeAsync(10_000);
    await call(1);
    expect(Number(slots.row?.taken?.N)).toBeGreaterThanOrEqual(10);
  });

  test('of one is given up at the end of a batch, but not while its message still runs', async () => {
    let hangs = false;
    const { call, slots } = setup({ process: () => (hangs ? new Promise(() => {}) : undefined) }, {}, concurrency(1));
    await call(2);
    expect(slots.row).not.toHaveProperty('owner');
    hangs = true;
    const start = Date.now();
    expect(await call(2, 1, 10_000)).toEqual(['m0', 'm1']);
    expect(slots.row).toHaveProperty('owner');
    const until = Number(slots.row?.ownedUntil?.N);
    expect(until).toBeGreaterThan(start + 10_000);
    expect(until).toBeLessThan(start + 20_000);
  });
});
