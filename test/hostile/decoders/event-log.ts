import { objectsOf } from '../../../lambda/handlers/event-log/archive';
import { archive } from '../../../lambda/handlers/event-log-archiver/archiver';
import { LogOutbox } from '../../../lambda/handlers/event-log-outbox/outbox';
import { itemOf as storedItem } from '../../../lambda/runtime/event-log/stored';
import { publisherOn } from '../../../lambda/runtime/producer/sender';
import { LOG, REPLAYS, SNAPSHOTS } from '../../lambda/event-log/fake-table';
import { history, ReplayWorld, START } from '../../lambda/event-log/replay-world';
import { recordOf, stored } from '../../lambda/event-log/stream';
import { all, World } from '../../lambda/event-log/world';
import { FakeService } from '../../lambda/producer/fake-service';
import { SECRET } from '../corpus';
import { accepted, type Decoder, fateOf, refused, refusedWith, textOf } from '../decoder';
import { itemOf } from './rows';

const EVENT = stored('a', 2, { data: JSON.stringify({ cents: 2, note: SECRET }), causationId: 'm-1' });
const MESSAGE = { ...EVENT, data: { cents: 2, note: SECRET } };

const upcasters = { Added: { 1: (data: any) => ({ ...data, currency: 'EUR' }) } };

export const eventMessage: Decoder = {
  name: 'the message of an event',
  runs: 2,
  valid: [JSON.stringify(MESSAGE)],
  feed: (input) => {
    const body = typeof input === 'string' ? input : JSON.stringify(input);
    return fateOf(
      () => Object.assign({}, new World().open({ upcasters } as never).parse(body).data),
      'PermanentError',
      'UnreadableEventError',
    );
  },
};

/** Feeds a row to the log, behind a good one and before another. */
const withRow = (mutated: unknown): World => {
  const world = new World();
  const table = world.dynamodb.table(LOG);
  const sk = storedItem(EVENT).sk!;
  const rows = [storedItem(stored('a', 1)), itemOf(mutated, { pk: { S: 'a' }, sk }), storedItem(stored('a', 3))];
  for (const row of rows) table.set(JSON.stringify([row.pk!.S, row.sk!.S]), row);
  return world;
};

export const eventRow: Decoder = {
  name: 'the row of an event',
  runs: 2,
  valid: [storedItem(EVENT)],
  async feed(mutated) {
    const world = withRow(mutated);
    const log = world.open({ upcasters } as never);
    try {
      const events = await all(log.read('a'));
      if (events.map(({ version }) => version).join() !== '1,2,3') throw new Error('an event is missing');
      return accepted(world.lines);
    } catch (thrown) {
      return refusedWith(thrown, 'UnreadableEventError');
    }
  },
};

export const snapshotRow: Decoder = {
  name: 'the row of a snapshot',
  valid: [{ state: { S: JSON.stringify({ sum: 1, note: SECRET }) }, version: { N: '1' } }],
  async feed(mutated) {
    const world = withRow(storedItem(EVENT));
    const key = { pk: { S: 'a' }, sk: { S: 'Sum' } };
    world.dynamodb.table(SNAPSHOTS).set(JSON.stringify(['a', 'Sum']), itemOf(mutated, key));
    const aggregate = world.open().aggregate<any>({
      name: 'Sum',
      snapshotEvery: 100,
      initial: { sum: 0 },
      reducer: (state, { version }) => ({ sum: (state?.sum ?? 0) + version }),
    });
    await aggregate.load('a');
    return world.lines.length > 0 ? refused(world.lines) : accepted(world.lines);
  },
};

const sentence = (lines: unknown): string => textOf([lines]);

export const outbox: Decoder = {
  name: 'what the stream of the log tells the outbox',
  runs: 2,
  valid: [recordOf(EVENT, 1)],
  others: [recordOf(EVENT, 1, 'MODIFY')],
  async feed(mutated) {
    const service = new FakeService();
    const world = new World();
    const lines: any[] = [];
    const made = new LogOutbox({
      name: 'Stack/Log',
      publisher: publisherOn(service, { topicArn: 'arn:aws:sns:eu-west-1:1:events.fifo' }),
      log: world.log,
      now: () => 0,
      write: (line) => lines.push(JSON.parse(line)),
    });
    const neighbour = recordOf(stored('b', 1), 2);
    const NewImage = mutated?.dynamodb?.NewImage;
    const change = {
      ...recordOf(EVENT, 1),
      eventName: ['INSERT', 'MODIFY', 'REMOVE'].includes(mutated?.eventName) ? mutated.eventName : 'INSERT',
      dynamodb: {
        ...recordOf(EVENT, 1).dynamodb,
        NewImage: itemOf(NewImage, recordOf(EVENT, 1).dynamodb!.Keys as never),
      },
    };
    const reply = await made.handle({ Records: [change as never, neighbour] });
    const published = service.accepted.map(({ MessageDeduplicationId }) => MessageDeduplicationId);
    const stuck = reply.batchItemFailures.length > 0;
    if (!published.includes('b#1') && !stuck) throw new Error('the neighbour was passed over');
    const tampered = lines[0].Tampered > 0;
    const isEvent = published.length === 2;
    if (!stuck && !tampered && !isEvent && change.dynamodb.NewImage.type)
      throw new Error('it was passed over in silence');
    return isEvent ? accepted(sentence(world.lines)) : refused(sentence(world.lines), lines);
  },
};

