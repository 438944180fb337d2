import * as fc from 'fast-check';
import { LogOutbox } from '../../../lambda/handlers/event-log-outbox/outbox';
import { publisherOn } from '../../../lambda/runtime/producer/sender';
import { FakeService, refusal } from '../producer/fake-service';
import { recordOf, stored, streamEvent, streamOf } from './stream';
import { World } from './world';

const setUp = () => {
  const service = new FakeService();
  const world = new World();
  const lines: any[] = [];
  const outbox = new LogOutbox({
    name: 'Stack/OrderLog',
    publisher: publisherOn(service, { topicArn: 'arn:aws:sns:eu-west-1:1:events.fifo' }),
    log: world.log,
    now: () => 0,
    write: (line) => lines.push(JSON.parse(line)),
  });
  /** What subscribers get, in order. */
  const got = () => service.accepted.map(({ MessageDeduplicationId }) => MessageDeduplicationId);
  return { service, world, outbox, lines, got, published: () => service.published };
};

const entriesOf = (published: any[]) =>
  published.flatMap(({ PublishBatchRequestEntries }) => PublishBatchRequestEntries);

test('an event is published whole, in the group of its stream, once a version, with what filters need', async () => {
  const { outbox, published, lines } = setUp();
  expect(await outbox.handle(streamOf(stored('a', 7, { causationId: 'm-1' })))).toEqual({ batchItemFailures: [] });
  const [entry] = entriesOf(published());
  expect(JSON.parse(entry.Message)).toEqual({
    streamId: 'a',
    version: 7,
    type: 'Added',
    data: { cents: 7 },
    id: 'a-7',
    at: '2026-11-24T10:00:00.000Z',
    correlationId: 'c-a',
    causationId: 'm-1',
    schemaVersion: 1,
  });
  expect(entry).toMatchObject({ MessageGroupId: 'a', MessageDeduplicationId: 'a#7' });
  const texts = Object.entries<any>(entry.MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
  expect(Object.fromEntries(texts)).toEqual({
    type: 'Added',
    streamId: 'a',
    version: '7',
    CorrelationId: 'c-a',
    CausationId: 'm-1',
  });
  expect(lines).toMatchObject([{ EventLog: 'Stack/OrderLog', Published: 1, Tampered: 0 }]);
});

test('streams go side by side, ten events a request, a stream in its order', async () => {
  const { outbox, published, got } = setUp();
  const events = [1, 2].flatMap((version) => Array.from({ length: 10 }, (_, i) => stored(`s${i}`, version)));
  await outbox.handle(streamOf(...events));
  expect(published()).toHaveLength(2);
  for (let i = 0; i < 10; i++) expect(got().filter((id) => id?.startsWith(`s${i}#`))).toEqual([`s${i}#1`, `s${i}#2`]);
});

test('what is refused is reported where it is, and nothing of its stream overtakes it', async () => {
  const { outbox, service, got, world, lines } = setUp();
  service.fails = ({ MessageDeduplicationId }) =>
    MessageDeduplicationId === 'a#2' ? refusal('', 'InvalidParameter', true) : undefined;
  const events = [stored('a', 1), stored('b', 1), stored('a', 2), stored('a', 3), stored('b', 2)];
  const { batchItemFailures } = await outbox.handle(streamOf(...events));
  expect(batchItemFailures).toEqual([{ itemIdentifier: '1000000000000000000000002' }]);
  expect(got()).not.toContain('a#3');
  expect(world.lines[0]).toMatchObject({ level: 'error', message: 'event not published' });
  expect(lines).toMatchObject([{ Published: 2 }]);
});

test('near the end of the invocation it gives up, and reports the first that is not known to be published', async () => {
  const { outbox, service } = setUp();
  const end = new AbortController();
  service.before = (entries) => {
    if (entries.some(({ MessageDeduplicationId }) => MessageDeduplicationId === 'a#3')) {
      end.abort();
      return new Promise(() => {});
    }
    return undefined;
  };
  const events = Array.from({ length: 5 }, (_, i) => stored('a', i + 1));
  const { batchItemFailures } = await outbox.handle(streamOf(...events), end.signal);
  expect(batchItemFailures).toEqual([{ itemIdentifier: '1000000000000000000000002' }]);
});

test.each(['MODIFY', 'REMOVE'] as const)('%s is tampering: counted and named, not published', async (eventName) => {
  const { outbox, published, lines, world } = setUp();
  const { batchItemFailures } = await outbox.handle(
    streamEvent(recordOf(stored('a', 1), 0, eventName), recordOf(stored('a', 2), 1)),
  );
  expect(batchItemFailures).toEqual([]);
  expect(entriesOf(published())).toHaveLength(1);
  expect(lines).toMatchObject([{ Published: 1, Tampered: 1 }]);
  expect(world.lines).toEqual([
    {
      level: 'error',
      message: 'an event was changed or deleted',
      fields: { streamId: 'a', version: '0000000000000001' },
    },
  ]);
});

test('what remembers an append is no event', async () => {
  const { outbox, published } = setUp();
  const mark = { pk: { S: 'a' }, sk: { S: 'append#x' }, version: { N: '3' } };
  const record = { eventName: 'INSERT' as const, dynamodb: { Keys: mark, NewImage: mark, SequenceNumber: '1' } };
  expect(await outbox.handle({ Records: [record] })).toEqual({ batchItemFailures: [] });
  expect(published()).toEqual([]);
});

test('whatever is refused for now or for good: with what Lambda hands over again each comes, a stream in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 25 }),
      fc.array(fc.nat(24), { maxLength: 6 }),
      async (streams, faults) => {
        const { outbox, service } = setUp();
        const counts = [0, 0, 0, 0];
        const events = streams.map((n) => stored(`s${n}`, ++counts[n]!));
        const bad = new Set(faults.map((i) => events[i] && `${events[i].streamId}#${events[i].version}`));
        const { Records } = streamOf(...events);
        let rest = Records;
        for (let run = 0; rest.length > 0; run++) {
          expect(run).toBeLessThanOrEqual(faults.length);
          // Each fails once.
          service.fails = ({ MessageDeduplicationId: id }) =>
            bad.delete(id) ? refusal('', 'InvalidParameter', true) : undefined;
          const { batchItemFailures } = await outbox.handle({ Records: rest });
          const at = batchItemFailures[0]?.itemIdentifier;
          rest = at === undefined ? [] : rest.slice(rest.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === at));
        }
        // Of several with one id SNS delivers the first.
        const ids = [...new Set(service.accepted.map(({ MessageDeduplicationId: id }) => id))];
        for (let n = 0; n < 4; n++) {
          const own = ids.filter((id) => id?.startsWith(`s${n}#`));
          expect(own).toEqual(Array.from({ length: counts[n]! }, (_, i) => `s${n}#${i + 1}`));
        }
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);
