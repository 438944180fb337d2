import { DependencyError } from '../../lambda/runtime';
import { type WorkerOptions, workerOn } from '../../lambda/runtime/worker';
import { lambdaContext, type SqsMessage, sqsEvent } from '../../lambda/testing';
import { BREAKER_ENV, type BreakerSpec, ENV } from '../../lib/private/contract';
import { FakeTable as BreakerTable, TABLE } from './breaker/fake-table';
import { CONNECTED, FakeEdge } from './fake-edge';
import { FakeTable as KeyTable } from './idempotency/fake-table';

const START = Date.parse('2026-01-01T00:00:00Z');
const COOL_DOWN = 60;
const SPEC: BreakerSpec = {
  name: 'breaker',
  table: TABLE,
  failureRatio: 0.5,
  minimumCalls: 4,
  window: 60,
  coolDown: COOL_DOWN,
  maxCoolDown: 600,
};

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

const world = (env: Record<string, string> = {}) => {
  const breaker = new BreakerTable();
  const keys = new KeyTable();
  const edge = new FakeEdge({
    ...CONNECTED,
    [ENV.maxReceiveCount]: '3',
    [BREAKER_ENV.spec]: JSON.stringify(SPEC),
    ...env,
  });
  const { getItem, updateItem, batchGetItem, transactWriteItems } = breaker;
  const batchExecuteStatement = keys.batchExecuteStatement.bind(keys);
  edge.statements = { batchExecuteStatement, getItem, updateItem, batchGetItem, transactWriteItems };
  const ran: string[] = [];
  let down = true;
  const options: WorkerOptions<string> = {
    concurrency: 1,
    process: async (message) => {
      ran.push(message);
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (down) throw new DependencyError('payments', 503);
    },
  };
  const handler = () => workerOn(edge, options);
  const call = async (messages: SqsMessage[], using = handler()) => {
    const reply = using(sqsEvent(messages), lambdaContext());
    await jest.advanceTimersByTimeAsync(10_000);
    return (await reply).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  const recover = () => {
    down = false;
  };
  return { breaker, keys, edge, ran, call, options, recover };
};

const batch = (n: number, receiveCount = 1, prefix = 'm'): SqsMessage[] =>
  Array.from({ length: n }, (_, i) => ({ messageId: `${prefix}${i}`, body: `"${prefix}${i}"`, receiveCount }));

test('a batch stops at the call that opens the breaker, and everything in hand rests past the cool-down', async () => {
  const { edge, ran, call } = world();
  expect(await call(batch(10))).toHaveLength(10);
  // The fourth opens it; the fifth had started when that was known.
  expect(ran).toHaveLength(5);
  expect(edge.visibility.size).toBe(10);
  for (const seconds of edge.visibility.values()) expect(seconds).toBeGreaterThanOrEqual(COOL_DOWN);
  expect(edge.deadLetters).toEqual([]);
});

test('a batch that arrives while it is open does not run at all', async () => {
  const { ran, call } = world();
  await call(batch(10));
  ran.length = 0;
  expect(await call(batch(10, 1, 'n'))).toHaveLength(10);
  expect(ran).toEqual([]);
});

test('receives that were no attempts are forgiven: a message comes back as often as it takes', async () => {
  const { breaker, edge, ran, call, recover } = world();
  await call(batch(10));
  // Handed out again and again while it is open, beyond its three attempts.
  for (let receive = 2; receive <= 9; receive++) expect(await call(batch(10, receive))).toHaveLength(10);
  expect(edge.deadLetters).toEqual([]);
  recover();
  ran.length = 0;
  jest.setSystemTime(Date.now() + 20 * 60_000);
  // What the controller does when the time has come.
  Object.assign(breaker.row!, { state: { S: 'halfOpen' }, version: { N: '99' } });
  expect(await call(batch(10, 10))).toEqual([]);
  expect(ran).toHaveLength(10);
  expect(breaker.row!.state).toEqual({ S: 'closed' });
});

test('a failure below the minimum is the message’s own: it spends its attempts', async () => {
  const { edge, call } = world();
  expect(await call(batch(1, 2))).toEqual(['m0']);
  expect(edge.deadLetters).toEqual([]);
  expect(await call(batch(1, 3))).toEqual([]);
  expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toBe(
    'retries exhausted after 3 receives: DependencyError: payments failed',
  );
});

test('errors that are none of the dependency’s do not open it', async () => {
  const { ran, call, edge, options } = world();
  const process = (message: string) => {
    ran.push(message);
    throw new Error('mine');
  };
  await call(batch(10), workerOn(edge, { ...options, process }));
  expect(ran).toHaveLength(10);
});

test('what else counts is the handler’s to say; a predicate that throws counts as no', async () => {
  const { ran, call, edge, options } = world();
  const process = async (message: string) => {
    ran.push(message);
    await new Promise((resolve) => setTimeout(resolve, 100));
    throw new TypeError('fetch failed');
  };
  const isDependencyFailure = (thrown: unknown) => thrown instanceof TypeError;
  await call(batch(10), workerOn(edge, { ...options, process, isDependencyFailure }));
  expect(ran).toHaveLength(5);

  const other = world();
  const broken = () => {
    throw new Error('predicate');
  };
  await other.call(batch(10), workerOn(other.edge, { ...other.options, process, isDependencyFailure: broken }));
  expect(ran).toHaveLength(15);
});

test('a message whose attempts all ended without an end is dead, since SQS counts further than three here', async () => {
  const { edge, ran, call, recover } = world();
  recover();
  expect(await call(batch(1, 4))).toEqual([]);
  expect(ran).toEqual([]);
  expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toBe(
    'retries exhausted after 4 receives: the last attempt came to no end',
  );
});

test('with the state away workers go on as if it were closed, and no message is at its end', async () => {
  const { edge, ran, call, breaker } = world();
  const away = () => Promise.reject(new Error('away'));
  Object.assign(edge.statements, { getItem: away, updateItem: away, batchGetItem: away, transactWriteItems: away });
  expect(await call(batch(10, 7))).toHaveLength(10);
  expect(ran).toHaveLength(10);
  expect(edge.deadLetters).toEqual([]);
  expect(breaker.row).toBeUndefined();
});

test('keys of work that the breaker put off are given back', async () => {
  const { keys, edge, call, options } = world({
    [ENV.idempotency]: JSON.stringify({ table: 'keys', retention: 3600 }),
  });
  const handler = workerOn(edge, { ...options, idempotencyKey: (message) => message });
  expect(await call(batch(10), handler)).toHaveLength(10);
  expect([...keys.items.keys()].filter((key) => key.startsWith('Test/Worker#'))).toEqual([]);
});

test('a worker whose breaker is closed asks the table once in five seconds, not once a batch', async () => {
  const { breaker, call, recover, options, edge } = world();
  recover();
  const handler = workerOn(edge, options);
  for (let i = 0; i < 4; i++) {
    const reply = handler(sqsEvent(batch(10, 1, `b${i}-`)), lambdaContext());
    await jest.advanceTimersByTimeAsync(1_200);
    expect((await reply).batchItemFailures).toEqual([]);
  }
  expect(breaker.requests.length).toBeLessThanOrEqual(1);
  expect(await call([])).toEqual([]);
});
