import { run } from '../../../bin/cli/run';
import { deployed, FakeWorld } from './fake-aws';

const errors: string[] = [];
beforeEach(() => {
  errors.length = 0;
  jest.spyOn(console, 'error').mockImplementation((line) => void errors.push(line));
});
afterEach(() => jest.restoreAllMocks());

const MINUTE = 60_000;
const SPEC = { name: 'Shop/Api', table: 'jobs', queue: { queueUrl: 'q', fifo: false }, retention: 3600 };

const shop = (): FakeWorld => {
  const world = new FakeWorld();
  deployed(world.aws, {
    kind: 'AsyncApi',
    path: 'Shop/Api',
    resources: { function: 'api-fn', table: 'jobs', logGroup: 'api-log' },
  });
  world.aws.environments.set('api-fn', { ASYNC_JOBS_API: JSON.stringify(SPEC) });
  return world;
};
const cli = (world: FakeWorld, ...args: string[]): Promise<number> => run(args, () => world);

/** A job that was accepted so long ago. */
const job = (world: FakeWorld, id: string, state: string, ago: number, more: object = {}): void => {
  const created = world.aws.time - ago;
  world.aws.rows.set(id, {
    pk: { S: id },
    state: { S: state },
    owner: { S: 'user:1' },
    hash: { S: 'h' },
    created: { N: String(created) },
    changed: { N: String(created) },
    expires: { N: String(created + 60 * MINUTE) },
    sendBy: { N: '0' },
    run: { S: state === 'accepted' ? '' : 'run-1' },
    lease: { N: '0' },
    attempt: { N: state === 'accepted' ? '0' : '1' },
    ...more,
  });
};

const withFive = (): FakeWorld => {
  const world = shop();
  job(world, 'a', 'accepted', MINUTE);
  job(world, 'b', 'running', 3 * MINUTE, { progress: { N: '0.25' } });
  job(world, 'c', 'failed', 2 * MINUTE, {
    problem: { S: JSON.stringify({ type: 'x', title: 'The job has failed', detail: 'no such order' }) },
  });
  job(world, 'd', 'running', 61 * MINUTE);
  job(world, 'e', 'succeeded', 5 * MINUTE, { result: { S: '{"sum":3}' } });
  return world;
};

describe('jobs list', () => {
  test('shows the newest first, and those that are expired as such though nobody has noticed', async () => {
    const world = withFive();
    expect(await cli(world, 'jobs', 'list', 'Shop/Api')).toBe(0);
    expect(world.lines).toEqual([
      'ID  STATE      AGE    CHANGED  ATTEMPT  PROGRESS  PROBLEM',
      'a   accepted   1m     1m       0        -         -',
      'c   failed     2m     2m       1        -         no such order',
      'b   running    3m     3m       1        25%       -',
      'e   succeeded  5m     5m       1        -         -',
      'd   expired    1h 1m  1h 1m    1        -         The job was not finished in time',
    ]);
    expect(world.aws.rows.get('d')!.state).toEqual({ S: 'running' });
  });

  test.each<[string, string[], string[]]>([
    ['all', [], ['a', 'c', 'b', 'e', 'd']],
    ['by state', ['--state', 'running'], ['b']],
    ['those that have expired unnoticed', ['--state', 'expired'], ['d']],
    ['so many', ['-n', '2'], ['a', 'c']],
    ['so many of a state', ['--state', 'succeeded', '-n', '1'], ['e']],
  ])('as JSON: %s', async (_, options, expected) => {
    const world = withFive();
    expect(await cli(world, 'jobs', 'list', 'Shop/Api', '--json', ...options)).toBe(0);
    expect(world.json.path).toBe('Shop/Api');
    expect(world.json.jobs.map(({ id }: { id: string }) => id)).toEqual(expected);
  });
});

describe('jobs get', () => {
  test('shows the job with its result', async () => {
    const world = withFive();
    expect(await cli(world, 'jobs', 'get', 'Shop/Api', 'e', '--json')).toBe(0);
    expect(world.json).toMatchObject({
      path: 'Shop/Api',
      id: 'e',
      status: 'succeeded',
      result: { sum: 3 },
      owner: 'user:1',
      attempt: 1,
    });
  });

  test('says where a large result lies', async () => {
    const world = shop();
    job(world, 'f', 'succeeded', MINUTE, { stored: { S: '{"bucket":"b","key":"k","size":7}' } });
    await cli(world, 'jobs', 'get', 'Shop/Api', 'f');
    expect(world.lines).toContain('resultIn: {"bucket":"b","key":"k","size":7}');
  });

  test('of one that is not there fails', async () => {
    expect(await cli(shop(), 'jobs', 'get', 'Shop/Api', 'nobody')).toBe(1);
    expect(errors[0]).toMatch(/^Shop\/Api: got nobody, expected the id of a job/);
  });
});

describe('jobs cancel', () => {
  test.each(['a', 'b'])('ends one that has not ended: %s', async (id) => {
    const world = withFive();
    expect(await cli(world, 'jobs', 'cancel', 'Shop/Api', id, '--json')).toBe(0);
    expect(world.json).toMatchObject({ id, status: 'cancelled' });
    expect(world.aws.rows.get(id)).toMatchObject({
      state: { S: 'cancelled' },
      ttl: { N: String(world.aws.time / 1000 + SPEC.retention) },
    });
  });

  test.each([
    ['c', 'failed'],
    ['d', 'expired'],
    ['e', 'succeeded'],
  ])('leaves one that has, and says so: %s', async (id, state) => {
    const world = withFive();
    expect(await cli(world, 'jobs', 'cancel', 'Shop/Api', id)).toBe(1);
    expect(world.notes).toEqual([`it has ended before: ${state}`]);
    expect(world.aws.rows.get(id)!.state).toEqual({ S: state });
  });

  test('one that ends at that moment has ended', async () => {
    const world = withFive();
    world.aws.before = (call) => {
      if (call === 'updateItem') job(world, 'b', 'succeeded', 3 * MINUTE);
    };
    expect(await cli(world, 'jobs', 'cancel', 'Shop/Api', 'b')).toBe(1);
    expect(world.notes).toEqual(['it has ended before: succeeded']);
  });
});

test.each([
  [['jobs', 'explode', 'Shop/Api'], 2, 'jobs: got explode, expected one of list, get, cancel'],
  [['jobs', 'get', 'Shop/Api'], 2, 'jobs get: got no id, expected the id of a job'],
  [['jobs', 'list', 'Shop/Api', 'x'], 2, 'jobs list: got x, expected none'],
  [
    ['jobs', 'list'],
    2,
    'jobs: got 1 arguments, expected 2 or 3: cdk-async jobs <list|get|cancel> <stack>/<API> [<id>]',
  ],
  [['jobs', 'list', 'Shop/Api', '--state', 'dead'], 2, /^--state: got dead, expected one of accepted, /],
  [['jobs', 'list', 'Shop/Orders'], 1, 'Shop/Orders: got AsyncWorker, expected an AsyncApi'],
])('%p is refused', async (args, code, message) => {
  expect(await cli(shop(), ...args)).toBe(code);
  if (typeof message === 'string') expect(errors[0]).toBe(message);
  else expect(errors[0]).toMatch(message);
});
