import { changesOf } from '../../../lambda/handlers/event-log/records';
import { commandOf } from '../../../lambda/handlers/event-log-replayer/command';
import { BucketArchive } from '../../../lambda/handlers/event-log-replayer/event-archive';
import { IndexedTable, type TableCalls } from '../../../lambda/handlers/event-log-replayer/event-table';
import { Ledger } from '../../../lambda/handlers/event-log-replayer/ledger';
import { Pace } from '../../../lambda/handlers/event-log-replayer/pace';
import { PermanentError } from '../../../lambda/runtime';
import { attributesOf, deduplicationOf, eventOfMessage, messageOf } from '../../../lambda/runtime/event-log/message';
import {
  progressOf,
  type ReplayOptions,
  type ReplayProgress,
  replayId,
  replayItem,
  requested,
} from '../../../lambda/runtime/event-log/replay';
import { replayHandle, requestReplay } from '../../../lambda/runtime/event-log/replay-handle';
import { appendKey, hash, itemOf, shardOf, storedOf, versionKey } from '../../../lambda/runtime/event-log/stored';
import { EVENT_LOG_SHARDS } from '../../../lib/private/contract';
import { LOG, REPLAYS } from './fake-table';
import { history, ReplayWorld, START } from './replay-world';
import { recordOf, stored } from './stream';
import { World } from './world';

const MINUTE = 60_000;
const iso = (time: number): string => new Date(time).toISOString();

describe('what is asked for', () => {
  test('is everything up to a minute from now, a hundred a second, unless told otherwise', () => {
    expect(requested({ subscriber: 'Totals' }, 'r-1', START)).toStrictEqual({
      id: 'r-1',
      subscriber: 'Totals',
      state: 'open',
      to: iso(START + MINUTE),
      rate: 100,
      sent: 0,
      passed: 0,
      requestedAt: iso(START),
      updatedAt: iso(START),
    });
  });

  test('is what is said', () => {
    const options = { subscriber: '*', from: new Date(START - 2), to: new Date(START - 1), types: ['Paid'], rate: 5 };
    expect(requested(options, 'r-1', START)).toMatchObject({
      subscriber: '*',
      from: iso(START - 2),
      to: iso(START - 1),
      types: ['Paid'],
      rate: 5,
    });
  });

  test.each([0.1, 10_000])('may be %d a second', (rate) => {
    expect(requested({ subscriber: 'Totals', rate }, 'r', START).rate).toBe(rate);
  });

  test.each<[object, string]>([
    [{ subscriber: '' }, "replay subscriber: got '', expected the id of a worker of the log, or '*'"],
    [{ subscriber: 7 }, 'replay subscriber: got number'],
    [{ rate: 0.09 }, 'replay rate: got 0.09, expected 0.1 to 10,000 events a second'],
    [{ rate: 10_000.1 }, 'replay rate: got 10000.1'],
    [{ rate: Number.NaN }, 'replay rate: got NaN'],
    [{ types: [] }, 'replay types: got none, expected some types of events, or none for all'],
    [{ types: ['Paid', 1] }, 'replay types: got what is no text'],
    [{ from: new Date('x') }, 'replay from: got no date, expected a valid Date'],
    [{ to: new Date('x') }, 'replay to: got no date, expected a valid Date'],
    [
      { from: new Date(START), to: new Date(START) },
      `replay from: got ${iso(START)}, expected a time before ${iso(START)}`,
    ],
  ])('is refused: %j', (options, message) => {
    const asked = () => requested({ subscriber: 'Totals', ...options } as ReplayOptions, 'r', START);
    expect(asked).toThrow(RangeError);
    expect(asked).toThrow(message);
  });

  test('has an id of ten characters that sorts by time', () => {
    expect(replayId(0, 0)).toBe('0000000000');
    expect(replayId(START, 0.999_999)).toMatch(/^\w{8}zz$/);
    expect(replayId(START, 0.5)).toHaveLength(10);
    expect(replayId(START + 1, 0) > replayId(START, 0.9)).toBe(true);
  });

  test('is kept and read as it was, with all that it has or without', () => {
    const least = requested({ subscriber: 'Totals' }, 'r-1', START);
    const most: ReplayProgress = {
      ...least,
      from: iso(START - 1),
      types: ['Paid', 'Added'],
      total: 0,
      error: 'away',
      state: 'failed',
    };
    expect(progressOf(replayItem(least))).toStrictEqual(least);
    expect(progressOf(replayItem(most))).toStrictEqual(most);
    expect(replayItem(least)).not.toHaveProperty('error');
    expect(replayItem(least)).not.toHaveProperty('total');
    expect(replayItem(most)).toMatchObject({
      id: { S: 'r-1' },
      total: { N: '0' },
      types: { L: [{ S: 'Paid' }, { S: 'Added' }] },
    });
  });
});

