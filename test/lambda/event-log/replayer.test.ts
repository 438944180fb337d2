import { MAX_EVENT_BYTES } from '../../../lambda/runtime/event-log/message';
import { refusal } from '../producer/fake-service';
import { REPLAYS } from './fake-table';
import { history, QUEUE, ReplayWorld, START } from './replay-world';
import { stored } from './stream';

const HOUR = 3_600_000;
const ids = (streamId: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${streamId}#${i + 1}`);

/** A log of three hours, of which the last is not archived yet. */
const world = () => {
  const made = new ReplayWorld();
  const events = ['a', 'b', 'c'].flatMap((stream) => history(stream, START - 2 * HOUR, 30, 5));
  events.sort((x, y) => (x.at < y.at ? -1 : 1));
  const isLate = ({ at }: { at: string }) => at >= new Date(START).toISOString();
  made.record(events.filter((event) => !isLate(event)));
  made.record(events.filter(isLate), false);
  made.time = START + HOUR;
  return made;
};

const rename = (w: ReplayWorld, key: string, to: string): void => {
  w.objects.set(to, w.objects.get(key)!);
  w.objects.delete(key);
};

test('everything goes to the one queue, each stream in order, marked as replayed, and that is all', async () => {
  const w = world();
  const { id, state } = await w.ask({ subscriber: 'Totals' });
  expect(state).toBe('open');
  await w.tick();
  for (const stream of ['a', 'b', 'c']) {
    expect(w.texts.filter((text) => text.startsWith(stream))).toEqual(ids(stream, 30));
  }
  expect(w.urls).toEqual([QUEUE]);
  expect(w.service.published).toEqual([]);
  for (const entry of w.service.accepted as any[]) {
    expect(entry.MessageAttributes).toMatchObject({
      Replayed: { StringValue: 'true' },
      CorrelationId: { StringValue: expect.stringMatching(/^c-/) },
    });
    expect(entry.MessageDeduplicationId).toMatch(new RegExp(`^${id}#[abc]#\\d+$`));
  }
  expect(await w.progress(id)).toMatchObject({ state: 'done', sent: 90, passed: 90, total: 90, subscriber: 'Totals' });
});

test('whole hours come from the archive, others from the table', async () => {
  const w = world();
  const read: string[] = [];
  w.onRequest = (what) => {
    if (what === 'read' || what === 'batchGet') read.push(what);
  };
  await w.ask({ subscriber: 'Totals' });
  await w.tick();
  expect([...new Set(read)]).toEqual(['read', 'batchGet']);
  expect(read.lastIndexOf('read')).toBeLessThan(read.indexOf('batchGet'));
});

test('an hour of which the archive lacks an object comes whole from the table', async () => {
  const w = world();
  w.objects.delete([...w.objects.keys()].sort()[0]!);
  await w.ask({ subscriber: 'Totals' });
  await w.tick();
  expect([...w.texts].sort()).toEqual(['a', 'b', 'c'].flatMap((stream) => ids(stream, 30)).sort());
});

test('an object that goes away while it is read is made up for by the table', async () => {
  const w = world();
  w.onRequest = (what) => {
    if (what === 'read') w.objects.clear();
  };
  await w.ask({ subscriber: 'Totals' });
  await w.tick();
  expect(new Set(w.texts).size).toBe(90);
});

test.each<[string, (w: ReplayWorld, key: string) => void]>([
  [
    'is replaced by a longer one',
    (w, key) =>
      rename(
        w,
        key,
        key.replace(/-(\d+)-/, (_, count) => `-${Number(count) + 1}-`),
      ),
  ],
  ['is cut off', (w, key) => w.objects.set(key, w.objects.get(key)!.slice(0, 500))],
  ['lacks a line', (w, key) => w.objects.set(key, w.objects.get(key)!.replace(/^.*\n/, ''))],
  ['is something else', (w, key) => w.objects.set(key, 'so long')],
])('an object that %s between two runs is made up for by the table', async (_, change) => {
  const w = world();
  w.runs = 45_000;
  const { id } = await w.ask({ subscriber: 'Totals', rate: 2 });
  await w.tick();
  expect(w.texts.length).toBeGreaterThan(0);
  for (const key of [...w.objects.keys()]) change(w, key);
  for (let run = 0; run < 20; run++) await w.tick();
  expect((await w.progress(id)).state).toBe('done');
  expect(new Set(w.texts).size).toBe(90);
});

test('from and to and types choose', async () => {
  const w = world();
  const from = new Date(START - HOUR - 7 * 60_000);
  const to = new Date(START + 11 * 60_000);
  const { id } = await w.ask({ subscriber: 'Totals', from: from.toISOString(), to: to.toISOString(), types: ['Paid'] });
  await w.tick();
  const chosen = history('a', START - 2 * HOUR, 30, 5).filter(
    ({ at, type }) => at >= from.toISOString() && at < to.toISOString() && type === 'Paid',
  );
  expect(chosen.length).toBeGreaterThan(2);
  const expected = chosen.map(({ version }) => version);
  for (const stream of ['a', 'b', 'c']) {
    expect(w.got.filter(({ streamId }) => streamId === stream).map(({ version }) => version)).toEqual(expected);
  }
  const progress = await w.progress(id);
  expect(progress.sent).toBe(3 * chosen.length);
  expect(progress.passed).toBe(progress.total);
  expect(progress.passed).toBeGreaterThan(progress.sent);
});

test('to the end of time is what is there, `to` itself is not in it', async () => {
  const w = new ReplayWorld();
  w.record(history('a', START, 3));
  w.time = START + HOUR;
  await w.ask({ subscriber: 'Totals', to: new Date(START + 60_000).toISOString() });
  await w.tick();
  expect(w.texts).toEqual(['a#1']);
});

test('a subscriber gets no types that it does not get otherwise', async () => {
  const w = world();
  await w.ask({ subscriber: 'Audit', types: ['Added', 'Paid'] });
  await w.tick();
  expect(new Set(w.got.map(({ type }) => type))).toEqual(new Set(['Paid']));
});

test("'*' goes to everybody, through the topic", async () => {
  const w = world();
  await w.ask({ subscriber: '*' });
  await w.tick();
  expect(w.urls).toEqual([undefined]);
  expect(w.service.published.length).toBeGreaterThan(0);
  expect(new Set(w.texts).size).toBe(90);
});

test.each([1, 20, 500])('%i a second are no more than that', async (rate) => {
  const w = new ReplayWorld();
  w.record(history('a', START - 50 * 60_000, 40));
  await w.ask({ subscriber: 'Totals', rate });
  const start = w.time;
  await w.tick();
  expect(w.texts).toEqual(ids('a', 40));
  // At first it waits for the index.
  const seconds = (w.time - start) / 1_000 - 5;
  expect(seconds).toBeGreaterThanOrEqual(39 / rate - 0.05);
  expect(seconds).toBeLessThan(39 / rate + 0.05);
});

test('what a run has no time for the next one does', async () => {
  const w = world();
  w.runs = 45_000;
  const { id } = await w.ask({ subscriber: 'Totals', rate: 2 });
  await w.tick();
  const first = await w.progress(id);
  expect(first.state).toBe('open');
  expect(first.sent).toBeGreaterThan(0);
  expect(first.sent).toBeLessThan(90);
  for (let run = 0; run < 10; run++) await w.tick();
  expect((await w.progress(id)).state).toBe('done');
  expect(w.texts).toHaveLength(90);
});

test('of two runs at once one has the replay', async () => {
  const w = world();
  await w.ask({ subscriber: 'Totals' });
  await Promise.all([w.tick(), w.tick()]);
  expect(w.texts).toHaveLength(90);
  expect(w.urls).toHaveLength(1);
});

test('one that was cancelled stops', async () => {
  const w = world();
  const { id } = await w.ask({ subscriber: 'Totals', rate: 10 });
  let sends = 0;
  w.onRequest = async (what) => {
    if (what === 'send' && ++sends === 20) await w.replayer().handle({ action: 'cancel', id }, () => 0);
  };
  await w.tick();
  await w.tick();
  expect(await w.progress(id)).toMatchObject({ state: 'cancelled' });
  expect(w.texts.length).toBeLessThan(90);
});

test('one that fails for now says why, fails the run, and goes on with the next', async () => {
  const w = world();
  const { id } = await w.ask({ subscriber: 'Totals' });
  w.service.fails = () => refusal('', 'AccessDenied', true);
  await expect(w.tick()).rejects.toThrow(/AccessDenied/);
  expect(await w.progress(id)).toMatchObject({ state: 'open', error: expect.stringMatching(/AccessDenied/) });
  w.service.fails = () => undefined;
  await w.tick();
  const progress = await w.progress(id);
  expect(progress).toMatchObject({ state: 'done' });
  expect(progress).not.toHaveProperty('error');
});

test('one to a subscriber that is gone meanwhile has failed', async () => {
  const w = world();
  const { id } = await w.ask({ subscriber: 'Totals' });
  await w.tick(w.replayer({ subscribers: {} }));
  expect(await w.progress(id)).toMatchObject({ state: 'failed', error: expect.stringMatching(/got Totals.*none/) });
});

test('the runtime asks for the same, and sees the same', async () => {
  const w = world();
  const log = w.open();
  const replay = await log.replay({ subscriber: 'Totals', from: new Date(START), rate: 50 });
  expect(await replay.progress()).toMatchObject({ state: 'open', sent: 0, rate: 50 });
  await w.tick();
  const done = await log.replayOf(replay.id).progress();
  expect(done).toEqual(await w.progress(replay.id));
  expect(done).toMatchObject({ state: 'done', from: new Date(START).toISOString(), sent: 18 });
  // What has ended stays as it ended.
  await replay.cancel();
  expect(await replay.progress()).toEqual(done);
});

test('a function that was not connected for it is told how', async () => {
  const { eventLogOn } = await import('../../../lambda/runtime/event-log/event-log');
  const log = eventLogOn(new ReplayWorld().edge(), { tableName: 'log' });
  await expect(log.replay({ subscriber: 'Totals' })).rejects.toThrow(/add log\.connectReplayer\(fn\)/);
});

test('a replay that has ended is forgotten after 90 days, not before it has', async () => {
  const w = world();
  await w.ask({ subscriber: 'Totals' });
  const row = () => w.dynamodb.rows(REPLAYS)[0]!;
  expect(row()).not.toHaveProperty('ttl');
  await w.tick();
  expect(Number(row().ttl!.N)).toBeCloseTo(w.time / 1_000 + 90 * 86_400, -2);
});

test('an event of the largest size can be replayed', async () => {
  const w = new ReplayWorld();
  w.record([stored('a', 1, { data: JSON.stringify('x'.repeat(MAX_EVENT_BYTES - 300)) })], false);
  for (const subscriber of ['Totals', '*']) {
    await w.ask({ subscriber });
    await w.tick();
  }
  expect(w.texts).toEqual(['a#1', 'a#1']);
});

describe('refused', () => {
  test.each<[object, RegExp]>([
    [{ subscriber: 'Nobody' }, /subscriber: got Nobody, expected '\*' or one of those.*Totals, Audit/],
    [{ subscriber: 'toString' }, /subscriber: got toString/],
    [{}, /replay subscriber: got undefined/],
    [{ subscriber: 'Totals', rate: 0 }, /replay rate: got 0/],
    [{ subscriber: 'Totals', rate: 10_001 }, /replay rate: got 10001/],
    [{ subscriber: 'Totals', rate: 'fast' }, /replay rate: got fast/],
    [{ subscriber: 'Totals', types: [] }, /replay types/],
    [{ subscriber: 'Totals', from: 'yesterday' }, /from: got "yesterday"/],
    [{ subscriber: 'Totals', to: 5 }, /to: got 5/],
    [{ subscriber: 'Totals', from: '2026-11-25', to: '2026-11-24' }, /replay from: got .*, expected a time before/],
  ])('%j', async (options, message) => {
    const w = new ReplayWorld();
    await expect(w.ask(options)).rejects.toThrow(message);
    expect(w.dynamodb.rows(REPLAYS)).toEqual([]);
  });

  test.each<[unknown, RegExp]>([
    [{}, /action: got none, expected one of replay, status/],
    [undefined, /action: got none/],
    [{ action: 'drop' }, /action: got "drop"/],
    [{ action: 'status' }, /status: got no id/],
    [{ action: 'status', id: 'x' }, /replay x: there is none/],
    [{ action: 'cancel', id: 'x' }, /replay x: there is none/],
  ])('%j', async (event, message) => {
    await expect(new ReplayWorld().replayer().handle(event, () => 1)).rejects.toThrow(message);
  });
});
