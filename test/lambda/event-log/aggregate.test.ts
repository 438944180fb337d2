import * as fc from 'fast-check';
import { seededRandom } from '../../../bin/local/random';
import { type EventLogDefinition, VersionConflictError } from '../../../lambda/runtime';
import { SNAPSHOTS } from './fake-table';
import { added, type Events, thrown, World } from './world';

interface State {
  readonly count: number;
  readonly open: number;
  readonly customer?: string;
  /** Of all events in their order. */
  readonly digest: number;
}
type Change = { readonly type: keyof Events; readonly data: any; readonly version: number };

const initial: State = { count: 0, open: 0, digest: 7 };
const reducer = (state: State, { type, data, version }: Change): State => ({
  count: state.count + 1,
  open: state.open + (type === 'Added' ? data.cents : type === 'Paid' ? -data.cents : 0),
  customer: type === 'Placed' ? data.customer : state.customer,
  digest: (Math.imul(state.digest, 31) + version + type.length) | 0,
});
const options = { initial, reducer, name: 'order' };

/** Three forms of one type: francs as text, francs, cents. */
const FORMS: EventLogDefinition<any>[] = [
  {},
  { upcasters: { Added: { 1: ({ text }: { text: string }) => ({ francs: Number(text) }) } } },
  {
    upcasters: {
      Added: {
        1: ({ text }: { text: string }) => ({ francs: Number(text) }),
        2: ({ francs }: { francs: number }) => ({ cents: francs * 100 }),
      },
    },
  },
];
const inForm = (form: number, francs: number) => [{ text: String(francs) }, { francs }, { cents: francs * 100 }][form];

test('of a stream without events it is the initial state at version 0', async () => {
  const orders = new World().open().aggregate({ initial, reducer });
  expect(await orders.load('a')).toEqual({ state: initial, version: 0 });
});

test('it reads only what came after the snapshot', async () => {
  const world = new World();
  const log = world.open();
  await log.append(
    'a',
    Array.from({ length: 10 }, () => added(1)),
    { expectedVersion: 0 },
  );
  const orders = log.aggregate({ ...options, snapshotEvery: 10 });
  await orders.load('a');
  expect(world.dynamodb.rows(SNAPSHOTS)).toMatchObject([{ pk: { S: 'a' }, sk: { S: 'order' }, version: { N: '10' } }]);
  const from: unknown[] = [];
  world.dynamodb.before = (request, input: any) => {
    if (request === 'query') from.push(input.ExpressionAttributeValues[':from'].S);
  };
  expect(await orders.load('a')).toMatchObject({ version: 10, state: { open: 10 } });
  expect(from).toEqual(['0000000000000011']);
});

test('an older snapshot does not replace a newer one', async () => {
  const world = new World();
  const log = world.open();
  await log.append('a', [added(1), added(2)], { expectedVersion: 0 });
  const orders = log.aggregate({ ...options, snapshotEvery: 1 });
  let first = true;
  world.dynamodb.before = async (request) => {
    // Before it writes what it has, another is faster.
    if (request !== 'put' || !first) return;
    first = false;
    await world.open().append('a', [added(3)], { expectedVersion: 2 });
    await world
      .open()
      .aggregate({ ...options, snapshotEvery: 1 })
      .load('a');
  };
  expect(await orders.load('a')).toMatchObject({ version: 2 });
  expect(world.dynamodb.rows(SNAPSHOTS)[0]).toMatchObject({ version: { N: '3' } });
  expect(world.lines).toEqual([]);
});

test.each([
  ['cannot be read', 'get'],
  ['cannot be kept', 'put'],
])('a snapshot that %s costs a line in the log, nothing else', async (_, request) => {
  const world = new World();
  const log = world.open();
  await log.append('a', [added(1)], { expectedVersion: 0 });
  world.dynamodb.before = (asked) => {
    if (asked === request) throw new Error('no');
  };
  expect(await log.aggregate({ ...options, snapshotEvery: 1 }).load('a')).toMatchObject({ version: 1 });
  expect(world.lines).toMatchObject([{ level: 'warn', fields: { streamId: 'a', aggregate: 'order' } }]);
});

test('a function that only reads keeps no snapshots', async () => {
  const world = new World();
  const { eventLogOn } = await import('../../../lambda/runtime/event-log/event-log');
  await world.open().append('a', [added(1)], { expectedVersion: 0 });
  const env = { ASYNC_EVENT_LOG_ORDERS: JSON.stringify({ table: 'log', snapshots: SNAPSHOTS }) };
  const log = eventLogOn<Events>(world.edge(0, env), 'orders');
  await log.aggregate({ ...options, snapshotEvery: 1 }).load('a');
  expect(world.dynamodb.rows(SNAPSHOTS)).toEqual([]);
});

