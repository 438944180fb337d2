import { changesOf } from '../../../lambda/handlers/event-log/records';
import { readCursor } from '../../../lambda/handlers/event-log-replayer/cursor';
import { UnreadableEventError } from '../../../lambda/runtime/event-log/errors';
import { checkRow, type ReplayOptions, requested } from '../../../lambda/runtime/event-log/replay';
import { itemOf, storedOf } from '../../../lambda/runtime/event-log/stored';
import { EVENT_LOG_SHARDS } from '../../../lib/private/contract';
import { LOG, REPLAYS } from './fake-table';
import { history, ReplayWorld, START } from './replay-world';
import { recordOf, stored } from './stream';

// What another version has written, or somebody by hand.

const OBJECT = 'events/2026/11/24/10/1-2-00000000.ndjson';

describe('a place where a replay goes on', () => {
  test.each<[string, object]>([
    ['an hour', {}],
    ['a line of an object', { via: 'archive', object: OBJECT, line: 0 }],
    ['the last line that there can be', { via: 'archive', object: OBJECT, line: Number.MAX_SAFE_INTEGER }],
    ['the first shard', { via: 'table', shard: 0 }],
    ['the last shard', { via: 'table', shard: EVENT_LOG_SHARDS - 1, start: { pk: { S: 'a' } } }],
  ])('may be %s', (_, more) => {
    const cursor = { hour: '2026-11-24T10', ...more };
    expect(readCursor(JSON.stringify(cursor))).toEqual(cursor);
  });

  test.each<[string, unknown]>([
    ['no hour', {}],
    ['no text for an hour', { hour: ['2026-11-24T10'] }],
    ['an hour with its minutes', { hour: '2026-11-24T10:00' }],
    ['an hour that there is not', { hour: '2026-11-24T25' }],
    ['another source', { hour: '2026-11-24T10', via: 'tape' }],
    ['an object of another hour', { hour: '2026-11-24T11', via: 'archive', object: OBJECT }],
    ['an object that is no text', { hour: '2026-11-24T10', via: 'archive', object: 7 }],
    ['a line before the first', { hour: '2026-11-24T10', line: -1 }],
    ['half a line', { hour: '2026-11-24T10', line: 0.5 }],
    ['a line that is a text', { hour: '2026-11-24T10', line: '1' }],
    ['one shard too many', { hour: '2026-11-24T10', via: 'table', shard: EVENT_LOG_SHARDS }],
    ['a shard before the first', { hour: '2026-11-24T10', via: 'table', shard: -1 }],
    ['a start that is a text', { hour: '2026-11-24T10', via: 'table', start: 'a' }],
    ['a start that is nothing', { hour: '2026-11-24T10', via: 'table', start: null }],
    ['nothing', null],
    ['a number', 7],
  ])('with %s is none', (_, cursor) => {
    expect(() => readCursor(JSON.stringify(cursor))).toThrow(
      new TypeError('cursor: got none that this version knows, expected a place in the log; ask for the replay again'),
    );
  });

  test('that is no JSON is none', () => {
    expect(() => readCursor('{')).toThrow(TypeError);
  });
});

