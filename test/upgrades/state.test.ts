import { letterOf } from '../../bin/cli/letter';
import { FunctionTarget } from '../../bin/cli/redrive/function-target';
import { checked } from '../../lambda/handlers/webhook-sender/call';
import { asyncFunctionOn } from '../../lambda/runtime/async-function/async-function';
import { Ledger } from '../../lambda/runtime/ledger';
import type { Grant } from '../../lambda/runtime/pace/pacer';
import { ENV } from '../../lib/private/contract';
import { FakeFunctionEdge } from '../lambda/async-function/fake-function-edge';
import { FakeTable as BreakerTable } from '../lambda/breaker/fake-table';
import { LOG, REPLAYS, SNAPSHOTS } from '../lambda/event-log/fake-table';
import { ReplayWorld } from '../lambda/event-log/replay-world';
import { added, all, World as LogWorld } from '../lambda/event-log/world';
import { recorded, VERSIONS } from './versions';
import { plain } from './written';
import { BODY, BREAKER, LARGE, NOW, PAYLOADS, sqsRecordOf } from './written/common';
import { HISTORY, sum } from './written/event-log';
import { askFor, JobsWorld, ORDER, toldOf } from './written/jobs';
import { controllerOn, pacerOn, tableOf, WANTED } from './written/paces';
import { recovered } from './written/streams';

beforeEach(() => jest.useFakeTimers({ now: NOW, doNotFake: ['setImmediate', 'nextTick'] }));
afterEach(() => jest.useRealTimers());

type Slots = Grant & { readonly kind: 'slots' };

/** A message that was sent, as SQS hands it over. */
const asReceived = ({ MessageBody, MessageAttributes }: any): any => ({ Body: MessageBody, MessageAttributes });

const fail = (why: string): never => {
  throw new Error(why);
};