test.each([
  [{ snapshotEvery: 0 }, /snapshotEvery 0/],
  [{ snapshotEvery: 1.5 }, /snapshotEvery 1.5/],
  [{ snapshotEvery: 5, name: undefined }, /without a name/],
  [{ snapshotEvery: 5, name: '' }, /without a name/],
])('%j is refused', (wrong, message) => {
  expect(() => new World().open().aggregate({ ...options, ...wrong })).toThrow(message);
});

describe('execute', () => {
  test('decides on the state, appends to its version, and returns what came of it', async () => {
    const log = new World().open();
    const orders = log.aggregate({ initial, reducer });
    const seen: number[] = [];
    for (const cents of [5, 7]) {
      await orders.execute('a', (state, version) => {
        seen.push(state.open, version);
        return [added(cents)];
      });
    }
    expect(seen).toEqual([0, 0, 5, 1]);
    expect(await orders.load('a')).toMatchObject({ version: 2, state: { open: 12 } });
  });

  test('decides again when others were faster', async () => {
    const world = new World();
    const orders = world.open().aggregate({ initial, reducer });
    const seen: number[] = [];
    const result = await orders.execute('a', async (state) => {
      seen.push(state.open);
      if (seen.length <= 3) await world.open().append('a', [added(1)], { expectedVersion: seen.length - 1 });
      return [added(10)];
    });
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(result).toMatchObject({ version: 4, state: { open: 13 } });
  });

  test('gives up after as many attempts as it may have', async () => {
    const world = new World();
    const orders = world.open().aggregate({ initial, reducer });
    const busy = orders.execute(
      'a',
      async (_, version) => {
        await world.open().append('a', [added(1)], { expectedVersion: version });
        return [added(10)];
      },
      { attempts: 3 },
    );
    expect(await thrown(busy)).toBeInstanceOf(VersionConflictError);
    expect(world.versions('a')).toEqual([1, 2, 3]);
  });

  test('with the name of an append decides once, whatever became of the reply', async () => {
    const world = new World();
    let decided = 0;
    const add = () =>
      world
        .open()
        .aggregate({ initial, reducer })
        .execute(
          'a',
          ({ open }) => {
            decided++;
            if (open > 0) throw new Error('not a second time');
            return [added(5)];
          },
          { appendId: 'message-1' },
        );
    world.dynamodb.after = (request) => {
      if (request === 'transact') throw new Error('lost');
    };
    await expect(add()).rejects.toThrow('lost');
    world.dynamodb.after = () => {};
    expect(await add()).toMatchObject({ version: 1, state: { open: 5 } });
    expect(decided).toBe(1);
  });

  test('may decide that nothing happens, and what it throws comes through', async () => {
    const world = new World();
    const orders = world.open().aggregate({ initial, reducer });
    expect(await orders.execute('a', () => [])).toEqual({ state: initial, version: 0 });
    await expect(
      orders.execute('a', () => {
        throw new Error('not for sale');
      }),
    ).rejects.toThrow('not for sale');
    expect(world.versions('a')).toEqual([]);
  });
});

test('with snapshots, upcasters and crashes it is what a plain fold makes of all events', async () => {
  const steps = fc.array(
    fc.record({
      form: fc.nat(2),
      sizes: fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }),
      crash: fc.constantFrom('none', 'none', 'put', 'after put', 'get', 'query'),
      every: fc.integer({ min: 1, max: 7 }),
    }),
    { minLength: 1, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.integer(), fc.constantFrom(1, 3, 1_000), async (plan, seed, pageSize) => {
      const world = new World();
      world.dynamodb.pageSize = pageSize;
      const random = seededRandom(seed);
      let plain = initial;
      let version = 0;
      for (const { form, sizes, crash, every } of plan) {
        const events = sizes.map((francs) => {
          const draw = random();
          if (draw < 0.7) return { type: 'Added', data: inForm(form, francs), cents: francs * 100 };
          return draw < 0.9
            ? { type: 'Paid', data: { cents: francs }, cents: francs }
            : { type: 'Placed', data: { customer: `c-${francs}` } };
        });
        await world
          .open<any>(FORMS[form])
          .append('a', events.map(({ type, data }) => ({ type, data })) as any, { expectedVersion: version });
        for (const { type, data, cents } of events as any[]) {
          plain = reducer(plain, { type, data: type === 'Added' ? { cents } : data, version: ++version });
        }
        // A process that dies at a request while it loads; another one loads then.
        const dies = (at: string) => (request: string) => {
          if (crash === at.replace('at', request)) throw new Error('died');
        };
        world.dynamodb.before = dies('at');
        world.dynamodb.after = dies('after at');
        const load = () =>
          world
            .open<any>(FORMS[2])
            .aggregate<State>({ ...options, reducer: reducer as any, snapshotEvery: every })
            .load('a');
        await load().catch((error) => expect(error.message).toBe('died'));
        world.dynamodb.before = () => {};
        world.dynamodb.after = () => {};
        expect(await load()).toEqual({ state: plain, version });
      }
    }),
    { numRuns: 200 },
  );
}, 60_000);
