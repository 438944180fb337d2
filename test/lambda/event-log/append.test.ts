import { InvalidEventError, VersionConflictError } from '../../../lambda/runtime';
import { CONNECTED } from '../fake-edge';
import { cancelled, LOG } from './fake-table';
import { added, all, thrown, World } from './world';

const many = (count: number) => Array.from({ length: count }, (_, i) => added(i));
const lost = () => Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });

test('an event gets the next version, a time, an id and a correlation', async () => {
  const world = new World();
  const log = world.open();
  expect(await log.append('order-1', [added(5)], { expectedVersion: 'none' })).toEqual({ version: 1, repeated: false });
  expect(await all(log.read('order-1'))).toEqual([
    {
      streamId: 'order-1',
      version: 1,
      type: 'Added',
      data: { cents: 5 },
      id: 'uuid-2-0',
      at: '2026-11-24T10:00:00.000Z',
      correlationId: 'uuid-1',
      schemaVersion: 1,
    },
  ]);
});

test('events of one append come in their order, all with one correlation', async () => {
  const log = new World().open();
  await log.append('a', many(3), { expectedVersion: 0, correlationId: 'c', causationId: 'm' });
  const read = await all(log.read('a'));
  expect(read.map(({ version, data }) => [version, data])).toEqual([1, 2, 3].map((v) => [v, { cents: v - 1 }]));
  expect(new Set(read.map(({ correlationId, causationId }) => `${correlationId} ${causationId}`))).toEqual(
    new Set(['c m']),
  );
});

test('on behalf of a message it carries on the correlation, and names the message as cause', async () => {
  const log = new World().open();
  const message = { messageId: 'm-1', attributes: { CorrelationId: 'c-1' } };
  await log.with(message).append('a', [added(1)], { expectedVersion: 0 });
  expect(await all(log.read('a'))).toMatchObject([{ correlationId: 'c-1', causationId: 'm-1' }]);
});

