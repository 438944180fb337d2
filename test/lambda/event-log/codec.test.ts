import { z } from 'zod';
import { InvalidEventError, PermanentError, UnreadableEventError } from '../../../lambda/runtime';
import { LOG } from './fake-table';
import { added, all, thrown, World } from './world';

const schemas = {
  Placed: z.object({ customer: z.string() }),
  Added: z.object({ cents: z.number().int() }),
  Paid: z.object({ cents: z.number().int() }),
};

describe('schemas', () => {
  test('refuse what does not match before anything is appended', async () => {
    const world = new World();
    const log = world.open({ schemas });
    const error = await thrown(log.append('a', [added(1), added(1.5)], { expectedVersion: 0 }));
    expect(error).toBeInstanceOf(InvalidEventError);
    expect(error.message).toMatch(/data of Added: the body does not match the schema: cents/);
    expect(world.dynamodb.rows(LOG)).toEqual([]);
  });

  test.each(['Shipped', 'toString', '__proto__'])('refuse the type %s that has none', async (type) => {
    const log = new World().open<any>({ schemas });
    const error = await thrown(log.append('a', [{ type, data: {} }], { expectedVersion: 0 }));
    expect(error).toBeInstanceOf(InvalidEventError);
    expect(error.message).toMatch(/got no schema for it, expected one of Placed, Added, Paid/);
  });

  test('judge what will be read, which is JSON', async () => {
    const log = new World().open<{ At: { on: Date } }>({ schemas: { At: z.object({ on: z.date() }) } });
    await expect(log.append('a', [{ type: 'At', data: { on: new Date(0) } }], { expectedVersion: 0 })).rejects.toThrow(
      InvalidEventError,
    );
  });

  test('may transform what is read, and judge it later', async () => {
    const schema = z.object({ cents: z.number() }).transform(async ({ cents }) => ({ cents, francs: cents / 100 }));
    const log = new World().open<any>({
      schemas: {
        Added: { '~standard': { ...schema['~standard'], validate: (v: unknown) => schema['~standard'].validate(v) } },
      },
    });
    await log.append('a', [added(250)], { expectedVersion: 0 });
    expect(await all(log.read('a'))).toMatchObject([{ data: { cents: 250, francs: 2.5 } }]);
  });

  test('an event in the log that does not match stops the reader, and names itself', async () => {
    const world = new World();
    await world.open<any>().append('a', [added(1), { type: 'Added', data: { cents: 'x' } }], { expectedVersion: 0 });
    const error = await thrown(all(world.open({ schemas }).read('a')));
    expect(error).toBeInstanceOf(UnreadableEventError);
    expect(error).toMatchObject({ streamId: 'a', version: 2 });
  });
});

describe('upcasters', () => {
  const upcasters = { Added: { 1: ({ francs }: { francs: number }) => ({ cents: francs * 100 }) } };

  test('bring what was stored in former times to the form of today, and the schema judges that', async () => {
    const world = new World();
    await world.open<any>().append('a', [{ type: 'Added', data: { francs: 2 } }], { expectedVersion: 0 });
    const log = world.open({ schemas, upcasters });
    await log.append('a', [added(300)], { expectedVersion: 1 });
    const read = await all(log.read('a'));
    expect(read.map(({ data, schemaVersion }) => [data, schemaVersion])).toEqual([
      [{ cents: 200 }, 1],
      [{ cents: 300 }, 2],
    ]);
  });

  test('what newer code has stored stops older code', async () => {
    const world = new World();
    await world.open({ upcasters }).append('a', [added(1)], { expectedVersion: 0 });
    const error = await thrown(all(world.open().read('a')));
    expect(error).toBeInstanceOf(UnreadableEventError);
    expect(error.message).toMatch(/stored in version 2, and this code knows it up to 1; deploy the newer code here/);
  });

  test('what an upcaster throws names the event', async () => {
    const world = new World();
    await world.open<any>().append('a', [{ type: 'Added', data: null }], { expectedVersion: 0 });
    await expect(all(world.open({ upcasters }).read('a'))).rejects.toThrow(/stream a, version 1: Added: /);
  });

  test.each([[{ 2: () => ({}) }], [{ 1: () => ({}), 3: () => ({}) }], [{ 0: () => ({}) }], [{ 1: 'x' }]])(
    '%p leave a gap',
    (steps) => {
      expect(() => new World().open<any>({ upcasters: { Added: steps as any } })).toThrow(
        /from version 1 on without a gap/,
      );
    },
  );
});

describe('parse', () => {
  test('reads what was published, in the form of today', () => {
    const log = new World().open<any>({ upcasters: { Added: { 1: ({ francs }: any) => ({ cents: francs * 100 }) } } });
    const event = {
      streamId: 'a',
      version: 3,
      type: 'Added',
      id: 'i',
      at: '2026',
      correlationId: 'c',
      schemaVersion: 1,
    };
    expect(log.parse(JSON.stringify({ ...event, data: { francs: 2 } }))).toEqual({ ...event, data: { cents: 200 } });
  });

  test.each([
    ['{', /not JSON/],
    ['null', /look at its body/],
    ['[]', /look at its streamId/],
    ['{"streamId":"a"}', /look at its type/],
    ['{"streamId":"a","type":"t","id":"i","at":"x","correlationId":"c","version":"1"}', /look at its version/],
    ['{"streamId":"a","type":"t","id":"i","at":"x","correlationId":"c","version":1,"schemaVersion":1}', /at its data/],
    ['{"__proto__":1}', /__proto__/],
  ])('%s is no event, and never will be', (body, message) => {
    const parse = () => new World().open().parse(body);
    expect(parse).toThrow(PermanentError);
    expect(parse).toThrow(message);
  });
});

test('every value of JSON comes back as it was', async () => {
  const values = [null, 0, -1.5e300, '', 'ä\u0000\uFFFF\u{1F600}', [], {}, [[{}, []], ''], { '': { a: null } }, true];
  const world = new World();
  const log = world.open<{ Some: unknown }>();
  await log.append(
    'a',
    values.map((data) => ({ type: 'Some' as const, data })),
    { expectedVersion: 0 },
  );
  expect((await all(log.read('a'))).map(({ data }) => data)).toEqual(values);
});

test('read takes a part, page by page', async () => {
  const world = new World();
  const log = world.open();
  await log.append(
    'a',
    Array.from({ length: 50 }, (_, i) => added(i)),
    { expectedVersion: 0 },
  );
  world.dynamodb.pageSize = 7;
  const versions = async (options?: object) => (await all(log.read('a', options))).map(({ version }) => version);
  expect(await versions()).toHaveLength(50);
  expect(await versions({ from: 48 })).toEqual([48, 49, 50]);
  expect(await versions({ from: 3, to: 5 })).toEqual([3, 4, 5]);
  expect(await versions({ from: 51 })).toEqual([]);
  world.dynamodb.requests.length = 0;
  for await (const { version } of log.read('a')) if (version === 5) break;
  expect(world.dynamodb.requests).toEqual(['query']);
});
