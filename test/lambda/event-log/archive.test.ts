import * as fc from 'fast-check';
import {
  EMPTY,
  eventsOfObject,
  hourPrefix,
  isSame,
  listed,
  nextHour,
  objectsOf,
  plus,
  tallyOfRow,
} from '../../../lambda/handlers/event-log/archive';
import { archive } from '../../../lambda/handlers/event-log-archiver/archiver';
import { type StoredEvent, versionKey } from '../../../lambda/runtime/event-log/stored';
import { recordOf, stored, streamEvent, streamOf } from './stream';

const numbered = (events: readonly StoredEvent[], from = 0) =>
  events.map((event, i) => ({ event, sequenceNumber: String(1_000 + from + i) }));

test('a batch is one object of JSON lines, below its hour, with its count', () => {
  const events = [stored('a', 1), stored('b', 1, { data: '{"text":"line\\nbreak"}' })];
  const [object, ...others] = objectsOf(numbered(events));
  expect(others).toEqual([]);
  expect(object!.key).toMatch(/^events\/2026\/11\/24\/10\/0{36}1000-2-[0-9a-f]{8}\.ndjson$/);
  expect(object!.body.split('\n')).toHaveLength(3);
  expect(eventsOfObject(object!.body)).toEqual(events);
});

test('a batch of two hours is an object for each', () => {
  const events = [
    stored('a', 1, { at: '2026-11-24T10:59:59.999Z' }),
    stored('a', 2, { at: '2026-11-24T11:00:00.000Z' }),
  ];
  expect(objectsOf(numbered(events)).map(({ key }) => key.slice(0, 20))).toEqual([
    'events/2026/11/24/10',
    'events/2026/11/24/11',
  ]);
});

test.each([
  ['2026-11-24T10', '2026-11-24T11', 'events/2026/11/24/10/'],
  ['2026-12-31T23', '2027-01-01T00', 'events/2026/12/31/23/'],
])('after the hour %s comes %s', (hour, next, prefix) => {
  expect(nextHour(hour)).toBe(next);
  expect(hourPrefix(hour)).toBe(prefix);
});

test('keys sort as what they hold was appended', () => {
  const keys = [9, 10, 99_999, 100_000].map(
    (n) => objectsOf([{ event: stored('a', 1), sequenceNumber: String(n) }])[0]!.key,
  );
  expect([...keys].sort()).toEqual(keys);
});

test('of a batch that came twice the longer counts, and what is no archive of ours does not', () => {
  const events = [1, 2, 3].map((version) => stored('a', version));
  const [short] = objectsOf(numbered(events.slice(0, 2)));
  const [long] = objectsOf(numbered(events));
  const [later] = objectsOf(numbered([stored('a', 4)], 50));
  const keys = [later!, long!, short!].map(({ key }) => key);
  expect(listed([...keys, 'events/2026/11/24/10/notes.txt']).map(({ key }) => key)).toEqual([long!.key, later!.key]);
});

test('of a batch that came twice the longer counts, also when its number has a digit more', () => {
  const events = Array.from({ length: 10 }, (_, i) => stored('a', i + 1));
  const [nine] = objectsOf(numbered(events.slice(0, 9)));
  const [ten] = objectsOf(numbered(events));
  for (const keys of [
    [nine!.key, ten!.key],
    [ten!.key, nine!.key],
  ]) {
    expect(listed(keys).map(({ count }) => count)).toEqual([10]);
  }
});

test('sets of events are the same if they are as many, and the same ones', () => {
  const [a, b] = [tallyOfRow('a', versionKey(1)), tallyOfRow('b', versionKey(1))];
  expect(isSame(a, { ...a })).toBe(true);
  expect(isSame(a, b)).toBe(false);
  expect(isSame(a, tallyOfRow('a', versionKey(2)))).toBe(false);
  expect(isSame(a, { ...a, count: 2 })).toBe(false);
});

test('however events are cut into batches, counts and checksums add up to those of the rows', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(cuts, fc.nat(3), (sizes, streams) => {
      const counts = new Map<string, number>();
      const total = sizes.reduce((a, b) => a + b, 0);
      const events = Array.from({ length: total }, (_, i) => {
        const stream = `s${i % (streams + 1)}`;
        counts.set(stream, (counts.get(stream) ?? 0) + 1);
        return stored(stream, counts.get(stream)!);
      });
      let start = 0;
      const keys = sizes.flatMap((size) => {
        const cut = objectsOf(numbered(events.slice(start, start + size), start));
        start += size;
        return cut.map(({ key }) => key);
      });
      const rows = events.map(({ streamId, version }) => tallyOfRow(streamId, versionKey(version))).reduce(plus, EMPTY);
      expect(listed(keys).reduce(plus, EMPTY)).toMatchObject(rows);
      // One more or one less is noticed, and one for another too.
      const other = plus(rows, tallyOfRow('s0', versionKey(total + 1)));
      expect(other.checksum).not.toBe(rows.checksum);
    }),
  );
});

describe('the archiver', () => {
  const setUp = () => {
    const objects = new Map<string, string>();
    const lines: any[] = [];
    const options = {
      name: 'Stack/OrderLog',
      put: async ({ key, body }: { key: string; body: string }) => objects.set(key, body),
      now: () => 0,
      write: (line: string) => lines.push(JSON.parse(line)),
    };
    return { objects, lines, options };
  };

  test('archives what was appended, not what was tampered with', async () => {
    const { objects, lines, options } = setUp();
    const records = [recordOf(stored('a', 1), 0), recordOf(stored('a', 1, { data: '"x"' }), 1, 'MODIFY')];
    await archive(streamEvent(...records), options);
    expect([...objects.values()].flatMap(eventsOfObject)).toEqual([stored('a', 1)]);
    expect(lines).toMatchObject([{ EventLog: 'Stack/OrderLog', Archived: 1 }]);
  });

  test('fails as a whole if an object is not written', async () => {
    const { lines, options } = setUp();
    const put = () => Promise.reject(new Error('no bucket'));
    await expect(archive(streamOf(stored('a', 1)), { ...options, put })).rejects.toThrow('no bucket');
    expect(lines).toEqual([]);
  });

  test('writes the same object when a batch comes again', async () => {
    const { objects, options } = setUp();
    for (let time = 0; time < 2; time++) await archive(streamOf(stored('a', 1), stored('b', 1)), options);
    expect(objects.size).toBe(1);
  });
});