describe('by the runtime', () => {
  const spec = { table: LOG, replays: REPLAYS };

  test('a replay is put once, and its handle tells and cancels it', async () => {
    const w = new World();
    const replay = await requestReplay(w.edge(), spec, { subscriber: 'Totals' });
    expect(replay.id).toBe(replayId(w.time, 0.5));
    expect(await replay.progress()).toEqual(requested({ subscriber: 'Totals' }, replay.id, w.time));
    // Of one moment and one draw there is one.
    await expect(requestReplay(w.edge(), spec, { subscriber: 'Totals' })).rejects.toThrow(
      'The conditional request failed',
    );
    w.time += 1_000;
    await replay.cancel();
    expect(await replay.progress()).toMatchObject({ state: 'cancelled', updatedAt: iso(w.time) });
    w.time += 1_000;
    await replay.cancel();
    expect((await replay.progress()).updatedAt).toBe(iso(w.time - 1_000));
  });

  test('one that is not there is named; what fails is passed on', async () => {
    const w = new World();
    const replay = replayHandle(w.edge(), spec, 'r-9');
    await expect(replay.progress()).rejects.toThrow(
      'replay r-9: there is none; ended ones are forgotten after 90 days',
    );
    w.dynamodb.before = () => {
      throw new Error('throttled');
    };
    await expect(replay.cancel()).rejects.toThrow('throttled');
  });

  test('one that may not is told what to add', () => {
    expect(() => replayHandle(new World().edge(), { table: LOG }, 'r')).toThrow(
      'replay of log: this function may not; add log.connectReplayer(fn) to the stack, with the name of its connection',
    );
  });
});

