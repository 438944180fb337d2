import { run } from '../../../bin/cli/run';
import { deployed, FakeWorld } from './fake-aws';

const errors: string[] = [];
beforeEach(() => {
  errors.length = 0;
  jest.spyOn(console, 'error').mockImplementation((line) => void errors.push(line));
});
afterEach(() => jest.restoreAllMocks());

const OPEN = {
  id: 'r1',
  subscriber: 'Totals',
  state: 'open',
  to: '2026-11-24T12:01:00.000Z',
  rate: 100,
  sent: 0,
  passed: 0,
};

const shop = (reply: unknown = OPEN): FakeWorld => {
  const world = new FakeWorld();
  deployed(world.aws, { kind: 'EventLog', path: 'Shop/Log', resources: { replayer: 'replayer-fn', table: 'events' } });
  world.aws.invokeReply.payload = JSON.stringify(reply);
  return world;
};
const cli = (world: FakeWorld, ...args: string[]): Promise<number> => run(args, () => world);
const asked = (world: FakeWorld): unknown[] => world.aws.invoked.map(({ fn, payload }) => [fn, JSON.parse(payload)]);

describe('replay start', () => {
  test.each<[string, string[], object]>([
    ['all events to one', ['--subscriber', 'Totals'], { subscriber: 'Totals' }],
    [
      'since some time ago',
      ['--subscriber', '*', '--from', '6h'],
      { subscriber: '*', from: '2026-11-24T06:00:00.000Z' },
    ],
    [
      'of a time',
      ['--subscriber', 'Totals', '--from', '2026-11-01', '--to', '2026-11-02T03:00:00Z'],
      { subscriber: 'Totals', from: '2026-11-01T00:00:00.000Z', to: '2026-11-02T03:00:00.000Z' },
    ],
    [
      'some types, slowly',
      ['--subscriber', 'Totals', '--types', 'Placed,Paid', '--rate', '0.5'],
      { subscriber: 'Totals', types: ['Placed', 'Paid'], rate: 0.5 },
    ],
  ])('asks the replayer for %s', async (_, options, expected) => {
    const world = shop();
    expect(await cli(world, 'replay', 'start', 'Shop/Log', ...options)).toBe(0);
    expect(asked(world)).toEqual([['replayer-fn', { action: 'replay', ...expected }]]);
    expect(world.lines).toEqual([
      'ID  SUBSCRIBER  STATE  EVENTS                                 SENT  PASSED  ERROR',
      'r1  Totals      open   the first .. 2026-11-24T12:01:00.000Z  0     0/?     -',
    ]);
  });

  test('follows it to its end', async () => {
    const world = shop();
    let looks = 0;
    world.aws.after = () => {
      const state = ++looks < 3 ? 'open' : 'done';
      world.aws.invokeReply = { payload: JSON.stringify({ ...OPEN, state, passed: looks }), functionError: undefined };
    };
    expect(await cli(world, 'replay', 'start', 'Shop/Log', '--subscriber', 'Totals', '-f', '--json')).toBe(0);
    expect(world.json).toMatchObject({ path: 'Shop/Log', id: 'r1', state: 'done' });
    expect(asked(world).slice(1)).toEqual(Array(looks - 1).fill(['replayer-fn', { action: 'status', id: 'r1' }]));
    expect(world.slept).toBeGreaterThan(0);
  });

  test('says why the replayer does not take it', async () => {
    const world = shop();
    world.aws.invokeReply = { payload: '{"errorMessage":"subscriber: got X"}', functionError: 'Unhandled' };
    expect(await cli(world, 'replay', 'start', 'Shop/Log', '--subscriber', 'X')).toBe(1);
    expect(errors[0]).toBe('Shop/Log: subscriber: got X');
  });
});

test.each(['status', 'cancel'])('replay %s asks for the one', async (action) => {
  const world = shop();
  expect(await cli(world, 'replay', action, 'Shop/Log', 'r1', '--json')).toBe(0);
  expect(asked(world)).toEqual([['replayer-fn', { action, id: 'r1' }]]);
  expect(world.json).toEqual({ path: 'Shop/Log', ...OPEN });
});

test('a replay that has failed is an exit code', async () => {
  const world = shop({ ...OPEN, state: 'failed', error: 'no such subscriber' });
  expect(await cli(world, 'replay', 'status', 'Shop/Log', 'r1')).toBe(1);
  expect(world.lines[1]).toMatch(/no such subscriber$/);
});

test('replay list shows all', async () => {
  const world = shop([OPEN, { ...OPEN, id: 'r2', state: 'done', total: 7, passed: 7, sent: 5 }]);
  expect(await cli(world, 'replay', 'list', 'Shop/Log')).toBe(0);
  expect(world.lines).toHaveLength(3);
  expect(world.lines[2]).toMatch(/^r2 .*5 +7\/7/);
});

test.each<[string[], number, RegExp]>([
  [['replay', 'explode', 'Shop/Log'], 2, /^replay: got explode, expected one of start, status, list, cancel$/],
  [['replay', 'start', 'Shop/Log'], 2, /^replay start: got no --subscriber/],
  [['replay', 'start', 'Shop/Log', 'r1', '--subscriber', '*'], 2, /^replay start: got r1, expected none/],
  [['replay', 'status', 'Shop/Log'], 2, /^replay status: got no id/],
  [['replay', 'start', 'Shop/Log', '--subscriber', '*', '--from', 'yesterday'], 2, /^--from: got yesterday/],
  [['replay', 'start', 'Shop/Log', '--subscriber', '*', '--rate', '0'], 2, /^--rate: got 0/],
  [['replay', 'list', 'Shop/Orders'], 1, /^Shop\/Orders: got AsyncWorker, expected a pattern with an event log/],
])('%p is refused', async (args, code, message) => {
  const world = shop();
  expect(await cli(world, ...args)).toBe(code);
  expect(errors[0]).toMatch(message);
  expect(world.aws.invoked).toEqual([]);
});
