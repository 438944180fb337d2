import * as fc from 'fast-check';
import { z } from 'zod';
import { PermanentError } from '../../../lambda/runtime';
import { jobsApiOn } from '../../../lambda/runtime/jobs/api';
import { workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { type Call, proxyEvent, World } from './world';

// Many doors, many workers, one queue and one table in virtual time. Whoever asks the table or the queue may die before or after
// the answer; messages come twice; callers cancel, look, and repeat what they were not sure of, some when it is too late. After
// the faults end, everything must end.

const VISIBILITY = 30_000;
const TIMEOUT = 10_000;
/** API Gateway waits no longer for a door. */
const DOOR_TIMEOUT = 29_000;
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
  readonly look: number;
}

async function live({ seed, jobs, crash, lost, fail, bad, twice, cancel, unsent, look }: Parameters) {
  const random = randomOf(seed);
  const start = Date.now();
  const faulty = (chance: number) => Date.now() - start < CALM && random() < chance;
  const world = new World();
  const never = new Promise<never>(() => {});
  const messages: Message[] = [];
  /** What callers were told by 202. */
  const accepted = new Map<string, { readonly status: string }>();
  /** What each run of a job made. */
  const made = new Map<string, Set<string>>();
  let runs = 0;
  /** Callers that are not done yet. */
  let busy = 0;

  world.tableFails = () => (faulty(lost) ? (random() < 0.5 ? 'before' : 'after') : undefined);
  world.sqsFails = () => (faulty(unsent) ? (random() < 0.5 ? 'before' : 'after') : undefined);

  /** Each call takes a moment, and its caller may die before it or after. */
  const mortal = () => {
    const life = { dead: false };
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      if (life.dead || faulty(crash)) life.dead = true;
      if (life.dead) return never;
      await new Promise((resolve) => setTimeout(resolve, random() * 200));
      const result = await work();
      if (life.dead || faulty(crash)) life.dead = true;
      return life.dead ? never : result;
    };
    const through = <F extends object>(calls: F): F =>
      Object.fromEntries(
        Object.entries(calls).map(([name, call]) => [name, (input: unknown) => step(() => call(input))]),
      ) as F;
    return { life, step, through };
  };

  /** One request to a door of its own. Nothing if that died. */
  const ask = async (call: Call) => {
    const { through } = mortal();
    const { sender, calls } = world.edge;
    const door = jobsApiOn(
      {
        ...world.edge,
        calls: async () => through(await calls()),
        sender: { ...sender, random, queueCalls: async () => through(await sender.queueCalls()) },
      },
      { schema: z.object({ n: z.number() }) },
    );
    return Promise.race([
      door(proxyEvent(call)),
      new Promise<undefined>((resolve) => setTimeout(resolve, DOOR_TIMEOUT, undefined)),
    ]);
  };
  const later = (ms: number, work: () => Promise<void>): void => {
    busy++;
    setTimeout(() => void work().finally(() => busy--), ms);
  };
  const someone = async (method: string, ids: Iterable<string>): Promise<void> => {
    const all = [...ids];
    const id = all[Math.floor(random() * all.length)];
    if (id) await ask({ method, id });
  };
  const unsure = () => [...world.table.items].filter(([, { sendBy }]) => sendBy!.N !== '0').map(([id]) => id);
  const submit = async (n: number): Promise<void> => {
    const reply = await ask({ body: JSON.stringify({ n }), headers: { 'Idempotency-Key': `k-${n}` } });
    if (reply?.statusCode === 202) {
      const { id, status } = JSON.parse(reply.body);
      accepted.set(id, { status });
    } else if (random() < 0.6) {
      const wait = random() * 120_000;
      later(wait, () => submit(n));
      // At the same moment somebody may find that it is too late for it.
      if (random() < look) later(wait + random() * 500, () => someone('GET', unsure()));
    }
  };
  for (let n = 0; n < jobs; n++) later(random() * 60_000, () => submit(n));
  for (let n = 0; n < jobs; n++) {
    if (random() < cancel) later(random() * 120_000, () => someone('DELETE', accepted.keys()));
    if (random() < look) later(random() * 180_000, () => someone('GET', world.table.items.keys()));
  }

  const invoke = (batch: Message[]): void => {
    const { life, step, through } = mortal();
    const edge = world.workerEdge(MAX_RECEIVES);
    edge.random = random;
    edge.statements = through(world.tableCalls) as unknown as typeof edge.statements;
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
      if (life.dead) return;
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
  const isQuiet = () => busy === 0 && taken === world.sent.length && messages.every(({ end }) => end);
  while (!isQuiet() && Date.now() - start < END) {
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
    const looked = ask({ method: 'GET', id });
    await jest.advanceTimersByTimeAsync(5_000);
    await looked;
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
  look: chance(0.6),
});

test('whatever dies, is lost, comes twice or is cancelled: a job ends once, with one result, and none waits for ever', async () => {
  const ends = new Map<string, number>();
  let repeated = 0;
  let unsent = 0;
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
        if (item.problem?.S?.includes('not-sent')) {
          // Then nothing was done, and nobody was told that it would be.
          expect(made.has(id)).toBe(false);
          expect(accepted.get(id)?.status ?? 'failed').toBe('failed');
          unsent++;
        }
        if ((made.get(id)?.size ?? 0) > 1) repeated++;
      }
    }),
    { numRuns: 150 },
  );
  // The faults do bite: every end comes about, and there were runs whose result had to be dropped.
  expect([...ends.keys()].sort()).toEqual(['cancelled', 'failed', 'succeeded']);
  expect(repeated).toBeGreaterThan(0);
  expect(unsent).toBeGreaterThan(0);
}, 240_000);

test('with no faults every job succeeds at its first and only run', async () => {
  await fc.assert(
    fc.asyncProperty(parameters, async (given) => {
      const calm = { ...given, crash: 0, lost: 0, fail: 0, bad: 0, twice: 0, cancel: 0, unsent: 0, look: 0 };
      const { world, made, accepted } = await live(calm);
      expect(accepted.size).toBe(given.jobs);
      for (const id of accepted.keys()) {
        expect(world.table.history.get(id)).toEqual(['accepted', 'running', 'succeeded']);
        expect(made.get(id)!.size).toBe(1);
      }
    }),
    { numRuns: 30 },
  );
}, 120_000);