for (const version of VERSIONS)
  describe(`what ${version} has left in tables, streams and archives`, () => {
    const old = recorded(version);

    describe('a pace', () => {
      const LATER = NOW + 1_000;

      test('goes on from the slots that were taken', async () => {
        const pacer = pacerOn(tableOf(...old.paces.taken), {}, LATER);
        expect(await pacer.open()).toBeUndefined();
        const grant = await pacer.reserve('', WANTED);
        expect(grant).toMatchObject({ kind: 'slots', slots: { length: 5 } });
        const { slots } = grant as Slots;
        // Ten a second, and none before now.
        expect(slots[0]).toBeGreaterThanOrEqual(LATER);
        expect(slots.map((slot) => slot - slots[0]!)).toEqual([0, 100, 200, 300, 400]);
        expect(await pacer.forgiven(['m-1', 'm-2'])).toEqual(new Map([['m-1', 1]]));
      });

      test('that an operator has slowed down stays slow', async () => {
        const pacer = pacerOn(tableOf(...old.paces.slower), {}, LATER);
        await pacer.open();
        const { slots } = (await pacer.reserve('', WANTED)) as Slots;
        expect(slots[1]! - slots[0]!).toBe(500);
        const status = await controllerOn(tableOf(...old.paces.slower), LATER).handle({ action: 'status' });
        expect(status).toMatchObject({ changed: true, pace: { count: 2 } });
      });

      test('that is closed lets nothing start, and is opened again', async () => {
        const table = tableOf(...old.paces.closed);
        expect(await pacerOn(table, {}, LATER).open()).toBeGreaterThan(LATER);
        const status = await controllerOn(table, LATER).handle({ action: 'reset' });
        expect(status).toMatchObject({ changed: false, pace: { count: 10 } });
      });

      test('of a tenant goes on from its slots', async () => {
        const pacer = pacerOn(tableOf(...old.paces.tenants), { perTenant: true }, NOW);
        await pacer.open();
        const [acme, other] = [await pacer.reserve('acme', WANTED), await pacer.reserve('other', WANTED)] as any[];
        expect(acme.slots[0] - other.slots[0]).toBe(500);
      });

      test('of one at a time is held by its owner', async () => {
        const pace = { kind: 'concurrency', limit: 1 } as const;
        const pacer = pacerOn(tableOf(...old.paces.alone), { pace }, NOW);
        await pacer.open();
        expect(await pacer.enter('another', NOW + 60_000, NOW)).toBe(false);
        expect(await pacer.enter('owner', NOW + 60_000, NOW)).toBe(true);
      });
    });

    test('what a ledger has forgiven is forgiven', async () => {
      const table = new BreakerTable();
      table.items.set('message#m-1', old.breakerRows.forgiven);
      const forgiven = await new Ledger(table, BREAKER.table).read(['m-1'], new AbortController().signal);
      expect(forgiven).toEqual(new Map([['m-1', 1]]));
    });

    describe('streams', () => {
      test('a dead letter says where its record was, and an operator reads it', () => {
        const letters = old.streams.deadLetters.map(asReceived).map(letterOf);
        expect(letters.map(({ reason }: any) => reason)).toEqual([
          'empty order',
          'the body is not UTF-8',
          'empty order',
          'empty order',
        ]);
        expect(JSON.parse(letters[0]!.body)).toEqual(BODY);
      });

      test('what Lambda has given up is recovered', async () => {
        expect(plain(await recovered(old.streams.notice))).toEqual(old.streams.recovered);
      });
    });

    describe('jobs', () => {
      const id = old.jobs.rows.accepted[0].pk.S;
      const worldOf = (...rows: any[]): JobsWorld => {
        const world = new JobsWorld();
        for (const row of rows) world.table.items.set(row.pk.S, row);
        return world;
      };
      const messages = () => ({ Records: old.jobs.messages.map(sqsRecordOf) });

      test('that were accepted are done, by their messages', async () => {
        const world = worldOf(...old.jobs.rows.accepted);
        const done: unknown[] = [];
        await world.worker((message) => void done.push(message)).handler(messages());
        expect(done).toEqual([ORDER, ORDER]);
        expect(world.rows.map(({ state }: any) => state.S)).toEqual(['succeeded', 'succeeded']);
      });

      test('that run are left to who runs them', async () => {
        const world = worldOf(...old.jobs.rows.running);
        const { edge, handler } = world.worker(() => fail('it runs'));
        edge.uuid = () => 'another process';
        const { batchItemFailures } = await handler({ Records: [messages().Records[0]!] });
        expect(batchItemFailures).toHaveLength(1);
      });

      test('that have ended are not done again, and are answered as before', async () => {
        const world = worldOf(...old.jobs.rows.ended);
        const { edge, handler } = world.worker(() => fail('it has ended'));
        await handler(messages());
        expect(edge.deadLetters).toHaveLength(1);
        expect(plain(await askFor(world, id))).toEqual(old.jobs.answers.succeeded);
      });

      test('are told of as before', async () => {
        const [running] = old.jobs.rows.running;
        expect(plain(await toldOf(running, old.jobs.rows.ended[0]))).toEqual(old.jobs.told);
      });

      test('are told to a webhook that takes them', () => {
        const [call] = old.jobs.told.calls;
        expect(checked(JSON.parse(call.MessageBody))).toMatchObject({ completion: { status: 'succeeded' } });
      });
    });

    test('an asynchronous event is read, from where it is stored as well', async () => {
      const seen: unknown[] = [];
      const edge = new FakeFunctionEdge(undefined, { [ENV.payloads]: JSON.stringify([PAYLOADS]) });
      for (const [key, body] of old.functions.objects) edge.objects.set(key, body);
      const handler = asyncFunctionOn<unknown, void>(edge, {
        process: (payload, { correlationId, sentAt }) => void seen.push([payload, correlationId, sentAt?.getTime()]),
      });
      for (const event of old.functions.events) await handler(JSON.parse(event));
      expect(seen).toEqual([
        [BODY, 'c-1', NOW],
        [LARGE, 'c-1', NOW],
      ]);
    });

    test('a failure of an asynchronous function is read by an operator', () => {
      const [entry] = old.functions.failures.queue.Entries;
      expect(letterOf(asReceived(entry))).toMatchObject({ reason: 'empty order', correlationId: 'c-1' });
      const target = new FunctionTarget({} as never, 'f', 'f');
      expect(JSON.parse(target.content(letterOf(asReceived(entry))))).toEqual(BODY);
    });

    describe('an event log', () => {
      const opened = () => {
        const world = new LogWorld();
        const { rows, snapshots } = old.eventLog;
        for (const row of rows) world.dynamodb.table(LOG).set(JSON.stringify([row.pk.S, row.sk.S]), row);
        for (const row of snapshots) world.dynamodb.table(SNAPSHOTS).set(JSON.stringify([row.pk.S, row.sk.S]), row);
        return { world, log: world.open() };
      };

      test('is read, and goes on', async () => {
        const { world, log } = opened();
        const events = await all(log.read('a'));
        expect(events.map(({ version, data, id }: any) => [version, data.cents, id])).toEqual([
          [1, 1, 'append-1-0'],
          [2, 2, 'append-1-1'],
          [3, 3, 'mine'],
        ]);
        expect(await log.append('a', [added(4)], { expectedVersion: 3 })).toEqual({ version: 4, repeated: false });
        expect(world.versions('a')).toEqual([1, 2, 3, 4]);
      });

      test('knows an append by its name', async () => {
        const { log } = opened();
        const again = log.append('a', [added(1), added(2)], { expectedVersion: 'none', appendId: 'append-1' });
        expect(await again).toEqual({ version: 2, repeated: true });
      });

      test('goes on from its snapshots', async () => {
        const { world, log } = opened();
        for (const [key, row] of world.dynamodb.table(LOG)) if (row.type) world.dynamodb.table(LOG).delete(key);
        expect(await log.aggregate(sum as never).load('a')).toEqual({ state: { cents: 6 }, version: 3 });
      });

      test('what it has published is read', () => {
        const entries = old.eventLog.published.flatMap((request: any) => request.PublishBatchRequestEntries);
        const events = entries.map(({ Message }: any) => opened().log.parse(Message));
        expect(events.map(({ version }: any) => version)).toEqual([1, 2, 3]);
      });

      const replay = async (rows: any[]) => {
        const world = new ReplayWorld();
        world.record(HISTORY, false);
        for (const [key, body] of old.eventLog.replays.archive) world.objects.set(key, body);
        for (const row of rows) world.dynamodb.table(REPLAYS).set(JSON.stringify([row.id.S, undefined]), row);
        world.time += 7_200_000;
        await world.tick();
        return { texts: world.texts, progress: await world.progress(rows[0].id.S) };
      };

      test('a replay that was asked for is carried out', async () => {
        expect(await replay(old.eventLog.replays.asked)).toMatchObject({
          texts: ['a#1', 'a#4'],
          progress: { state: 'done', sent: 2, passed: 5, total: 5 },
        });
      });

      test('a replay that has begun goes on where it was', async () => {
        expect(await replay(old.eventLog.replays.begun)).toMatchObject({
          texts: [],
          progress: { state: 'done', sent: 2, passed: 5 },
        });
      });

      test('a replay that is over stays so', async () => {
        expect(await replay(old.eventLog.replays.done)).toMatchObject({ texts: [], progress: { state: 'done' } });
      });
    });
  });
