import * as fc from 'fast-check';
import { z } from 'zod';
import { PermanentError } from '../../../lambda/runtime';
import { jobsApiOn } from '../../../lambda/runtime/jobs/api';
import { workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { proxyEvent, World } from './world';

// One door, many workers, one queue and one table in virtual time. Whoever asks the table may die before or after the answer;
// messages come twice; callers cancel, and repeat what they were not sure of. After the faults end, everything must end.

const VISIBILITY = 30_000;
const TIMEOUT = 10_000;
const MAX_RECEIVES = 4;
const CALM = 10 * 60_000;
const END = 3 * 3600_000;

const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

interface Message {
  readonly id: string;
  readonly jobId: string;
  readonly body: { n: number };
  visibleAt: number;
  receives: number;
  end?: 'acknowledged' | 'dead';
}

interface Parameters {
  readonly seed: number;
  readonly jobs: number;
  readonly crash: number;
  readonly lost: number;
  readonly fail: number;
  readonly bad: number;
  readonly twice: number;
  readonly cancel: number;
  readonly unsent: number;
}

async function live({ seed, jobs, crash, lost, fail, bad, twice, cancel, unsent }: Parameters) {
  const random = randomOf(seed);
  const start = Date.now();
  const faulty = (chance: number) => Date.now() - start < CALM && random() < chance;
  const world = new World();
  const never = new Promise<never>(() => {});
  const messages: Message[] = [];
  const accepted = new Set<string>();
  /** What each run of a job made. */
  const made = new Map<string, Set<string>>();
  let runs = 0;

  const door = jobsApiOn(world.edge, { schema: z.object({ n: z.number() }) });
  world.tableFails = () => (faulty(lost) ? (random() < 0.5 ? 'before' : 'after') : undefined);
  const submit = async (n: number): Promise<void> => {
    world.sqsFails = faulty(unsent) ? (random() < 0.5 ? 'before' : 'after') : undefined;
    const reply = await door(proxyEvent({ body: JSON.stringify({ n }), headers: { 'Idempotency-Key': `k-${n}` } }));
    if (reply.statusCode === 202) accepted.add(JSON.parse(reply.body).id);
    else if (random() < 0.5) setTimeout(() => void submit(n), random() * 90_000);
  };
  for (let n = 0; n < jobs; n++) setTimeout(() => void submit(n), random() * 60_000);
  for (let n = 0; n < jobs; n++) {
    if (random() >= cancel) continue;
    setTimeout(() => {
      const ids = [...accepted];
      const id = ids[Math.floor(random() * ids.length)];
      if (id) void door(proxyEvent({ method: 'DELETE', id }));
    }, random() * 120_000);
  }

  const invoke = (batch: Message[]): void => {
    let dead = false;
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      if (dead || faulty(crash)) dead = true;
      if (dead) return never;
      await new Promise((resolve) => setTimeout(resolve, random() * 200));
      const result = await work();
      if (dead || faulty(crash)) dead = true;
      return dead ? never : result;
    };
    const edge = world.workerEdge(MAX_RECEIVES);
    edge.random = random;
    const { tableCalls } = world;
    edge.statements = {
      batchExecuteStatement: (input: any) => step(() => tableCalls.batchExecuteStatement(input)),
      updateItem: (input: any) => step(() => tableCalls.updateItem(input)),
      batchGetItem: (input: any) => step(() => tableCalls.batchGetItem(input)),
    } as unknown as typeof edge.statements;
    const handler = workerOn<{ n: number }>(edge, {
      process: ({ n }, { job }) =>
        step(async () => {
          await new Promise((resolve) => setTimeout(resolve, random() * 4_000));
          job!.progress(random());
          if (n % 7 === 0 && random() < bad) throw new PermanentError('bad');
          if (faulty(fail)) throw new Error('flaky');
          const result = `run ${++runs}`;
          made.set(job!.id, (made.get(job!.id) ?? new Set()).add(result));
          return result;
        }),
    });
    for (const message of batch) {
      message.receives++;
      message.visibleAt = faulty(twice) ? Date.now() : Date.now() + VISIBILITY;
    }
    const event = sqsEvent(
      batch.map(({ id, jobId, body, receives }) => ({
        messageId: id,
        body,
        receiveCount: receives,
        attributes: { JobId: jobId },
      })),
    );
    handler(event, lambdaContext(TIMEOUT)).then(({ batchItemFailures }) => {
      if (dead) return;
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const letters = new Set(edge.deadLetters.map(({ MessageAttributes }) => MessageAttributes!.JobId!.StringValue));
      batch.forEach((message, i) => {
        const seconds = edge.visibility.get(`receipt-${i}`);
        if (failed.has(message.id)) {
          if (seconds !== undefined) message.visibleAt = Date.now() + seconds * 1000;
        } else message.end ??= letters.has(message.jobId) ? 'dead' : 'acknowledged';
      });
    });
  };

  const open = () => [...world.table.items.values()].filter(({ state }) => /accepted|running/.test(state!.S!));
  let taken = 0;
  while ((Date.now() - start < 150_000 || messages.some(({ end }) => !end)) && Date.now() - start < END) {
    for (; taken < world.sent.length; taken++) {
      const { jobId, body } = world.sent[taken]!;
      messages.push({ id: `m${taken}`, jobId, body: body as { n: number }, visibleAt: Date.now(), receives: 0 });
    }
    const visible = messages.filter(({ end, visibleAt }) => !end && visibleAt <= Date.now());
    const size = 1 + Math.floor(random() * 5);
    if (visible.length > 0) invoke(visible.sort(() => random() - 0.5).slice(0, size));
    await jest.advanceTimersByTimeAsync(visible.length > 0 ? random() * 2_000 : 2_000);
  }
  const left = open().map(({ pk, sendBy }) => ({ id: pk!.S!, sent: sendBy!.N === '0' }));
  // Somebody looks, long after.
  await jest.advanceTimersByTimeAsync(CALM);
  for (const { id } of left) {
    const look = door(proxyEvent({ method: 'GET', id }));
    await jest.advanceTimersByTimeAsync(5_000);
    await look;
  }
  return { world, messages, accepted, made, left };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const chance = (max: number) => fc.double({ min: 0, max, noNaN: true });
const parameters: fc.Arbitrary<Parameters> = fc.record({
  seed: fc.integer(),
  jobs: fc.integer({ min: 1, max: 12 }),
  crash: chance(0.15),
  lost: chance(0.2),
  fail: chance(0.5),
  bad: fc.constantFrom(0, 1),
  twice: chance(0.3),
  cancel: chance(0.5),
  unsent: chance(0.4),
});

test('whatever dies, is lost, comes twice or is cancelled: a job ends once, with one result, and none waits for ever', async () => {
  const ends = new Map<string, number>();
  let repeated = 0;
  await fc.assert(
    fc.asyncProperty(parameters, async (given) => {
      const { world, messages, accepted, made, left } = await live(given);
      expect(messages.filter(({ end }) => !end)).toEqual([]);
      // What is still open when the queue is empty was never told to be accepted.
      for (const { id, sent } of left) {
        expect(sent).toBe(false);
        expect(accepted.has(id)).toBe(false);
      }
      for (const [id, item] of world.table.items) {
        const states = world.table.history.get(id)!;
        const state = states.at(-1)!;
        ends.set(state, (ends.get(state) ?? 0) + 1);
        expect(['succeeded', 'failed', 'cancelled', 'expired']).toContain(state);
        expect(['accepted', 'running', state].filter((it) => states.includes(it))).toEqual(states);
        if (state === 'succeeded') expect(made.get(id)).toContain(JSON.parse(item.result!.S!));
        if (state === 'failed' && item.run!.S !== '') {
          expect(messages.filter(({ jobId, end }) => jobId === id && end === 'dead').length).toBeGreaterThanOrEqual(1);
        } else if (state !== 'failed') {
          expect(messages.filter(({ jobId, end }) => jobId === id && end === 'dead')).toEqual([]);
        }
        if ((made.get(id)?.size ?? 0) > 1) repeated++;
      }
    }),
    { numRuns: 150 },
  );
  // The faults do bite: every end comes about, and there were runs whose result had to be dropped.
  expect([...ends.keys()].sort()).toEqual(['cancelled', 'failed', 'succeeded']);
  expect(repeated).toBeGreaterThan(0);
}, 240_000);

test('with no faults every job succeeds at its first and only run', async () => {
  await fc.assert(
    fc.asyncProperty(parameters, async (given) => {
      const calm = { ...given, crash: 0, lost: 0, fail: 0, bad: 0, twice: 0, cancel: 0, unsent: 0 };
      const { world, made, accepted } = await live(calm);
      expect(accepted.size).toBe(given.jobs);
      for (const id of accepted) {
        expect(world.table.history.get(id)).toEqual(['accepted', 'running', 'succeeded']);
        expect(made.get(id)!.size).toBe(1);
      }
    }),
    { numRuns: 30 },
  );
}, 120_000);
