import * as fc from 'fast-check';
import { type RedriveOptions, redrive } from '../../../bin/cli/redrive/redrive';
import { QueueTarget } from '../../../bin/cli/redrive/target';
import { DLQ, FakeAws, FakeWorld, QUEUE } from './fake-aws';

const start = (world: FakeWorld, options: Partial<RedriveOptions> & { fifo: boolean }) => {
  const suffix = options.fifo ? '.fifo' : '';
  return redrive({
    aws: world.aws,
    url: DLQ + suffix,
    target: new QueueTarget(world.aws, 'orders', QUEUE + suffix, options.fifo),
    select: () => true,
    dryRun: false,
    lanes: options.fifo ? 1 : 4,
    interrupted: world.interrupted,
    now: world.now,
    sleep: world.sleep,
    ...options,
  });
};

const fate = fc.constantFrom('fine', 'fine', 'fine', 'refused', 'away', 'reply lost');

test('whatever fails and whenever it is interrupted: nothing is lost, order is kept, and what may be twice is named', async () => {
  let interruptions = 0;
  let losses = 0;
  let doubts = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        groups: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }),
        fifo: fc.boolean(),
        fates: fc.array(fate, { minLength: 1, maxLength: 20 }),
        interruptAt: fc.option(fc.integer({ min: 1, max: 30 })),
        stopAt: fc.option(fc.integer({ min: 1, max: 60 })),
        unwanted: fc.integer({ min: 2, max: 9 }),
        limit: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
        rate: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      }),
      async ({ groups, fifo, fates, interruptAt, stopAt, unwanted, limit, rate }) => {
        const aws = new FakeAws();
        const world = new FakeWorld(aws);
        const suffix = fifo ? '.fifo' : '';
        const sent = groups.map((group, i) => ({ body: `${i}`, group: `g${group}` }));
        for (const { body, group } of sent) aws.put(DLQ + suffix, { MessageId: `id-${body}`, Body: body }, group);

        let calls = 0;
        let current = 'fine';
        const service = (call: string) => call === 'send' || call === 'remove';
        aws.before = (call) => {
          if (++calls === interruptAt) world.controller.abort();
          if (calls === stopAt) throw Object.assign(new Error('denied'), { name: 'AccessDenied' });
          current = service(call) ? fates[calls % fates.length]! : 'fine';
          if (current === 'away') throw Object.assign(new Error('away'), { name: 'ServiceUnavailable' });
        };
        aws.after = () => {
          if (current === 'reply lost') throw new Error('socket hang up');
        };
        aws.refuse = (_, id) => current === 'refused' && Number(id.slice(3)) % 2 === 0;

        const tally = await start(world, {
          fifo,
          limit,
          rate,
          select: ({ body }) => Number(body) % unwanted !== 1,
        });

        const there = aws.bodies(DLQ + suffix);
        const arrived = aws.bodies(QUEUE + suffix);
        for (const { body } of sent) {
          // Nothing is lost.
          expect(there.includes(body) || arrived.includes(body)).toBe(true);
          // What is in both places is named.
          if (there.includes(body) && arrived.includes(body)) expect(tally.twice).toContain(`id-${body}`);
        }
        expect(new Set(arrived).size).toBe(arrived.length);
        expect(arrived.every((body) => Number(body) % unwanted !== 1)).toBe(true);
        if (limit !== undefined) expect(arrived.length).toBeLessThanOrEqual(limit);
        // All that is still there shows again.
        const hidden = there.length - aws.visible(DLQ + suffix);
        expect(hidden).toBeLessThanOrEqual(stopAt === null ? 0 : 10);
        if (fifo) {
          for (const group of new Set(sent.map((each) => each.group))) {
            const order = arrived.filter((body) => sent[Number(body)]!.group === group).map(Number);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
          }
        }
        if (tally.interrupted && there.length > 0) interruptions++;
        if (tally.failed.length > 0) losses++;
        if (tally.twice.length > 0) doubts++;
      },
    ),
    { numRuns: 300 },
  );
  // The cases that matter were there.
  expect(Math.min(interruptions, losses, doubts)).toBeGreaterThan(10);
});

test('undisturbed it moves all, each once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 150 }), fc.boolean(), async (count, fifo) => {
      const world = new FakeWorld();
      const suffix = fifo ? '.fifo' : '';
      for (let i = 0; i < count; i++) world.aws.put(DLQ + suffix, { Body: String(i) }, fifo ? `g${i % 3}` : undefined);
      const tally = await start(world, { fifo });
      expect(tally).toMatchObject({ left: 0, failed: [], twice: [], interrupted: false });
      expect(tally.sent).toHaveLength(count);
      expect(world.aws.bodies(DLQ + suffix)).toEqual([]);
      expect(
        world.aws
          .bodies(QUEUE + suffix)
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(Array.from({ length: count }, (_, i) => i));
    }),
    { numRuns: 40 },
  );
});

test('what is still poison comes back, and is not sent round and round', async () => {
  const world = new FakeWorld();
  const { aws } = world;
  for (let i = 0; i < 45; i++) aws.put(DLQ, { Body: String(i) });
  aws.onSent = ({ Body }) => {
    aws.time += 1;
    aws.put(DLQ, { Body: Body!, Attributes: { SentTimestamp: String(aws.time) } });
  };
  const tally = await start(world, { fifo: false });
  expect(tally.sent).toHaveLength(45);
  expect(aws.visible(DLQ)).toBe(45);
});
