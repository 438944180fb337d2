import { z } from 'zod';
import { DependencyError } from '../../../lambda/runtime';
import { jobsApiOn } from '../../../lambda/runtime/jobs/api';
import { type WorkerOptions, workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, type SqsMessage, sqsEvent } from '../../../lambda/testing';
import { BREAKER_ENV, PACE_ENV } from '../../../lib/private/contract';
import { TABLE as BREAKERS, FakeTable as BreakerTable } from '../breaker/fake-table';
import { TABLE as PACES, FakeTable as PaceTable } from '../pace/fake-table';
import { JOBS_SPEC } from './spec';
import { proxyEvent, World } from './world';

// The guards of a queue that has all of them: jobs, a pace and a circuit breaker, each with the table that it asks.

const LEVELING = { table: PACES, pace: { kind: 'rate', count: 1, per: 2, burst: 1 }, lookahead: 10, batchSize: 10 };
const BREAKER = {
  name: 'breaker',
  table: BREAKERS,
  failureRatio: 0.5,
  minimumCalls: 3,
  window: 60,
  coolDown: 60,
  maxCoolDown: 600,
};
const MAX_RECEIVES = 3;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const setup = async (jobs: number, options: Partial<WorkerOptions<{ n: number }>> = {}) => {
  const world = new World();
  const slots = new PaceTable();
  const breaker = new BreakerTable();
  const edge = world.workerEdge(MAX_RECEIVES);
  Object.assign(edge.env, { [PACE_ENV.spec]: JSON.stringify(LEVELING), [BREAKER_ENV.spec]: JSON.stringify(BREAKER) });
  const tables: Record<string, any> = { [JOBS_SPEC.table]: world.table, [PACES]: slots, [BREAKERS]: breaker };
  edge.statements = {
    batchExecuteStatement: (input: any) => world.table.batchExecuteStatement(input),
    getItem: (input: any) => tables[input.TableName].getItem(input),
    updateItem: (input: any) => tables[input.TableName].updateItem(input),
    batchGetItem: (input: any) => tables[Object.keys(input.RequestItems)[0]!].batchGetItem(input),
    transactWriteItems: (input: any) => tables[input.TransactItems[0].Update.TableName].transactWriteItems(input),
  } as unknown as typeof edge.statements;
  const door = jobsApiOn(world.edge, { schema: z.object({ n: z.number() }) });
  const ids: string[] = [];
  for (let n = 0; n < jobs; n++) {
    const reply = door(proxyEvent({ body: JSON.stringify({ n }) }));
    await jest.advanceTimersByTimeAsync(100);
    ids.push(JSON.parse((await reply).body).id);
  }
  const ran: number[] = [];
  const handler = workerOn<{ n: number }>(edge, {
    process: async ({ n }) => {
      ran.push(n);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return n;
    },
    ...options,
  });
  /** What of these jobs came back. */
  const deliver = async (which = ids, receiveCount = 1, remaining = 30_000): Promise<string[]> => {
    const messages = which.map(
      (id): SqsMessage => ({
        messageId: `m-${id}`,
        body: { n: ids.indexOf(id) },
        receiveCount,
        attributes: { JobId: id },
      }),
    );
    const reply = handler(sqsEvent(messages), lambdaContext(remaining));
    await jest.advanceTimersByTimeAsync(remaining);
    return (await reply).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.slice(2));
  };
  const state = (id: string) => world.table.state(id);
  const attempt = (id: string) => Number(world.table.items.get(id)!.attempt!.N);
  const taken = () => Number(slots.row?.taken?.N ?? 0);
  const cancel = (id: string) => door(proxyEvent({ method: 'DELETE', id }));
  return { world, edge, breaker, slots, ids, ran, deliver, state, attempt, taken, cancel };
};

test('jobs run at the pace, and end', async () => {
  const { ids, ran, deliver, state, taken } = await setup(3);
  expect(await deliver()).toEqual([]);
  expect(ran).toHaveLength(3);
  expect(taken()).toBe(3);
  for (const id of ids) expect(state(id)).toBe('succeeded');
});

test('one that was cancelled in the queue takes no slot and no attempt', async () => {
  const { ids, ran, deliver, state, attempt, taken, cancel } = await setup(2);
  await cancel(ids[0]!);
  expect(await deliver()).toEqual([]);
  expect(ran).toEqual([1]);
  expect(taken()).toBe(1);
  expect([state(ids[0]!), attempt(ids[0]!)]).toEqual(['cancelled', 0]);
});

test('one that is cancelled while it waits for its turn does not run', async () => {
  const { ids, ran, deliver, state, cancel } = await setup(3);
  setTimeout(() => void cancel(ids[2]!), 1_000);
  expect(await deliver()).toEqual([]);
  expect(ran).toEqual([0, 1]);
  expect(state(ids[2]!)).toBe('cancelled');
});

test('one whose time was up in the queue is dropped, and takes no slot', async () => {
  const { ids, ran, deliver, state, taken } = await setup(1);
  jest.setSystemTime(Date.now() + JOBS_SPEC.maxAge * 1_000);
  expect(await deliver()).toEqual([]);
  expect(ran).toEqual([]);
  expect(taken()).toBe(0);
  expect(state(ids[0]!)).toBe('expired');
});

test('what is put off because its turn is too far has had no attempt, however often it comes', async () => {
  const { ids, edge, ran, deliver, state, attempt } = await setup(9);
  // Slots for 10 seconds ahead are taken: the rest comes back.
  const back = await deliver(ids, 1);
  expect(back.length).toBeGreaterThan(1);
  expect(ran).toHaveLength(ids.length - back.length);
  for (const id of back) expect([state(id), attempt(id)]).toEqual(['running', 0]);

  for (let receive = 2, rest = back; rest.length > 0; receive++) {
    expect(receive).toBeLessThan(20);
    rest = await deliver(rest, Math.max(receive, 10 * MAX_RECEIVES));
  }
  expect(ran).toHaveLength(ids.length);
  for (const id of ids) expect([state(id), attempt(id)]).toEqual(['succeeded', 1]);
  expect(edge.deadLetters).toEqual([]);
});

test('what the breaker puts off has had no attempt and is not even looked at; failures of the dependency neither', async () => {
  const down = new DependencyError('payments', 503);
  const { ids, world, edge, deliver, state, attempt } = await setup(4, { process: () => Promise.reject(down) });
  expect((await deliver()).sort()).toEqual([...ids].sort());
  for (const id of ids) expect(attempt(id)).toBe(0);
  const { requests } = world.table;
  // The breaker is open.
  expect((await deliver(ids, 40)).sort()).toEqual([...ids].sort());
  expect(world.table.requests).toBe(requests);
  for (const id of ids) expect([state(id), attempt(id)]).toEqual(['running', 0]);
  expect(edge.deadLetters).toEqual([]);
});

test('failures of its own spend its attempts: at the last the job has failed and is a dead letter', async () => {
  const { ids, edge, deliver, state } = await setup(1, { process: () => Promise.reject(new Error('mine')) });
  // Deliveries that were deferred are no attempts, whatever SQS counts.
  for (let i = 1; i < MAX_RECEIVES; i++) expect(await deliver(ids, 20 + i)).toEqual(ids);
  expect(await deliver(ids, 40)).toEqual([]);
  expect(state(ids[0]!)).toBe('failed');
  expect(edge.deadLetters).toHaveLength(1);
});
