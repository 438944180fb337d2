import * as fc from 'fast-check';
import { PermanentError } from '../../../lambda/runtime';
import { workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { ENV } from '../../../lib/private/contract';
import { CONNECTED, FakeEdge } from '../fake-edge';
import { FakeTable } from './fake-table';

// Many virtual workers on one queue and one table, in virtual time. A worker may die at any await, its clock may be five
// minutes off, and what it asked of the table may have happened although no answer came.

const VISIBILITY = 60_000;
const TIMEOUT = 10_000;
const SKEW = 5 * 60_000;
const MAX_RECEIVES = 1_000;
/** Faults end here, so that what can end must end. */
const CALM = 15 * 60_000;
const END = 4 * 3600_000;

interface Message {
  readonly id: string;
  readonly key: string;
  readonly bad: boolean;
  visibleAt: number;
  receives: number;
  end?: 'acknowledged' | 'dead';
}

/** Numbers of [0, 1) that a failing run can repeat from its seed. */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
};

interface World {
  readonly seed: number;
  readonly keys: number;
  readonly copies: number;
  readonly fifo: boolean;
  readonly lease: number | undefined;
  readonly crash: number;
  readonly lost: number;
  readonly fail: number;
  readonly skewed: boolean;
  readonly returnsDuplicates: boolean;
}

async function live({ seed, keys, copies, fifo, lease, crash, lost, fail, skewed, returnsDuplicates }: World) {
  const random = randomOf(seed);
  const start = Date.now();
  const faulty = (chance: number) => Date.now() - start < CALM && random() < chance;
  const table = new FakeTable();
  table.returnsDuplicates = returnsDuplicates;
  const effects = new Map<string, number>();
  const messages: Message[] = Array.from({ length: keys * copies }, (_, i) => ({
    id: `m${i}`,
    key: `k${i % keys}`,
    bad: i % keys === 0,
    visibleAt: start,
    receives: 0,
  }));
  const premature: string[] = [];
  const never = new Promise<never>(() => {});

  const invoke = (batch: Message[]): void => {
    let dead = false;
    /** An await of the worker's: after some of them there is no worker any more. */
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      if (dead || faulty(crash)) dead = true;
      if (dead) return never;
      await new Promise((resolve) => setTimeout(resolve, random() * 200));
      const result = await work();
      if (dead || faulty(crash)) dead = true;
      return dead ? never : result;
    };
    const edge = new FakeEdge({
      ...CONNECTED,
      [ENV.maxReceiveCount]: String(MAX_RECEIVES),
      [ENV.backoff]: JSON.stringify({ initial: 1, max: 30, factor: 2, jitter: true }),
      [ENV.idempotency]: JSON.stringify({ table: 'keys', retention: 86_400, lease }),
    });
    const offset = skewed ? Math.floor((random() * 2 - 1) * SKEW) : 0;
    edge.now = () => Date.now() + offset;
    edge.random = random;
    const owner = `${seed}-${random()}`;
    edge.uuid = () => owner;
    edge.statements = {
      batchExecuteStatement: (statements) =>
        step(async () => {
          if (faulty(lost)) throw new Error('never arrived');
          const answers = await table.batchExecuteStatement(statements);
          if (faulty(lost)) throw new Error('no answer');
          return answers;
        }),
    };
    const handler = workerOn<{ key: string; bad: boolean }>(edge, {
      idempotencyKey: ({ key }) => key,
      process: ({ key, bad }) =>
        step(async () => {
          if (bad) throw new PermanentError('bad');
          if (faulty(fail)) throw new Error('flaky');
          effects.set(key, (effects.get(key) ?? 0) + 1);
        }),
    });
    for (const message of batch) {
      message.receives++;
      message.visibleAt = Date.now() + VISIBILITY;
    }
    const event = sqsEvent(
      batch.map(({ id, key, bad, receives }) => ({
        messageId: id,
        body: { key, bad },
        receiveCount: receives,
        groupId: key,
      })),
      { fifo },
    );
    handler(event, lambdaContext(TIMEOUT)).then(({ batchItemFailures }) => {
      if (dead) return;
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      const letters = new Set(edge.deadLetters.map(({ MessageBody }) => JSON.parse(MessageBody!).key));
      batch.forEach((message, i) => {
        const seconds = edge.visibility.get(`receipt-${i}`);
        if (failed.has(message.id)) {
          if (seconds !== undefined) message.visibleAt = Date.now() + seconds * 1000;
          return;
        }
        message.end = letters.has(message.key) ? 'dead' : 'acknowledged';
        // Acknowledged means recorded, at the moment of the acknowledgement.
        if (message.end === 'acknowledged' && table.completions.get(`Test/Worker#${message.key}`) !== 1) {
          premature.push(message.id);
        }
      });
    });
  };

  while (messages.some(({ end }) => !end) && Date.now() - start < END) {
    const visible = messages.filter(({ end, visibleAt }) => !end && visibleAt <= Date.now());
    const size = 1 + Math.floor(random() * 10);
    if (visible.length > 0) invoke(visible.sort(() => random() - 0.5).slice(0, size));
    await jest.advanceTimersByTimeAsync(visible.length > 0 ? random() * 2_000 : 5_000);
  }
  return { table, messages, effects, premature };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const world: fc.Arbitrary<World> = fc.record({
  seed: fc.integer(),
  keys: fc.integer({ min: 2, max: 12 }),
  copies: fc.integer({ min: 1, max: 4 }),
  fifo: fc.boolean(),
  lease: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
  crash: fc.double({ min: 0, max: 0.2, noNaN: true }),
  lost: fc.double({ min: 0, max: 0.3, noNaN: true }),
  fail: fc.double({ min: 0, max: 0.5, noNaN: true }),
  skewed: fc.boolean(),
  returnsDuplicates: fc.boolean(),
});

test('whatever dies, drifts or is lost: no key is completed twice, none is lost, and every message ends', async () => {
  let repeated = 0;
  await fc.assert(
    fc.asyncProperty(world, async (parameters) => {
      const { table, messages, effects, premature } = await live(parameters);
      expect(premature).toEqual([]);
      for (const { key, bad, end } of messages) {
        const name = `Test/Worker#${key}`;
        expect(end).toBe(bad ? 'dead' : 'acknowledged');
        expect(table.completions.get(name) ?? 0).toBe(bad ? 0 : 1);
        if (!bad) expect(effects.get(key)).toBeGreaterThanOrEqual(1);
        if ((effects.get(key) ?? 0) > 1) repeated++;
      }
    }),
    { numRuns: 150 },
  );
  // The faults do bite: without records, these would be double charges.
  expect(repeated).toBeGreaterThan(0);
}, 120_000);

test('with no faults every key runs exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (parameters) => {
      const calm = { ...parameters, crash: 0, lost: 0, fail: 0, skewed: false, lease: undefined };
      const { effects, messages } = await live(calm);
      for (const { key, bad } of messages) expect(effects.get(key) ?? 0).toBe(bad ? 0 : 1);
    }),
    { numRuns: 50 },
  );
}, 60_000);