describe('an event', () => {
  const event = stored('a', 7, { causationId: 'm-1' });

  test('is a row, and the row is the event', () => {
    expect(itemOf(event)).toEqual({
      pk: { S: 'a' },
      sk: { S: '0000000000000007' },
      type: { S: 'Added' },
      data: { S: '{"cents":7}' },
      id: { S: 'a-7' },
      at: { S: event.at },
      correlationId: { S: 'c-a' },
      causationId: { S: 'm-1' },
      schemaVersion: { N: '1' },
      shard: { S: shardOf('a') },
      time: { S: `${event.at}#0000000000000007` },
    });
    expect(storedOf(itemOf(event))).toEqual(event);
    expect(itemOf(stored('a', 7))).not.toHaveProperty('causationId');
    expect(storedOf(itemOf(stored('a', 7)))).toStrictEqual(stored('a', 7));
    expect([versionKey(1), appendKey('x')]).toEqual(['0000000000000001', 'append#x']);
  });

  test('is in the shard of its stream, by the hash that all versions of the library share', () => {
    // http://www.isthe.com/chongo/src/fnv/test_fnv.c
    expect([hash(''), hash('a'), hash('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
    expect(shardOf('foobar')).toBe(String(0xbf9cf968 % EVENT_LOG_SHARDS));
  });

  test('is a message, and the message is the event', () => {
    const message = messageOf(event);
    expect(message).toEqual({ ...event, data: { cents: 7 } });
    expect(eventOfMessage(JSON.stringify(message))).toEqual(event);
    expect(attributesOf(event)).toEqual({ type: 'Added', streamId: 'a', version: 7 });
    expect(deduplicationOf(event)).toBe('a#7');
  });

  test.each(['streamId', 'type', 'id', 'at', 'correlationId', 'version', 'schemaVersion', 'data'])(
    'is none without its %s',
    (name) => {
      const { [name]: _, ...rest } = messageOf(event);
      const read = () => eventOfMessage(JSON.stringify(rest));
      expect(read).toThrow(PermanentError);
      expect(read).toThrow(`the body is no event of an event log: look at its ${name}`);
    },
  );

  test.each(['null', '7', '"text"'])('is none if the body is %s', (body) => {
    expect(() => eventOfMessage(body)).toThrow('the body is no event of an event log: look at its body');
  });

  test('may have nothing as its data', () => {
    expect(eventOfMessage(JSON.stringify({ ...messageOf(event), data: null })).data).toBe('null');
  });

  test('that is appended is told by the stream of the table; other changes are tampering, or no events', () => {
    const none = {
      eventName: 'INSERT' as const,
      dynamodb: { Keys: { pk: { S: 'a' } }, NewImage: {}, SequenceNumber: '5' },
    };
    expect(changesOf([recordOf(event, 1), recordOf(event, 2, 'MODIFY'), recordOf(event, 3, 'REMOVE'), none])).toEqual([
      { sequenceNumber: '1000000000000000000000001', event },
      { sequenceNumber: '1000000000000000000000002', tampered: { streamId: 'a', version: '0000000000000007' } },
      { sequenceNumber: '1000000000000000000000003', tampered: { streamId: 'a', version: '0000000000000007' } },
      { sequenceNumber: '5' },
    ]);
    expect(changesOf([{ eventName: 'REMOVE' }])).toEqual([
      { sequenceNumber: '', tampered: { streamId: undefined, version: undefined } },
    ]);
    expect(changesOf([{ eventName: 'INSERT', dynamodb: {} }])).toEqual([{ sequenceNumber: '' }]);
  });
});

describe('a command', () => {
  test.each<[object, object]>([
    [{ action: 'resume' }, { action: 'resume' }],
    [{ action: 'list', more: 1 }, { action: 'list' }],
    [
      { action: 'status', id: 'r' },
      { action: 'status', id: 'r' },
    ],
    [
      { action: 'cancel', id: 'r' },
      { action: 'cancel', id: 'r' },
    ],
    [
      { action: 'replay', subscriber: 'Totals', rate: 5, from: '2026-11-24T10:00:00Z', to: null },
      { action: 'replay', options: { subscriber: 'Totals', rate: 5, from: new Date(START), to: undefined } },
    ],
    [
      { action: 'replay', to: '2026-11-24T10:00:00Z' },
      { action: 'replay', options: { to: new Date(START) } },
    ],
  ])('%j', (event, command) => {
    expect(commandOf(event)).toEqual(command);
  });

  test.each<[object | undefined | null, string]>([
    [
      undefined,
      'action: got none, expected one of replay, status, cancel, list, resume; invoke with a payload such as { "action": "replay", "subscriber": "Totals", "from": "2026-11-01T00:00:00Z" }',
    ],
    [null, 'action: got none'],
    [{ action: 7 }, 'action: got 7'],
    [{ action: 'status' }, 'status: got no id, expected that of a replay; list tells them'],
    [{ action: 'cancel', id: '' }, 'cancel: got "" id'],
    [{ action: 'cancel', id: 7 }, 'cancel: got 7 id'],
    [{ action: 'replay', from: 'soon' }, 'from: got "soon", expected a time in ISO 8601'],
    [{ action: 'replay', to: 7 }, 'to: got 7, expected a time in ISO 8601'],
  ])('is none: %j', (event, message) => {
    expect(() => commandOf(event)).toThrow(TypeError);
    expect(() => commandOf(event)).toThrow(message);
  });
});

describe('a pace', () => {
  const timesOf = async (rate: number, count: number, lateness: (i: number) => number = () => 0) => {
    let time = 1_000;
    const sleep = async (ms: number) => {
      time += ms;
    };
    const pace = new Pace({ now: () => time, sleep }, rate);
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      time += lateness(i);
      await pace.next();
      times.push(time - 1_000);
    }
    return times;
  };

  test('lets through evenly, the first at once', async () => {
    expect(await timesOf(10, 4)).toEqual([0, 100, 200, 300]);
    expect(await timesOf(50, 3)).toEqual([0, 20, 40]);
  });

  test('lets waits of less than 20 ms add up', async () => {
    expect(await timesOf(100, 5)).toEqual([0, 0, 20, 20, 40]);
  });

  test('makes up for nothing', async () => {
    expect(await timesOf(10, 4, (i) => (i === 1 ? 1_000 : 0))).toEqual([0, 1_000, 1_100, 1_200]);
  });
});

describe('the ledger', () => {
  const setup = async () => {
    const w = new World();
    const ledger = new Ledger(w.dynamodb, REPLAYS, () => w.time);
    const progress = requested({ subscriber: 'Totals' }, 'r-1', w.time);
    await ledger.add(progress);
    const row = () => w.dynamodb.rows(REPLAYS)[0]!;
    return { w, ledger, progress, row };
  };

  test('has a replay of an id once', async () => {
    const { ledger, progress } = await setup();
    await expect(ledger.add(progress)).rejects.toThrow();
    expect(await ledger.get('r-1')).toEqual(progress);
    expect(await ledger.get('r-2')).toBeUndefined();
  });

  test('gives it to one, and to another when the first is not heard of for a minute', async () => {
    const { w, ledger, progress } = await setup();
    const job = await ledger.claim('r-1', 'a');
    expect(job).toEqual({ progress: { ...progress, updatedAt: iso(w.time) }, owner: 'a' });
    w.time += 30_000;
    expect(await ledger.note(job!, { sent: 1, passed: 2 })).toBe(true);
    expect(await ledger.get('r-1')).not.toHaveProperty('total');
    w.time += MINUTE - 1;
    expect(await ledger.claim('r-1', 'b')).toBeUndefined();
    w.time += 1;
    expect((await ledger.claim('r-1', 'b'))?.progress).toMatchObject({ sent: 1, passed: 2 });
    expect(await ledger.note(job!, { sent: 9, passed: 9 })).toBe(false);
    await ledger.end(job!, 'done');
    await ledger.release(job!, 'late');
    expect(await ledger.get('r-1')).toMatchObject({ state: 'open', sent: 1 });
    expect(await ledger.claim('r-2', 'a')).toBeUndefined();
  });

  test('notes where it is, how far, and that the last error is over', async () => {
    const { ledger, row } = await setup();
    const job = (await ledger.claim('r-1', 'a'))!;
    await ledger.release(job, 'throttled');
    expect(row()).toMatchObject({ error: { S: 'throttled' }, state: { S: 'open' } });
    expect(row()).not.toHaveProperty('owner');
    expect(row()).not.toHaveProperty('lease');
    const again = (await ledger.claim('r-1', 'a'))!;
    expect(again.progress.error).toBe('throttled');
    const cursor = { hour: '2026-11-24T10', via: 'table' as const, shard: 3 };
    await ledger.note(again, { cursor, sent: 1, passed: 2, total: 3 });
    expect(row()).not.toHaveProperty('error');
    await ledger.release(again);
    expect(row()).not.toHaveProperty('error');
    const third = await ledger.claim('r-1', 'b');
    expect(JSON.parse(third!.cursor as string)).toEqual(cursor);
    expect(third).toMatchObject({ progress: { sent: 1, passed: 2, total: 3 } });
  });

  test('ends it, and then nobody has it, and nobody gets it', async () => {
    const { w, ledger, row } = await setup();
    const job = (await ledger.claim('r-1', 'a'))!;
    await ledger.note(job, { cursor: { hour: 'x' }, sent: 0, passed: 0 });
    await ledger.end(job, 'failed', 'no such subscriber');
    expect(row()).toMatchObject({
      state: { S: 'failed' },
      error: { S: 'no such subscriber' },
      ttl: { N: String(Math.ceil(w.time / 1_000) + 90 * 86_400) },
    });
    for (const gone of ['owner', 'lease', 'cursor']) expect(row()).not.toHaveProperty(gone);
    w.time += 10 * MINUTE;
    expect(await ledger.claim('r-1', 'b')).toBeUndefined();
    await ledger.cancel('r-1');
    expect(row().state).toEqual({ S: 'failed' });
  });

  test('reads what was just written, and removes nothing without need', async () => {
    const { w, ledger, row } = await setup();
    const inputs: any[] = [];
    w.dynamodb.before = (_, input) => inputs.push(input);
    await ledger.get('r-1');
    expect(inputs.pop()).toMatchObject({ ConsistentRead: true });
    const job = (await ledger.claim('r-1', 'a'))!;
    expect(inputs.pop()).toMatchObject({ ReturnValues: 'ALL_NEW' });
    await ledger.end(job, 'done');
    expect(row()).not.toHaveProperty('error');
    expect(inputs.pop().UpdateExpression).toMatch(/ REMOVE #owner, #lease, #cursor$/);
    await ledger.cancel('r-1');
    expect(inputs.pop().UpdateExpression).not.toContain('REMOVE');
    await replayHandle(w.edge(), { table: LOG, replays: REPLAYS }, 'r-1').progress();
    expect(inputs.pop()).toMatchObject({ ConsistentRead: true });
  });

  test('that cannot be reached says so', async () => {
    const { w, ledger } = await setup();
    w.dynamodb.before = () => {
      throw new Error('throttled');
    };
    await expect(ledger.claim('r-1', 'a')).rejects.toThrow('throttled');
  });

  test('tells all, page by page, the first that was asked for first', async () => {
    const { w } = await setup();
    const pages = [['r-3', 'r-1'], ['r-2']].map((ids) =>
      ids.map((id) => replayItem(requested({ subscriber: 'Totals' }, id, START + Number(id.slice(2))))),
    );
    const scan = jest.fn(async ({ ExclusiveStartKey }: { ExclusiveStartKey?: unknown }) =>
      ExclusiveStartKey ? { Items: pages[1]! } : { Items: pages[0]!, LastEvaluatedKey: { id: { S: 'r-1' } } },
    );
    const ledger = new Ledger({ ...w.dynamodb, scan } as never, REPLAYS, () => w.time);
    expect((await ledger.all()).map(({ id }) => id)).toEqual(['r-1', 'r-2', 'r-3']);
    expect(scan.mock.calls.map(([input]) => input)).toEqual([
      { TableName: REPLAYS, ConsistentRead: true, ExclusiveStartKey: undefined },
      { TableName: REPLAYS, ConsistentRead: true, ExclusiveStartKey: { id: { S: 'r-1' } } },
    ]);
    scan.mockResolvedValue({} as never);
    expect(await ledger.all()).toEqual([]);
  });
});

describe('the table by time', () => {
  const range = { from: iso(START - MINUTE), to: iso(START + 600 * MINUTE) };
  const setup = (count: number) => {
    const w = new ReplayWorld();
    w.record(history('a', START, count), false);
    const waits: number[] = [];
    const table = new IndexedTable(w.dynamodb, LOG, async (ms) => waits.push(ms));
    return { w, table, waits, shard: Number(shardOf('a')) };
  };

  test('gives a page in its order, as many as it can, and where the next begins', async () => {
    const { w, table, shard } = setup(120);
    const first = await table.page(shard, range, undefined, 500);
    expect(first.events.map(({ version }) => version)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    const second = await table.page(shard, range, first.next, 7);
    expect(second.events.map(({ version }) => version)).toEqual([101, 102, 103, 104, 105, 106, 107]);
    expect((await table.page(shard, range, second.next, 100)).next).toBeUndefined();
    w.dynamodb.requests.length = 0;
    expect(await table.page((shard + 1) % EVENT_LOG_SHARDS, range, undefined, 100)).toEqual({ events: [] });
    expect(w.dynamodb.requests).toEqual(['query']);
  });

  test('asks again for rows that it did not get, after rests that double, eight times at most', async () => {
    const { w, table, shard, waits } = setup(8);
    await table.page(shard, range, undefined, 100);
    // A half each time.
    expect(waits).toEqual([100, 200, 400]);
    const calls: TableCalls = {
      query: w.dynamodb.query,
      batchGetItem: async ({ RequestItems }) => ({ UnprocessedKeys: RequestItems as never }),
    };
    waits.length = 0;
    const poor = new IndexedTable(calls, LOG, async (ms) => waits.push(ms));
    await expect(poor.page(shard, range, undefined, 100)).rejects.toThrow('log: 8 rows not read after 8 attempts');
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400]);
  });

  test('leaves out rows that the index has and the table has not', async () => {
    const { w, shard } = setup(3);
    const calls: TableCalls = { query: w.dynamodb.query, batchGetItem: async () => ({}) };
    expect(await new IndexedTable(calls, LOG, async () => {}).page(shard, range, undefined, 100)).toEqual({
      events: [],
    });
  });

  test('counts and adds up on however many pages', async () => {
    const { w, table, shard } = setup(70);
    const all = await table.tally('2026-11-24T10');
    expect(await table.count(shard, range.from, range.to)).toBe(70);
    w.dynamodb.pageSize = 7;
    expect(await table.count(shard, range.from, range.to)).toBe(70);
    expect(await table.count(shard, range.from, iso(START + 10 * MINUTE))).toBe(10);
    expect(await table.tally('2026-11-24T10')).toEqual(all);
    expect(all.count).toBe(60);
    expect((await table.tally('2026-11-24T11')).count).toBe(10);
    expect(await table.tally('2026-11-24T12')).toEqual({ count: 0, checksum: 0 });
  });

  test('knows when the first event from a time on was appended, in whichever shard', async () => {
    const { w, table } = setup(3);
    w.record(history('b', START - 30_000, 1), false);
    expect(await table.firstAt('0000')).toBe(iso(START - 30_000));
    expect(await table.firstAt(iso(START + 1))).toBe(iso(START + MINUTE));
    expect(await table.firstAt(iso(START + 3 * MINUTE))).toBeUndefined();
  });

  test('asks every shard for its first, no shard for more than it needs, and the table for what is there now', async () => {
    const { w, table, shard } = setup(3);
    const inputs: any[] = [];
    w.dynamodb.before = (_, input) => inputs.push(input);
    await table.firstAt('0000');
    const shards = inputs.map(({ ExpressionAttributeValues: values }) => Number(values[':shard'].S));
    expect(shards).toEqual(Array.from({ length: EVENT_LOG_SHARDS }, (_, n) => n));
    inputs.length = 0;
    await table.count(shard, range.from, range.to);
    expect(inputs).toMatchObject([{ Select: 'COUNT' }]);
    inputs.length = 0;
    await table.page(shard, range, undefined, 10);
    expect(inputs[1].RequestItems[LOG].ConsistentRead).toBe(true);
  });

  test('knows the first of many, whatever their shards', async () => {
    for (const first of 'abcdefgh') {
      const w = new ReplayWorld();
      for (const stream of 'abcdefgh') w.record(history(stream, START + (stream === first ? 0 : MINUTE), 1), false);
      expect(await new IndexedTable(w.dynamodb, LOG, async () => {}).firstAt('0000')).toBe(iso(START));
    }
  });

  test('makes do with an answer that has nothing', async () => {
    const calls = { query: async () => ({}), batchGetItem: async () => ({}) };
    const table = new IndexedTable(calls, LOG, async () => {});
    expect(await table.firstAt('0000')).toBeUndefined();
    expect(await table.count(0, range.from, range.to)).toBe(0);
    expect(await table.tally('2026-11-24T10')).toEqual({ count: 0, checksum: 0 });
    expect(await table.page(0, range, undefined, 10)).toEqual({ events: [] });
  });
});

test('the archive lists an hour page by page', async () => {
  const w = new ReplayWorld();
  for (let i = 0; i < 5; i++) w.record(history(`s${i}`, START, 1));
  const keys = [...w.objects.keys()].sort();
  const asked: unknown[] = [];
  const archive = new BucketArchive({
    list: async (prefix, token) => {
      asked.push([prefix, token]);
      return token === undefined ? { keys: keys.slice(0, 3), next: 't' } : { keys: keys.slice(3) };
    },
    read: async (key) => w.objects.get(key),
  });
  expect((await archive.list('2026-11-24T10')).map(({ key }) => key)).toEqual(keys);
  expect(asked).toEqual([
    ['events/2026/11/24/10/', undefined],
    ['events/2026/11/24/10/', 't'],
  ]);
  expect(await archive.read(keys[0]!)).toBe(w.objects.get(keys[0]!));
});

describe('a run', () => {
  const world = (count = 30) => {
    const w = new ReplayWorld();
    w.record(history('a', START - 50 * MINUTE, count));
    return w;
  };

  test('waits until the index must have what was there when it was asked for', async () => {
    const w = world();
    const { id } = await w.ask({ subscriber: 'Totals', rate: 10_000 });
    await w.tick();
    expect(w.time - START).toBeGreaterThanOrEqual(5_000);
    expect(w.time - START).toBeLessThan(5_100);
    const later = world();
    await later.ask({ subscriber: 'Totals', rate: 10_000 });
    later.time += MINUTE;
    const start = later.time;
    await later.tick();
    expect(later.time - start).toBeLessThan(100);
    expect(id).toBeDefined();
  });

  test('notes each step, five seconds’ worth or a hundred events, and counts them as metrics', async () => {
    for (const [rate, steps] of [
      [2, [10, 10, 10]],
      [0.1, [1, 1, 1]],
      [1_000, [30]],
    ] as const) {
      const w = world(rate === 0.1 ? 3 : 30);
      w.time = START + 70 * MINUTE;
      await w.ask({ subscriber: 'Totals', rate, to: iso(START) });
      await w.tick();
      expect(w.metrics.map(({ Replayed }) => Replayed)).toEqual(steps);
      expect(w.metrics[0]).toMatchObject({ EventLog: 'Stack/OrderLog' });
    }
    const large = world(1);
    large.record(history('b', START - 50 * MINUTE, 250, 0));
    await large.ask({ subscriber: 'Totals', rate: 10_000 });
    await large.tick();
    expect(Math.max(...large.metrics.map(({ Replayed }) => Replayed))).toBe(100);
  });

  test('tells in the log that it is done, or why it is not', async () => {
    const w = world();
    const { id } = await w.ask({ subscriber: 'Totals' });
    w.onRequest = (what) => {
      if (what === 'send') throw Object.assign(new Error('no'), { name: 'AccessDenied', $fault: 'client' });
    };
    await expect(w.tick()).rejects.toThrow(/was not accepted: AccessDenied: no$/);
    expect(w.lines).toMatchObject([
      {
        level: 'error',
        message: 'replay failed for now',
        fields: { replay: id, subscriber: 'Totals', error: { name: 'SendAllError' } },
      },
    ]);
    w.onRequest = () => {};
    await w.tick();
    expect(w.lines.slice(1)).toEqual([
      { level: 'info', message: 'replay done', fields: { replay: id, subscriber: 'Totals', sent: 30, passed: 30 } },
    ]);
  });

  test('does not begin, or go on, with less than thirty seconds left', async () => {
    const w = world();
    w.runs = 29_999;
    const { id } = await w.ask({ subscriber: 'Totals' });
    expect(await w.tick()).toMatchObject([{ id, state: 'open', sent: 0 }]);
    expect(w.urls).toEqual([]);
    w.runs = 30_000;
    expect(await w.tick()).toMatchObject([{ id, state: 'open', total: 30 }]);
    // It was counted, and five seconds of waiting later there was no time for more.
    const row = w.dynamodb.rows(REPLAYS)[0]!;
    expect(row).not.toHaveProperty('owner');
    expect(row).toMatchObject({ sent: { N: '0' }, state: { S: 'open' } });
  });

  test('takes a step with thirty seconds left', async () => {
    const w = world();
    // Of which five are waited for the index.
    w.runs = 35_000;
    await w.ask({ subscriber: 'Totals' });
    await w.tick();
    const row = w.dynamodb.rows(REPLAYS)[0]!;
    expect(row).toHaveProperty('cursor');
    expect(row).not.toHaveProperty('owner');
  });

  test('lists an hour of the archive once, and reads an object once, however many steps it takes', async () => {
    const w = world();
    w.time = START + 70 * MINUTE;
    const asked: string[] = [];
    w.onRequest = (what) => asked.push(what);
    await w.ask({ subscriber: 'Totals', rate: 1, to: iso(START) });
    await w.tick();
    expect(w.metrics.length).toBeGreaterThan(4);
    expect(asked.filter((what) => what === 'read')).toHaveLength(w.objects.size);
    expect(asked.filter((what) => what === 'list')).toHaveLength(1);
  });

  test('begins with what was appended at the very moment', async () => {
    for (const archived of [true, false]) {
      const w = new ReplayWorld();
      w.record(history('a', START - 50 * MINUTE, 3), archived);
      await w.ask({ subscriber: 'Totals', from: iso(START - 49 * MINUTE), to: iso(START - 48 * MINUTE) });
      await w.tick();
      expect(w.texts).toEqual(['a#2']);
    }
  });

  test('takes all that are open, one after another, though one fails', async () => {
    const w = world(3);
    const first = await w.ask({ subscriber: 'Totals' });
    w.time += 1;
    const second = await w.ask({ subscriber: 'Audit' });
    let fails = true;
    w.onRequest = (what) => {
      if (what === 'send' && fails) {
        fails = false;
        throw Object.assign(new Error('no'), { name: 'AccessDenied', $fault: 'client' });
      }
    };
    await expect(w.tick()).rejects.toThrow('AccessDenied');
    expect([(await w.progress(first.id)).state, (await w.progress(second.id)).state]).toEqual(['open', 'done']);
    expect(await w.tick()).toMatchObject([{ id: first.id, state: 'done' }]);
    expect(await w.tick()).toEqual([]);
    expect(await w.replayer().handle({ action: 'list' }, () => 0)).toMatchObject([{ id: first.id }, { id: second.id }]);
  });

  test('that finds it cancelled while it counts sends nothing', async () => {
    const w = world();
    const { id } = await w.ask({ subscriber: 'Totals' });
    let queries = 0;
    w.onRequest = async (what) => {
      if (what === 'query' && ++queries === 3) await w.replayer().handle({ action: 'cancel', id }, () => 0);
    };
    await w.tick();
    expect(w.texts).toEqual([]);
    expect(await w.progress(id)).toMatchObject({ state: 'cancelled', sent: 0 });
  });

  test('hands on whose fault an event was, and to which line it belongs', async () => {
    const w = new ReplayWorld();
    w.record([stored('a', 1, { causationId: 'm-1' })], false);
    await w.ask({ subscriber: 'Totals' });
    await w.tick();
    expect((w.service.accepted[0] as any).MessageAttributes).toEqual({
      CorrelationId: { DataType: 'String', StringValue: 'c-a' },
      CausationId: { DataType: 'String', StringValue: 'm-1' },
      type: { DataType: 'String', StringValue: 'Added' },
      streamId: { DataType: 'String', StringValue: 'a' },
      version: { DataType: 'Number', StringValue: '1' },
      Replayed: { DataType: 'String', StringValue: 'true' },
    });
  });
});
