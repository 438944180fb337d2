import * as fc from 'fast-check';
import { PermanentError } from '../../lambda/runtime';
import { workerOn } from '../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../lambda/testing';
import { FakeEdge } from './fake-edge';

interface Sent {
  readonly group: string;
  readonly fate: 'ok' | 'retry' | 'dead' | 'lost';
  /** Virtual milliseconds that handling takes; none is synchronous. */
  readonly takes: number | undefined;
  readonly receiveCount: number;
}

const run = async (batch: Sent[], concurrency: number) => {
  const edge = new FakeEdge();
  edge.refuseSend = ({ MessageBody }) => batch[JSON.parse(MessageBody!)]!.fate === 'lost';
  const started: number[] = [];
  const inGroup = new Map<string, number>();
  const handler = workerOn<number>(edge, {
    concurrency,
    process: (i) => {
      const { group, fate, takes } = batch[i]!;
      started.push(i);
      expect(inGroup.get(group) ?? 0).toBe(0);
      expect(inGroup.size).toBeLessThanOrEqual(concurrency);
      const end = () => {
        inGroup.delete(group);
        if (fate === 'retry') throw new Error('flaky');
        if (fate !== 'ok') throw new PermanentError('bad');
      };
      if (takes === undefined) return end();
      inGroup.set(group, 1);
      return new Promise((resolve) => setTimeout(resolve, takes)).then(end);
    },
  });
  const messages = batch.map(({ group, receiveCount }, i) => ({
    body: i,
    messageId: String(i),
    groupId: group,
    receiveCount,
  }));
  const reply = handler(sqsEvent(messages, { fifo: true }), lambdaContext());
  await jest.advanceTimersByTimeAsync(20_000);
  const failed = new Set((await reply).batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier)));
  return { edge, started, failed };
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const ok = (group: string): Sent => ({ group, fate: 'ok', takes: 5, receiveCount: 1 });

test('after a failure the rest of its group is given back unstarted, with the same delay; other groups go on', async () => {
  const { edge, started, failed } = await run([{ ...ok('a'), fate: 'retry' }, ok('b'), ok('a'), ok('b')], 10);
  expect(started).toEqual([0, 1, 3]);
  expect([...failed]).toEqual([0, 2]);
  expect(edge.visibility.get('receipt-2')).toBe(edge.visibility.get('receipt-0'));
  expect(edge.metrics).toMatchObject({ Processed: 2, Retried: 1, Deferred: 1 });
});

test('a poisoned message at its last receive does not take its group with it', async () => {
  const { edge, failed } = await run(
    [
      { ...ok('a'), fate: 'retry', receiveCount: 5 },
      { ...ok('a'), receiveCount: 5 },
    ],
    10,
  );
  expect([...failed]).toEqual([]);
  expect(edge.deadLetters.map(({ MessageBody }) => MessageBody)).toEqual(['0']);
});

test('dead letters keep their group, and a lost reply does not double them', async () => {
  const { edge } = await run([{ ...ok('a'), fate: 'dead' }], 10);
  expect(edge.deadLetters[0]).toMatchObject({ MessageGroupId: 'a', MessageDeduplicationId: '0' });
});

test('a dead letter that was lost holds back what came after it in its group', async () => {
  const { failed } = await run([{ ...ok('a'), fate: 'lost' }, ok('a'), ok('b')], 10);
  expect([...failed]).toEqual([0, 1]);
});

const batchOf = fc.array(
  fc.record({
    group: fc.constantFrom('a', 'b', 'c'),
    fate: fc.constantFrom<Sent['fate']>('ok', 'ok', 'retry', 'dead', 'lost'),
    takes: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
    receiveCount: fc.integer({ min: 1, max: 6 }),
  }),
  { minLength: 1, maxLength: 10 },
);

test('whatever fails: a group is handled one at a time and in order, and nothing overtakes a failure', async () => {
  await fc.assert(
    fc.asyncProperty(batchOf, fc.integer({ min: 1, max: 4 }), async (batch, concurrency) => {
      const { edge, started, failed } = await run(batch, concurrency);
      const letters = edge.deadLetters.map(({ MessageBody }) => Number(MessageBody));
      for (const group of ['a', 'b', 'c']) {
        const members = batch.map((_, i) => i).filter((i) => batch[i]!.group === group);
        const startedHere = started.filter((i) => batch[i]!.group === group);
        expect(startedHere).toEqual(members.slice(0, startedHere.length));
        const firstFailed = members.findIndex((i) => failed.has(i));
        const failedHere = members.filter((i) => failed.has(i));
        expect(failedHere).toEqual(firstFailed < 0 ? [] : members.slice(firstFailed));
        expect(letters.filter((i) => batch[i]!.group === group)).toEqual(
          [...letters].filter((i) => batch[i]!.group === group).sort((x, y) => x - y),
        );
      }
      batch.forEach(({ fate }, i) => {
        const moved = letters.includes(i) && fate !== 'lost';
        if (fate === 'ok') return;
        // Never acknowledged without having been moved.
        expect(failed.has(i) || moved).toBe(true);
      });
    }),
    { numRuns: 300 },
  );
});