describe('the row of a replay', () => {
  const [from, to] = ['2026-11-24T10:00:00.000Z', '2026-11-24T11:00:00.000Z'];

  test.each([
    { to, rate: 0.1 },
    { from, to, rate: 10_000, types: ['Paid'] },
    { from: '2026-11-24T10:00:00', to, rate: 1, types: [] },
  ])('may say %j', (row) => {
    expect(() => checkRow(row)).not.toThrow();
  });

  test.each<[object, string]>([
    [{ to }, 'replay rate: got undefined, expected 0.1 to 10,000 events a second'],
    [{ to, rate: '5' }, 'replay rate: got 5, expected'],
    [{ to, rate: 0.09 }, 'replay rate: got 0.09, expected'],
    [{ to, rate: 10_001 }, 'replay rate: got 10001, expected'],
    [{ rate: 1 }, 'replay from: got undefined, expected a time in ISO 8601'],
    [{ from, rate: 1 }, 'replay to: got undefined, expected a time in ISO 8601'],
    [{ from: 7, to, rate: 1 }, 'replay from: got number, expected a time in ISO 8601'],
    [{ from: [from], to, rate: 1 }, 'replay from: got object, expected a time in ISO 8601'],
    [{ from: '2026', to, rate: 1 }, 'replay from: got string, expected a time in ISO 8601'],
    [{ from, to: '2026-99-24T10:00:00', rate: 1 }, 'replay to: got string, expected a time in ISO 8601'],
    [{ to, rate: 1, types: ['Paid', 7] }, 'replay types: got others, expected texts'],
  ])('may not say %j', (row, message) => {
    expect(() => checkRow(row)).toThrow(RangeError);
    expect(() => checkRow(row)).toThrow(message);
  });

  test('that makes no sense ends as failed, with the reason', async () => {
    const w = new ReplayWorld();
    const { id } = await w.ask({ subscriber: 'Totals' });
    [...w.dynamodb.table(REPLAYS).values()][0]!.rate = { N: '0' };
    await w.tick();
    expect(await w.progress(id)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/^replay rate: got 0/),
    });
  });
});

describe('who asks for a replay', () => {
  test.each<[unknown, string]>([
    ['7', 'got 7,'],
    [{ a: 1 }, 'got an object,'],
    ['x'.repeat(100), `got ${'x'.repeat(32)},`],
  ])('with the rate %j is refused, in few words', (rate, message) => {
    expect(() => requested({ subscriber: 'Totals', rate } as ReplayOptions, 'r', START)).toThrow(message);
  });

  test('of a subscriber with an endless name is told its beginning', async () => {
    await expect(new ReplayWorld().ask({ subscriber: 'x'.repeat(101) })).rejects.toThrow(
      `subscriber: got ${'x'.repeat(100)}, expected`,
    );
  });
});

describe('the row of an event', () => {
  test.each(['pk', 'sk', 'type', 'data', 'id', 'at', 'correlationId'])('without %s is none', (name) => {
    const { [name]: _, ...rest } = itemOf(stored('a', 7));
    const read = () => storedOf(rest);
    expect(read).toThrow(UnreadableEventError);
    expect(read).toThrow(`its row has no ${name}, as it would if somebody had written it by hand`);
  });

  test('whose data is no text is none', () => {
    expect(() => storedOf({ ...itemOf(stored('a', 7)), data: { S: 7 as never } })).toThrow(UnreadableEventError);
  });

  test('without a version of its schema has none', () => {
    const { schemaVersion: _, ...rest } = itemOf(stored('a', 7));
    expect(storedOf(rest).schemaVersion).toBeNaN();
  });

  test('that is none counts as tampering', () => {
    const record = recordOf(stored('a', 7), 1);
    delete record.dynamodb!.NewImage!.data;
    expect(changesOf([record])).toMatchObject([{ tampered: { streamId: 'a' } }]);
  });

  test('that is none is not replayed, and hurts no other', async () => {
    const w = new ReplayWorld();
    w.record(history('a', START, 3), false);
    const rows = w.dynamodb.table(LOG);
    delete [...rows.values()][1]!.data;
    w.time = START + 3_600_000;
    const { id } = await w.ask({ subscriber: 'Totals' });
    await w.tick();
    expect(w.texts).toEqual(['a#1', 'a#3']);
    expect((await w.progress(id)).state).toBe('done');
  });
});

test.each([
  ['all', (body: string) => body.replaceAll('T10:', 'T09:')],
  ['one', (body: string) => body.replace('T10:', 'T09:')],
])('an object of which %s of the events are of another hour is made up for by the table', async (_, change) => {
  const w = new ReplayWorld();
  w.record(history('a', START, 3));
  for (const [key, body] of w.objects) w.objects.set(key, change(body));
  w.time = START + 2 * 3_600_000;
  const { id } = await w.ask({ subscriber: 'Totals' });
  await w.tick();
  expect(w.texts).toEqual(['a#1', 'a#2', 'a#3']);
  expect(w.got.every(({ at }: any) => at.includes('T10:'))).toBe(true);
  expect((await w.progress(id)).state).toBe('done');
});
