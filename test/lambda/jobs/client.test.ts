import { z } from 'zod';
import { JobCancelledError, JobExpiredError, JobFailedError, type SubmitError } from '../../../lambda/runtime';
import { type Jobs, jobsOn } from '../../../lambda/runtime/jobs/client';
import { JOBS_SPEC } from './spec';
import { World } from './world';

interface Order {
  readonly orderId: string;
}

let world: World;
let jobs: Jobs<Order, { invoice: number }>;
beforeEach(() => {
  jest.useFakeTimers({ advanceTimers: 100 });
  world = new World();
  jobs = jobsOn(world.edge, 'invoices');
});
afterEach(() => jest.useRealTimers());

const end = (id: string, change: object) => {
  world.table.items.set(id, { ...world.table.items.get(id)!, ...change } as any);
};

test('a job is a row and a message, and its result is what the handler returned', async () => {
  const job = await jobs.submit({ orderId: 'o-1' });
  expect(world.sent).toMatchObject([{ jobId: job.id, body: { orderId: 'o-1' } }]);
  const result = job.result();
  setTimeout(() => end(job.id, { state: { S: 'succeeded' }, result: { S: '{"invoice":7}' } }), 500);
  expect(await result).toEqual({ invoice: 7 });
  expect(await job.status()).toMatchObject({ id: job.id, status: 'succeeded' });
});

test('one key is one job', async () => {
  const [a, b] = await Promise.all([
    jobs.submit({ orderId: 'o-1' }, { idempotencyKey: 'k' }),
    jobs.submit({ orderId: 'o-1' }, { idempotencyKey: 'k' }),
  ]);
  expect(a.id).toBe(b.id);
  await expect(jobs.submit({ orderId: 'o-2' }, { idempotencyKey: 'k' })).rejects.toMatchObject({ code: 'key-reused' });
});

test.each([
  ['failed', JobFailedError, 'has failed: why'],
  ['cancelled', JobCancelledError, 'was cancelled: why'],
  ['expired', JobExpiredError, 'has expired: why'],
])('a job that is %s rejects with its problem', async (state, type, text) => {
  const job = await jobs.submit({ orderId: 'o-1' });
  end(job.id, { state: { S: state }, problem: { S: '{"type":"t","title":"T","detail":"why"}' } });
  const error = await job.result().catch((thrown) => thrown);
  expect(error).toBeInstanceOf(type);
  expect(error).toMatchObject({ jobId: job.id, status: state, problem: { title: 'T' } });
  expect(error.message).toContain(text);
});

test('whoever waits can give up', async () => {
  const job = await jobs.submit({ orderId: 'o-1' });
  await expect(job.result({ signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout|aborted/);
  expect(world.table.state(job.id)).toBe('accepted');
});

test('waits no longer than a job lives', async () => {
  const job = await jobs.submit({ orderId: 'o-1' });
  jest.setSystemTime(Date.now() + JOBS_SPEC.maxAge * 1000);
  await expect(job.result()).rejects.toBeInstanceOf(JobExpiredError);
});

test('cancel, by the id alone', async () => {
  const { id } = await jobs.submit({ orderId: 'o-1' });
  expect(await jobs.of(id).cancel()).toMatchObject({ status: 'cancelled' });
  await expect(jobs.of('unknown').status()).rejects.toThrow('not known');
});

test('what does not match, is too large or no JSON is not accepted, and nothing is written', async () => {
  const strict = jobsOn<Order, unknown>(world.edge, 'invoices', { schema: z.object({ orderId: z.string() }) });
  const codes = await Promise.all(
    [{ orderId: 5 }, { orderId: 'x'.repeat(1_100) }].map((input) =>
      strict.submit(input as Order).catch(({ code }) => code),
    ),
  );
  expect(codes).toEqual(['invalid', 'too-large']);
  await expect(jobs.submit(5n as never)).rejects.toMatchObject({ code: 'invalid' });
  expect(world.table.items.size).toBe(0);
});

describe('submitAll', () => {
  async function* orders(count: number, taken = { count: 0 }) {
    for (let i = 0; i < count; i++) {
      taken.count++;
      yield { orderId: `o-${i}` };
    }
  }

  test('yields the jobs in order, in few requests', async () => {
    const ids: string[] = [];
    for await (const { id } of jobs.submitAll(orders(1_000))) ids.push(id);
    expect(ids).toHaveLength(1_000);
    const bodies = new Map(world.sent.map(({ jobId, body }) => [jobId, body]));
    expect(ids.map((id) => bodies.get(id))).toEqual(ids.map((_, i) => ({ orderId: `o-${i}` })));
    expect(world.table.requests).toBe(2 * 40);
  });

  test('takes no more than a hundred beyond what is asked for', async () => {
    const taken = { count: 0 };
    for await (const _ of jobs.submitAll(orders(10_000, taken))) break;
    expect(taken.count).toBeLessThanOrEqual(101);
  });

  test('stops at the first that is not accepted, and names it', async () => {
    const inputs = [{ orderId: 'a' }, { orderId: 'x'.repeat(1_100) }, { orderId: 'b' }];
    const seen: string[] = [];
    const run = async () => {
      for await (const { id } of jobs.submitAll(inputs)) seen.push(id);
    };
    await expect(run()).rejects.toMatchObject({ name: 'SubmitError', code: 'too-large', index: 1 });
    expect(seen).toHaveLength(1);
  });

  test('or goes on, if somebody takes the failures', async () => {
    const failures: SubmitError[] = [];
    let count = 0;
    const inputs = [{ orderId: 'a' }, { orderId: 'x'.repeat(1_100) }, { orderId: 'b' }];
    for await (const _ of jobs.submitAll(inputs, { onFailure: (error) => failures.push(error) })) count++;
    expect(count).toBe(2);
    expect(failures.map(({ index }) => index)).toEqual([1]);
  });

  test('keys of its own: a repetition in the same breath is the same job', async () => {
    const ids: string[] = [];
    const each = ({ orderId }: Order) => ({ idempotencyKey: orderId });
    for await (const { id } of jobs.submitAll([{ orderId: 'a' }, { orderId: 'a' }], { each })) ids.push(id);
    expect(new Set(ids).size).toBe(1);
    expect(world.sent).toHaveLength(1);
  });
});

test('a connection that is not there is named', async () => {
  await expect(jobsOn(world.edge, 'other').submit({})).rejects.toThrow("api.connectClient(fn, 'other')");
});