export const archiver: Decoder = {
  name: 'what the stream of the log tells the archiver',
  valid: [storedItem(EVENT)],
  async feed(mutated) {
    const put: string[] = [];
    const change = recordOf(EVENT, 1);
    const NewImage = itemOf(mutated, change.dynamodb!.Keys as never);
    const Records: any[] = [{ ...change, dynamodb: { ...change.dynamodb, NewImage } }, recordOf(stored('b', 1), 2)];
    await archive(
      { Records },
      {
        name: 'Stack/Log',
        put: async ({ key, body }) => {
          if (!/^events\/\d{4}\/\d\d\/\d\d\/\d\d\//.test(key)) throw new Error(`written to ${key}`);
          put.push(...body.trim().split('\n'));
        },
        now: () => 0,
        write: (line) => void JSON.parse(line),
      },
    );
    if (!put.some((line) => JSON.parse(line).streamId === 'b')) throw new Error('the neighbour is not archived');
    return put.length === 2 ? accepted() : refused();
  },
};

export const archiveObject: Decoder = {
  name: 'an object of the archive',
  valid: objectsOf(history('a', START, 3).map((event, i) => ({ event, sequenceNumber: String(i + 1) }))),
  async feed(mutated) {
    const world = new ReplayWorld();
    world.record(history('a', START, 3), false);
    const { key, body } = mutated ?? {};
    if (typeof key === 'string' && typeof body === 'string') world.objects.set(key, body);
    world.time += 3_600_000 * 2;
    const { id } = await world.ask({ subscriber: 'Totals' });
    let reads = 0;
    world.onRequest = (what) => {
      if (what === 'read') reads++;
    };
    await world.tick();
    const progress = await world.progress(id);
    // However the archive looks, everything arrives: what it lacks the table has.
    const arrived = new Set(world.texts);
    if (progress.state !== 'done' || !['a#1', 'a#2', 'a#3'].every((each) => arrived.has(each))) {
      throw new Error(`it is ${progress.state} with ${[...arrived]}: ${progress.error}`);
    }
    return reads > 0 ? accepted(world.lines) : refused(world.lines);
  },
};

const REQUEST = {
  action: 'replay',
  subscriber: 'Audit',
  from: '2026-11-24T10:00:00Z',
  to: '2026-11-24T12:00:00Z',
  types: ['Placed'],
  rate: 50,
};

export const replayRequest: Decoder = {
  name: 'what an operator asks of the replayer',
  runs: 2,
  valid: [REQUEST, { action: 'list' }],
  others: [
    { action: 'status', id: 'x' },
    { action: 'cancel', id: 'x' },
  ],
  async feed(event) {
    const world = new ReplayWorld();
    try {
      const reply = await world.replayer().handle(event, () => 600_000);
      return accepted(reply, world.lines);
    } catch (thrown) {
      if ((thrown as Error).message.length > 500) throw new Error('it says too much');
      return refusedWith(
        thrown,
        'TypeError',
        'RangeError',
        /^Error: replay .*there is none/,
        'ConditionalCheckFailedException',
      );
    }
  },
};

const REPLAY = {
  subscriber: { S: 'Totals' },
  state: { S: 'open' },
  from: { S: '2026-11-24T10:00:00.000Z' },
  to: { S: '2026-11-24T12:00:00.000Z' },
  types: { L: [{ S: 'Placed' }, { S: 'Added' }, { S: 'Paid' }] },
  rate: { N: '100' },
  sent: { N: '1' },
  passed: { N: '1' },
  total: { N: '3' },
  requestedAt: { S: '2026-11-24T10:00:00.000Z' },
  updatedAt: { S: '2026-11-24T10:00:00.000Z' },
  cursor: { S: JSON.stringify({ hour: '2026-11-24T10', via: 'table', shard: 0 }) },
};

export const replayRow: Decoder = {
  name: 'the row of a replay and its cursor',
  runs: 2,
  valid: [REPLAY, { ...REPLAY, cursor: { S: JSON.stringify({ hour: '2026-11-24T10', via: 'archive' }) } }],
  async feed(mutated) {
    const world = new ReplayWorld();
    world.record(history('a', START, 3));
    world.time += 3_600_000 * 3;
    const { id } = await world.ask({ subscriber: 'Audit' });
    const table = world.dynamodb.table(REPLAYS);
    const hostile = itemOf(mutated, { id: { S: '00000000' } });
    const others = [...table];
    table.clear();
    table.set(JSON.stringify(['00000000', undefined]), hostile);
    for (const [key, row] of others) table.set(key, row);
    world.onRequest = (what) => {
      if (world.service.accepted.length > 100) throw new Error(`it goes round and round: ${what}`);
    };
    await world.tick();
    // One that nobody can read does not keep the others from going on.
    const neighbour = await world.progress(id);
    if (neighbour.state !== 'done') throw new Error(`the neighbour is ${neighbour.state}`);
    const { state, error } = await world.progress('00000000');
    if (hostile.state?.S === 'open' && state === 'open') throw new Error(`still open: ${error}`);
    return state === 'done' ? accepted(world.lines) : refused(world.lines, error);
  },
};