describe('at another version than expected', () => {
  const at3 = async () => {
    const world = new World();
    await world.open().append('a', many(3), { expectedVersion: 0 });
    return world;
  };

  test.each([
    ['none', 'none' as const],
    ['an earlier one', 2],
    ['a later one, which would leave a gap', 7],
  ])('expecting %s it is a conflict that says where the stream is', async (_, expectedVersion) => {
    const world = await at3();
    // One that has not seen the stream, and one that has.
    const seen = world.open();
    await seen.version('a');
    for (const log of [world.open(), seen]) {
      for (const count of [1, 2, 100]) {
        const error = await thrown(log.append('a', many(count), { expectedVersion }));
        expect(error).toBeInstanceOf(VersionConflictError);
        expect(error).toMatchObject({ streamId: 'a', expectedVersion, currentVersion: 3 });
      }
    }
    expect(world.versions('a')).toEqual([1, 2, 3]);
  });

  test('the version that the conflict told is the one to go on from', async () => {
    const world = await at3();
    const log = world.open();
    const { currentVersion } = await thrown(log.append('a', [added(1)], { expectedVersion: 1 }));
    expect(await log.append('a', [added(1)], { expectedVersion: currentVersion })).toMatchObject({ version: 4 });
  });

  test("'any' goes on from wherever the stream is", async () => {
    const world = await at3();
    const log = world.open();
    await log.version('a');
    await world.open().append('a', many(2), { expectedVersion: 3 });
    expect(await log.append('a', many(2), { expectedVersion: 'any' })).toMatchObject({ version: 7 });
    expect(world.versions('a')).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("'any' gives up when others are faster twenty times", async () => {
    const world = await at3();
    const other = world.open();
    let depth = 0;
    world.dynamodb.before = async (request, input: any) => {
      if (request !== 'put' || depth > 0) return;
      depth++;
      await other.append('a', [added(0)], { expectedVersion: Number(input.Item.sk.S) - 1 });
      depth--;
    };
    const error = await thrown(world.open().append('a', [added(1)], { expectedVersion: 'any' }));
    expect(error).toMatchObject({ name: 'VersionConflictError', expectedVersion: 'any' });
  });
});

describe('a reply that is lost', () => {
  test.each([1, 3])('with the same append id %i events are not a conflict with themselves', async (count) => {
    const world = new World();
    const log = world.open();
    const append = () => log.append('a', many(count), { expectedVersion: 0, appendId: 'order-1-placed' });
    world.dynamodb.after = (request) => {
      if (request !== 'query') throw lost();
    };
    await expect(append()).rejects.toThrow('socket hang up');
    world.dynamodb.after = () => {};
    expect(await append()).toEqual({ version: count, repeated: true });
    // Also later, when others have gone on, and in another process.
    await world.open().append('a', [added(9)], { expectedVersion: count });
    expect(await append()).toEqual({ version: count, repeated: true });
    expect(world.versions('a')).toHaveLength(count + 1);
  });

  test('with the ids of the events it is the same', async () => {
    const world = new World();
    await world.open().append('a', [added(1, 'e-1'), added(2, 'e-2')], { expectedVersion: 0 });
    const again = world.open().append('a', [added(1, 'e-1'), added(2, 'e-2')], { expectedVersion: 0 });
    expect(await again).toEqual({ version: 2, repeated: true });
    const other = world.open().append('a', [added(1, 'e-1'), added(2, 'e-3')], { expectedVersion: 0 });
    await expect(other).rejects.toThrow(VersionConflictError);
  });

  test.each(['any' as const, 2, 7])('an append id is found wherever it is, expecting %s', async (expectedVersion) => {
    const world = new World();
    const append = (expected: number | 'any') =>
      world.open().append('a', many(2), { expectedVersion: expected, appendId: 'x' });
    expect(await append('any')).toEqual({ version: 2, repeated: false });
    await world.open().append('a', many(5), { expectedVersion: 2 });
    expect(await append(expectedVersion)).toEqual({ version: 2, repeated: true });
    expect(world.versions('a')).toHaveLength(7);
    // The mark is no event.
    expect(await all(world.open().read('a'))).toHaveLength(7);
    expect(await world.open().version('a')).toBe(7);
  });
});

describe('requests', () => {
  test('one event to a new stream, or to one that was seen, is one put without a transaction', async () => {
    const world = new World();
    const log = world.open();
    await log.append('a', [added(1)], { expectedVersion: 0 });
    await log.append('a', [added(1)], { expectedVersion: 1 });
    expect(world.dynamodb.requests).toEqual(['put', 'put']);
  });

  test('to a stream that was not seen it is one transaction, which checks that there is no gap', async () => {
    const world = new World();
    await world.open().append('a', [added(1)], { expectedVersion: 0 });
    await world.open().append('a', [added(1)], { expectedVersion: 1 });
    expect(world.dynamodb.requests).toEqual(['put', 'transact']);
  });

  test('100 events leave no room for the check: the stream is looked at before', async () => {
    const world = new World();
    await world.open().append('a', [added(1)], { expectedVersion: 0 });
    await world.open().append('a', many(100), { expectedVersion: 1 });
    expect(world.dynamodb.requests).toEqual(['put', 'query', 'transact']);
    expect(world.versions('a')).toHaveLength(101);
  });

  test.each([
    ['TransactionConflict', () => cancelled(['None', 'TransactionConflict'])],
    ['throttling', () => cancelled(['ThrottlingError', 'None'])],
    ['a transaction under way', () => Object.assign(new Error('busy'), { name: 'TransactionInProgressException' })],
  ])('%s is tried again', async (_, error) => {
    const world = new World();
    let left = 3;
    world.dynamodb.before = (request) => {
      if (request === 'transact' && left-- > 0) throw error();
    };
    expect(await world.open().append('a', many(2), { expectedVersion: 0 })).toMatchObject({ version: 2 });
    expect(world.time).toBeGreaterThan(Date.parse('2026-11-24T10:00:00.000Z'));
  });

  test('for twenty times, and then it says so', async () => {
    const world = new World();
    let tries = 0;
    world.dynamodb.before = () => {
      tries++;
      throw cancelled(['TransactionConflict', 'None']);
    };
    const error = await thrown(world.open().append('a', many(2), { expectedVersion: 0 }));
    expect(error).not.toBeInstanceOf(VersionConflictError);
    expect(error.message).toMatch(/not appended in 20 attempts/);
    expect(tries).toBe(20);
  });

  test('what DynamoDB refuses for another reason is thrown as it is', async () => {
    const world = new World();
    world.dynamodb.before = () => {
      throw Object.assign(new Error('not yours'), { name: 'AccessDeniedException' });
    };
    await expect(world.open().append('a', [added(1)], { expectedVersion: 0 })).rejects.toThrow('not yours');
    await expect(world.open().append('a', many(2), { expectedVersion: 0 })).rejects.toThrow('not yours');
  });
});

test('times never go back within a stream, however clocks differ', async () => {
  const world = new World();
  await world.open({}, 5_000).append('a', [added(1)], { expectedVersion: 0 });
  const behind = world.open({}, -5_000);
  await behind.append('a', many(2), { expectedVersion: 1 });
  await behind.append('a', [added(3)], { expectedVersion: 3 });
  const times = (await all(behind.read('a'))).map(({ at }) => at);
  expect(times).toEqual(Array.from({ length: 4 }, () => '2026-11-24T10:00:05.000Z'));
});

describe('refused, since it could never be', () => {
  const large = (bytes: number) => ({ type: 'Placed' as const, data: { customer: 'x'.repeat(bytes) } });
  test.each<[string, string, any[], object, RegExp]>([
    ['no events', 'a', [], {}, /events: got 0, expected 1 to 100/],
    ['101 events', 'a', many(101), {}, /events: got 101/],
    ['no stream', '', [added(1)], {}, /streamId: got 0 characters/],
    ['a stream with a space', 'a b', [added(1)], {}, /streamId/],
    ['a stream of 101 characters', 'a'.repeat(101), [added(1)], {}, /streamId: got 101/],
    ['no type', 'a', [{ data: 1 }], {}, /type: got undefined/],
    ['a type of 129 characters', 'a', [{ type: 't'.repeat(129), data: 1 }], {}, /type: got 129/],
    ['an empty id', 'a', [{ ...added(1), id: '' }], {}, /id: got 0/],
    ['an id twice', 'a', [added(1, 'x'), added(2, 'x')], {}, /id: got x twice/],
    ['no data', 'a', [{ type: 'Added' }], {}, /data of Added: got undefined/],
    ['data that JSON cannot hold', 'a', [{ type: 'Added', data: 1n }], {}, /data of Added/],
    ['a key that pollutes', 'a', [{ type: 'Added', data: JSON.parse('{"a":{"__proto__":1}}') }], {}, /key __proto__/],
    ['more than SNS delivers', 'a', [large(261_000)], {}, /event 0, Placed: got 26\d{4} bytes, expected 260096/],
    ['4 MiB in all', 'a', Array.from({ length: 20 }, () => large(220_000)), {}, /expected 4194304 at most/],
    ['a negative version', 'a', [added(1)], { expectedVersion: -1 }, /expectedVersion: got -1/],
    ['half a version', 'a', [added(1)], { expectedVersion: 1.5 }, /expectedVersion: got 1.5/],
    ['no expectation', 'a', [added(1)], { expectedVersion: undefined }, /expectedVersion: got undefined/],
    ['an empty append id', 'a', [added(1)], { appendId: '' }, /appendId: got 0/],
    ['an empty correlation', 'a', [added(1)], { correlationId: '' }, /correlationId/],
    ['100 events that take a mark', 'a', many(100), { appendId: 'x' }, /expected 99 at most/],
  ])('%s', async (_, stream, events, options, message) => {
    const world = new World();
    const error = await thrown(world.open().append(stream, events, { expectedVersion: 0, ...options }));
    expect(error).toBeInstanceOf(InvalidEventError);
    expect(error.message).toMatch(message);
    expect(world.dynamodb.rows(LOG)).toEqual([]);
  });

  test.each([
    ['the largest stream, type and id', 'a'.repeat(100), [{ type: 't'.repeat(128), data: null, id: 'i'.repeat(128) }]],
    ['the largest event', 'a', [large(259_800)]],
    ['one that JSON escapes to the largest', 'a', [{ type: 'Placed', data: { customer: '\u0001'.repeat(43_000) } }]],
    ['100 events', 'a', many(100)],
    ['a text that looks like such a key', 'a', [{ type: 'Added', data: '__proto__' }]],
  ])('but not %s', async (_, stream, events) => {
    const log = new World().open<any>();
    expect(await log.append(stream, events, { expectedVersion: 0 })).toMatchObject({ version: events.length });
  });
});

test('a name without a connection says what to add', async () => {
  const { eventLogOn } = await import('../../../lambda/runtime/event-log/event-log');
  const log = eventLogOn({ ...new World().edge(), env: CONNECTED }, 'OrderLog');
  await expect(log.version('a')).rejects.toThrow(
    /log OrderLog: got no environment variable ASYNC_EVENT_LOG_ORDER_LOG.*log\.connectWriter\(fn, 'OrderLog'\)/,
  );
});
