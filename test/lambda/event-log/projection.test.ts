import * as fc from 'fast-check';
import { worker } from '../../../lambda/runtime';
import { eventOfMessage, messageOf } from '../../../lambda/runtime/event-log/message';
import type { RecordedEvent } from '../../../lambda/runtime/event-log/types';
import { sqsEvent } from '../../../lambda/testing';
import { added, all, type Events, thrown, World } from './world';

type Totals = { readonly cents: number; readonly order: readonly number[] };
const initial: Totals = { cents: 0, order: [] };
const reducer = (state: Totals, event: RecordedEvent<Events>): Totals => ({
  cents: state.cents + (event.type === 'Added' ? event.data.cents : 0),
  order: [...state.order, event.version],
});

const world = async (events: number) => {
  const made = new World();
  const log = made.open();
  if (events > 0)
    await log.append(
      'a',
      Array.from({ length: events }, (_, i) => added(i)),
      { expectedVersion: 0 },
    );
  const kept = new Map<string, { state: Totals; version: number }>();
  const projection = log.projection<Totals>({
    initial,
    reducer,
    load: async (streamId) => kept.get(streamId),
    save: async (streamId, next, before) => {
      if ((kept.get(streamId)?.version ?? 0) !== before) throw new Error('somebody else was faster');
      kept.set(streamId, next);
    },
  });
  return { ...made, made, log, kept, projection, events: await all(log.read('a')) };
};

test('what comes next is taken without a look at the log', async () => {
  const { made, projection, events, kept, log } = await world(1);
  await projection.process(events[0]!);
  await log.append('a', [added(1), added(2)], { expectedVersion: 1 });
  const later = (await all(log.read('a'))).slice(1);
  made.dynamodb.requests.length = 0;
  for (const event of later) await projection.process(event);
  expect(kept.get('a')).toEqual({ state: { cents: 3, order: [1, 2, 3] }, version: 3 });
  expect(made.dynamodb.requests).toEqual([]);
});

test('the first event of a stream brings all of it', async () => {
  const { projection, events, kept } = await world(5);
  await projection.process(events[0]!);
  expect(kept.get('a')?.state.order).toEqual([1, 2, 3, 4, 5]);
});

test('what was taken before is dropped', async () => {
  const { projection, events, kept } = await world(2);
  for (const event of [events[0]!, events[1]!, events[0]!, events[1]!]) await projection.process(event);
  expect(kept.get('a')?.state.order).toEqual([1, 2]);
});

test('before what is early the log is read, to its end', async () => {
  const { projection, events, kept, log } = await world(5);
  await log.append('a', [added(100)], { expectedVersion: 5 });
  await projection.process(events[2]!);
  expect(kept.get('a')?.state.order).toEqual([1, 2, 3, 4, 5, 6]);
});

test('an event that the log has not is a failure, not a gap', async () => {
  const { projection, events, kept } = await world(2);
  expect((await thrown(projection.process({ ...events[1]!, version: 9 }))).message).toMatch(/the log ends at 2/);
  expect(kept.size).toBe(0);
});

test('is the process of a worker, which reads with parse', async () => {
  const { projection, events, kept, log } = await world(2);
  const handler = worker({ parse: log.parse, process: projection.process });
  const bodies = events.map((event) => messageOf({ ...event, data: JSON.stringify(event.data) }));
  expect(
    await handler(
      sqsEvent(
        bodies.map((body) => ({ body })),
        { fifo: true } as any,
      ),
    ),
  ).toEqual({
    batchItemFailures: [],
  });
  expect(kept.get('a')?.version).toBe(2);
  expect(eventOfMessage(JSON.stringify(bodies[0]))).toMatchObject({ version: 1, data: '{"cents":0}' });
});

test('whatever comes twice, early or again, and whenever it is dropped: it ends as a fold over the log', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.oneof({ weight: 9, arbitrary: fc.nat(11) }, { weight: 1, arbitrary: fc.constant('drop' as const) }), {
        maxLength: 40,
      }),
      async (size, deliveries) => {
        const { projection, events, kept } = await world(size);
        // At least once, so each comes some time; the last of them after the last drop.
        for (const delivery of [...deliveries, size - 1]) {
          if (delivery === 'drop') kept.clear();
          else if (events[delivery]) await projection.process(events[delivery]);
        }
        expect(kept.get('a')).toEqual({ state: events.reduce(reducer, initial), version: size });
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);
