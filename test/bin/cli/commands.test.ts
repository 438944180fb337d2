import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../bin/cli/run';
import { DLQ, deployed, type FakeAws, FakeWorld, QUEUE } from './fake-aws';

const HOUR = 3_600_000;
const errors: string[] = [];
const logs: string[] = [];
beforeEach(() => {
  errors.length = 0;
  logs.length = 0;
  jest.spyOn(console, 'error').mockImplementation((line) => void errors.push(line));
  jest.spyOn(console, 'log').mockImplementation((line) => void logs.push(line));
});
afterEach(() => jest.restoreAllMocks());

const shop = (): FakeWorld => {
  const world = new FakeWorld();
  deployed(world.aws);
  return world;
};
const cli = (world: FakeWorld, ...args: string[]): Promise<number> => run(args, () => world);

/** A letter of our runtime's. */
const dead = (aws: FakeAws, id: string, reason: string, ago: number, url = DLQ, groupId?: string): void => {
  const context = {
    messageId: `was-${id}`,
    receiveCount: 5,
    sentTimestamp: aws.time - ago - HOUR,
    deadTimestamp: aws.time - ago,
    attributes: { folded: { dataType: 'Binary', binaryValue: Buffer.from('eleventh').toString('base64') } },
  };
  aws.put(
    url,
    {
      MessageId: id,
      Body: JSON.stringify({ order: id }),
      MessageAttributes: {
        DeadLetterReason: { DataType: 'String', StringValue: reason },
        DeadLetterContext: { DataType: 'String', StringValue: JSON.stringify(context) },
        CorrelationId: { DataType: 'String', StringValue: `c-${id}` },
      },
      Attributes: { AWSTraceHeader: 'Root=1', SentTimestamp: String(aws.time - ago) },
    },
    groupId,
  );
};

const withThree = (): FakeWorld => {
  const world = shop();
  dead(world.aws, 'a', 'empty order', HOUR);
  dead(world.aws, 'b', 'retries exhausted after 5 receives: TypeError: x', 3 * HOUR);
  world.aws.put(DLQ, { MessageId: 'c', Body: 'no json', Attributes: { SentTimestamp: String(world.aws.time - HOUR) } });
  return world;
};

describe('ls', () => {
  test('lists what the template says, with what waits and what is dead', async () => {
    const world = withThree();
    world.aws.put(QUEUE, { Body: '1' });
    expect(await cli(world, 'ls', 'Shop')).toBe(0);
    expect(world.lines).toEqual([
      'KIND            PATH             WAITING  IN FLIGHT  DEAD  INTAKE',
      'AsyncWorker     Shop/Orders      1        0          3     Enabled',
      'AsyncWorker     Shop/Shipments   0        0          0     -',
      'AsyncFunction   Shop/Thumbnails  -        -          0     -',
      'CircuitBreaker  Shop/Provider    -        -          -     -',
      'FanOutTopic     Shop/Events      -        -          -     -',
    ]);
  });

  test('as JSON', async () => {
    const world = withThree();
    await cli(world, 'ls', 'Shop', '--json');
    expect(world.json[0]).toEqual({
      kind: 'AsyncWorker',
      path: 'Shop/Orders',
      resources: {
        queue: QUEUE,
        deadLetterQueue: DLQ,
        mapping: 'mapping-1',
        function: 'orders-fn',
        logGroup: 'orders-log',
      },
      waiting: 0,
      inFlight: 0,
      dead: 3,
      state: 'Enabled',
    });
  });

  test('looks into nested stacks', async () => {
    const world = shop();
    world.aws.stackResources.set('Outer', [
      { logicalId: 'Nested', physicalId: 'Shop', type: 'AWS::CloudFormation::Stack' },
    ]);
    await cli(world, 'ls', 'Outer', '--json');
    expect(world.json).toHaveLength(5);
  });

  test.each([
    ['of somebody else', '{}'],
    ['in YAML', 'Resources:\n'],
  ])('finds nothing in a template %s', async (_, template) => {
    const world = new FakeWorld();
    world.aws.templates.set('Shop', template);
    await cli(world, 'ls', 'Shop', '--json');
    expect(world.json).toEqual([]);
  });

  test('refuses an inventory of a later version', async () => {
    const world = new FakeWorld();
    world.aws.templates.set('Shop', JSON.stringify({ Metadata: { 'cdk-async-patterns': { version: 2 } } }));
    expect(await cli(world, 'ls', 'Shop')).toBe(1);
    expect(errors[0]).toMatch(/a version of cdk-async-patterns that this one does not know: 2/);
  });
});

describe('a target', () => {
  test.each([
    ['Shop/Nothing', /got no such pattern in the stack Shop, expected one of Shop\/Orders, Shop\/Shipments/],
    ['Shop', /got no such pattern/],
    [
      'Shop/Events',
      /Shop\/Events: got FanOutTopic, expected a pattern with a dead-letter queue of its own in this stack/,
    ],
  ])('%s is refused', async (target, message) => {
    expect(await cli(shop(), 'peek', target)).toBe(1);
    expect(errors[0]).toMatch(message);
  });

  test('that two patterns have is refused, and the whole path is not', async () => {
    const world = withThree();
    const inventory = JSON.parse(world.aws.templates.get('Shop')!);
    const { patterns } = inventory.Metadata['cdk-async-patterns'];
    patterns.push({ ...patterns[1], path: 'Shop/Deep/Orders' });
    world.aws.templates.set('Shop', JSON.stringify(inventory));
    expect(await cli(world, 'peek', 'Orders', '--stack', 'Shop')).toBe(1);
    expect(errors[0]).toMatch(/got 2 patterns of that name, expected one of Shop\/Orders, Shop\/Deep\/Orders/);
    expect(await cli(world, 'peek', 'Shop/Orders', '--stack', 'Shop')).toBe(0);
  });

  test('may be relative to a stack whose name is not its path', async () => {
    const world = withThree();
    world.aws.templates.set('Prod-Shop', world.aws.templates.get('Shop')!);
    world.aws.stackResources.set('Prod-Shop', world.aws.stackResources.get('Shop')!);
    expect(await cli(world, 'peek', 'Orders', '--stack', 'Prod-Shop', '--json')).toBe(0);
    expect(world.json.messages).toHaveLength(3);
  });
});

describe('peek', () => {
  test('shows reasons and attributes, no bodies, and consumes nothing', async () => {
    const world = withThree();
    expect(await cli(world, 'peek', 'Shop/Orders')).toBe(0);
    expect(world.lines).toEqual([
      'a  dead for 1h, sent 2h ago, received 5 times',
      '  reason: empty order',
      '  was: was-a',
      '  folded: 8 bytes',
      '  CorrelationId: c-a',
      'b  dead for 3h, sent 4h ago, received 5 times',
      '  reason: retries exhausted after 5 receives: TypeError: x',
      '  was: was-b',
      '  folded: 8 bytes',
      '  CorrelationId: c-b',
      'c  dead for 1h, sent 1h ago, received 1 times',
      '  reason: no reason given: moved by SQS or SNS',
    ]);
    expect(world.aws.visible(DLQ)).toBe(3);
    expect(world.aws.calls).not.toContain('remove');
  });

  test('shows bodies on request, and is JSON', async () => {
    const world = withThree();
    await cli(world, 'peek', 'Shop/Orders', '--body', '--json', '--reason', 'EMPTY');
    expect(world.json).toEqual({
      path: 'Shop/Orders',
      messages: [
        {
          id: 'a',
          reason: 'empty order',
          deadAt: '2026-11-24T11:00:00.000Z',
          sentAt: '2026-11-24T10:00:00.000Z',
          receiveCount: 5,
          correlationId: 'c-a',
          originalMessageId: 'was-a',
          attributes: { folded: '8 bytes', CorrelationId: 'c-a' },
          body: '{"order":"a"}',
        },
      ],
    });
  });

  test('shows ten of many, or as many as asked for, and puts all back', async () => {
    const world = shop();
    for (let i = 0; i < 35; i++) world.aws.put(DLQ, { Body: String(i) });
    await cli(world, 'peek', 'Shop/Orders', '--json');
    expect(world.json.messages).toHaveLength(10);
    const again = new FakeWorld(world.aws);
    await cli(again, 'peek', 'Shop/Orders', '--json', '-n', '33');
    expect(again.json.messages).toHaveLength(33);
    expect(world.aws.visible(DLQ)).toBe(35);
  });

  test('counts the reasons of all', async () => {
    const world = withThree();
    dead(world.aws, 'd', 'empty order', HOUR);
    await cli(world, 'peek', 'Shop/Orders', '--reasons');
    expect(world.lines[0]).toBe('2 x empty order');
    expect(world.lines).toHaveLength(3);
  });

  test('knows the reason in Lambda’s record of a failed invocation', async () => {
    const world = shop();
    const record = {
      requestContext: { condition: 'RetriesExhausted' },
      requestPayload: {},
      responsePayload: { errorType: 'TypeError', errorMessage: 'x is not' },
    };
    world.aws.put(`${DLQ}-t`, { Body: JSON.stringify(record) });
    await cli(world, 'peek', 'Shop/Thumbnails', '--json');
    expect(world.json.messages[0].reason).toBe('RetriesExhausted: TypeError: x is not');
  });

  test('says when there is nothing', async () => {
    const world = shop();
    await cli(world, 'peek', 'Shop/Orders');
    expect([world.lines, world.notes]).toEqual([[], ['Shop/Orders: nothing of that kind is dead']]);
  });
});

describe('redrive', () => {
  const sentTo = ({ aws }: FakeWorld, url = QUEUE) =>
    aws.queue(url).map(({ message, groupId }) => ({ ...message, groupId }));

  test('sends all as they were: attributes, the displaced ones too, trace, and nothing of ours', async () => {
    const world = withThree();
    expect(await cli(world, 'redrive', 'Shop/Orders')).toBe(0);
    expect(sentTo(world).map(({ Body }) => Body)).toEqual(['{"order":"a"}', '{"order":"b"}', 'no json']);
    expect(sentTo(world)[0]!.MessageAttributes).toEqual({
      folded: { DataType: 'Binary', BinaryValue: Buffer.from('eleventh') },
      CorrelationId: { DataType: 'String', StringValue: 'c-a' },
    });
    expect(sentTo(world)[2]!.MessageAttributes).toBeUndefined();
    expect(world.aws.bodies(DLQ)).toEqual([]);
    expect(world.lines).toEqual([
      'Shop/Orders: 3 sent, 0 left, 0 failed',
      '  1 x empty order',
      '  1 x no reason given: moved by SQS or SNS',
      '  1 x retries exhausted after 5 receives: TypeError: x',
    ]);
    expect(world.bars.at(-1)).toMatch(/^\[#{30}\] 3\/3 100% /);
  });

  test.each([
    ['by reason', ['--reason', 'typeerror'], ['b']],
    ['by a pattern', ['--reason', '/^empty|moved by/'], ['a', 'c']],
    ['older than', ['--older-than', '2h'], ['b']],
    ['newer than', ['--newer-than', '90m'], ['a', 'c']],
    ['both', ['--newer-than', '2h', '--reason', 'empty'], ['a']],
    ['so many', ['--limit', '2'], ['a', 'b']],
    ['none of them', ['--older-than', '7d'], []],
  ])('sends some, %s, and leaves the others in sight', async (_, args, ids) => {
    const world = withThree();
    expect(await cli(world, 'redrive', 'Shop/Orders', '--json', ...args)).toBe(0);
    expect(world.json.sent.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(world.json.left).toBe(3 - ids.length);
    expect(sentTo(world)).toHaveLength(ids.length);
    expect(world.aws.visible(DLQ)).toBe(3 - ids.length);
  });

  test('tries it dry: nothing is sent, nothing is gone', async () => {
    const world = withThree();
    expect(await cli(world, 'redrive', 'Shop/Orders', '--dry-run', '--reason', 'empty')).toBe(0);
    expect(world.lines).toEqual(['Shop/Orders: 1 would be sent, 2 left, 0 failed', '  1 x empty order']);
    expect(sentTo(world)).toEqual([]);
    expect(world.aws.visible(DLQ)).toBe(3);
  });

  test('sends so many a second', async () => {
    const world = shop();
    for (let i = 0; i < 40; i++) world.aws.put(DLQ, { Body: String(i) });
    await cli(world, 'redrive', 'Shop/Orders', '--rate', '5');
    expect(world.slept).toBe(8_000);
  });

  test('keeps the group, and gives FIFO an id of its own by which a repetition is known', async () => {
    const world = shop();
    const url = `${DLQ}.fifo`;
    dead(world.aws, 'a', 'x', HOUR, url, 'customer-1');
    await cli(world, 'redrive', 'Shop/Shipments');
    expect(sentTo(world, `${QUEUE}.fifo`)).toEqual([
      expect.objectContaining({
        groupId: 'customer-1',
        Attributes: expect.objectContaining({ MessageDeduplicationId: 'redrive-a' }),
      }),
    ]);
  });

  test('says what may be seen twice, and fails', async () => {
    const world = withThree();
    world.aws.refuse = (call, id) => call === 'remove' && id === 'b';
    expect(await cli(world, 'redrive', 'Shop/Orders')).toBe(1);
    expect(world.lines.at(-1)).toMatch(/^ {2}may be seen twice, .*: b$/);
  });

  test('that cannot go on says what it did, and what may be seen twice', async () => {
    const world = shop();
    for (let i = 0; i < 100; i++) world.aws.put(DLQ, { MessageId: `id-${i}`, Body: String(i) });
    let receives = 0;
    world.aws.before = (call) => {
      if (call === 'receive' && ++receives > 3) throw Object.assign(new Error('no'), { name: 'AccessDenied' });
      if (call === 'release') throw new Error('no');
    };
    world.aws.refuse = (call, id) => call === 'remove' && id === 'id-7';
    expect(await cli(world, 'redrive', 'Shop/Orders', '--json')).toBe(1);
    expect(world.json).toMatchObject({
      sent: { length: 30 },
      mayBeSeenTwice: ['id-7'],
      stopped: 'AccessDenied: no',
    });
    expect(world.aws.bodies(DLQ)).toHaveLength(71);
  });

  test('interrupted, says that nothing is lost', async () => {
    const world = shop();
    for (let i = 0; i < 100; i++) world.aws.put(DLQ, { Body: String(i) });
    world.aws.before = (call) => {
      if (call === 'send') world.controller.abort();
    };
    expect(await cli(world, 'redrive', 'Shop/Orders')).toBe(130);
    expect(world.notes[0]).toMatch(
      /^interrupted: what was in hand is finished, nothing is lost; nothing may be seen twice/,
    );
    const there = world.aws.bodies(DLQ).length;
    expect(there).toBeGreaterThan(0);
    expect(there + sentTo(world).length).toBe(100);
  });

  describe('with a transform', () => {
    const directory = mkdtempSync(join(tmpdir(), 'transform-'));
    afterAll(() => rmSync(directory, { recursive: true, force: true }));
    const module = (code: string): string => {
      const file = join(directory, `t${Math.random()}.cjs`);
      writeFileSync(file, code);
      return file;
    };

    test('sends what it makes, leaves what it does not want, and what it fails on', async () => {
      const world = withThree();
      const file = module(`module.exports = (message, { reason }) => {
        if (message === 'no json') throw new Error('cannot');
        return reason === 'empty order' ? { ...message, items: ['one'] } : null;
      };`);
      expect(await cli(world, 'redrive', 'Shop/Orders', '--transform', file)).toBe(1);
      expect(world.aws.bodies(QUEUE)).toEqual(['{"order":"a","items":["one"]}']);
      expect(world.aws.visible(DLQ)).toBe(2);
      expect(world.lines[0]).toBe('Shop/Orders: 1 sent, 1 left, 1 failed');
      expect(world.lines.at(-1)).toBe('  not sent, still there: c: cannot be made: cannot');
    });

    test.each([
      ['that is not there', () => join(directory, 'nope.js'), /cannot be loaded/],
      ['that has no function', () => module('module.exports = { a: 1 };'), /got object as the default export/],
    ])('%s is refused before anything is touched', async (_, file, message) => {
      const world = withThree();
      expect(await cli(world, 'redrive', 'Shop/Orders', '--transform', file())).toBe(2);
      expect(errors[0]).toMatch(message);
      expect(world.aws.calls).toEqual([]);
    });

    test('of an asynchronous function changes the payload, and its wrapping stays', async () => {
      const world = shop();
      const record = (requestPayload: unknown) => JSON.stringify({ requestContext: {}, requestPayload });
      world.aws.put(`${DLQ}-t`, { Body: record({ 'cdk-async-patterns': { correlationId: 'c' }, payload: { n: 1 } }) });
      world.aws.put(`${DLQ}-t`, { Body: record({ n: 2 }) });
      world.aws.put(`${DLQ}-t`, { MessageId: 'odd', Body: '{"not":"a record"}' });
      const file = module('module.exports = ({ n }) => ({ n: n * 10 });');
      expect(await cli(world, 'redrive', 'Shop/Thumbnails', '--transform', file)).toBe(1);
      expect(world.aws.invoked).toEqual([
        { fn: 'thumbs', type: 'Event', payload: '{"cdk-async-patterns":{"correlationId":"c"},"payload":{"n":10}}' },
        { fn: 'thumbs', type: 'Event', payload: '{"n":20}' },
      ]);
      expect(world.lines.at(-1)).toMatch(/still there: odd: cannot be made: it is no record of an invocation/);
    });
  });

  test('of an asynchronous function invokes it with the events as they were', async () => {
    const world = shop();
    world.aws.put(`${DLQ}-t`, { Body: JSON.stringify({ requestContext: {}, requestPayload: { id: 1 } }) });
    expect(await cli(world, 'redrive', 'Shop/Thumbnails')).toBe(0);
    expect(world.aws.invoked).toEqual([{ fn: 'thumbs', type: 'Event', payload: '{"id":1}' }]);
    expect(world.aws.bodies(`${DLQ}-t`)).toEqual([]);
  });
});

describe('purge', () => {
  test('asks, and deletes only on the very name', async () => {
    const world = withThree();
    world.answer = 'y';
    expect(await cli(world, 'purge', 'Shop/Orders')).toBe(1);
    expect(world.questions[0]).toMatch(/^Delete 3 messages of Shop\/Orders for good\?/);
    expect(world.aws.bodies(DLQ)).toHaveLength(3);
    world.answer = 'Shop/Orders';
    expect(await cli(world, 'purge', 'Shop/Orders')).toBe(0);
    expect(world.aws.bodies(DLQ)).toEqual([]);
  });

  test('with nobody to ask needs --yes', async () => {
    const world = withThree();
    expect(await cli(world, 'purge', 'Shop/Orders')).toBe(2);
    expect(world.aws.bodies(DLQ)).toHaveLength(3);
    expect(await cli(world, 'purge', 'Shop/Orders', '--yes', '--json')).toBe(0);
    expect(world.json).toEqual({ path: 'Shop/Orders', purged: 3 });
  });
});

describe('pause and resume', () => {
  test('change the mapping and wait until it has changed', async () => {
    const world = shop();
    expect(await cli(world, 'pause', 'Shop/Orders')).toBe(0);
    expect(world.aws.mappings.get('mapping-1')).toBe('Disabled');
    expect(await cli(world, 'resume', 'Shop/Orders')).toBe(0);
    expect(world.aws.mappings.get('mapping-1')).toBe('Enabled');
    expect(world.lines).toEqual(['Shop/Orders: Disabled', 'Shop/Orders: Enabled']);
  });

  test('of one that is so already do nothing', async () => {
    const world = shop();
    world.aws.enableMapping = () => Promise.reject(new Error('changed'));
    expect(await cli(world, 'resume', 'Shop/Orders', '--json')).toBe(0);
    expect(world.json).toEqual({ path: 'Shop/Orders', state: 'Enabled' });
  });

  test('give up after a minute', async () => {
    const world = shop();
    world.aws.enableMapping = async () => {};
    expect(await cli(world, 'pause', 'Shop/Orders')).toBe(1);
    expect(errors[0]).toMatch(/got Enabled, expected Disabled by now/);
    expect(world.slept).toBeGreaterThan(59_000);
  });

  test('need a mapping', async () => {
    expect(await cli(shop(), 'pause', 'Shop/Thumbnails')).toBe(1);
    expect(errors[0]).toMatch(/got AsyncFunction, expected a pattern with an event source mapping/);
  });
});

describe('breaker', () => {
  test.each(['open', 'close', 'auto', 'status'])('%s asks its controller', async (action) => {
    const world = shop();
    world.aws.invokeReply.payload = '{"state":"open","paused":["a"]}';
    expect(await cli(world, 'breaker', action, 'Shop/Provider')).toBe(0);
    expect(world.aws.invoked).toEqual([
      { fn: 'controller-fn', payload: JSON.stringify({ action }), type: 'RequestResponse' },
    ]);
    expect(world.lines).toEqual(['Shop/Provider\n  state: "open"\n  paused: ["a"]']);
  });

  test('fails with the controller', async () => {
    const world = shop();
    world.aws.invokeReply = { payload: '{"errorMessage":"x"}', functionError: 'Unhandled' };
    expect(await cli(world, 'breaker', 'open', 'Shop/Provider')).toBe(1);
    expect(errors[0]).toMatch(/its controller failed: .*x/);
  });

  test('knows its actions', async () => {
    expect(await cli(shop(), 'breaker', 'explode', 'Shop/Provider')).toBe(2);
    expect(errors[0]).toBe('breaker: got explode, expected one of open, close, auto, status');
  });
});

describe('tail', () => {
  const withLogs = (): FakeWorld => {
    const world = shop();
    const line = (message: unknown, seconds: number, eventId = '') => ({
      timestamp: world.aws.time - seconds * 1000,
      message: typeof message === 'string' ? message : JSON.stringify(message),
      eventId,
    });
    world.aws.lines.set('orders-log', [
      line({ level: 'INFO', message: 'charged', timestamp: 't', correlationId: 'c-1', orderId: 'o' }, 20, 'e1'),
      line({ level: 'INFO', message: 'other', correlationId: 'c-2' }, 15, 'e2'),
    ]);
    world.aws.lines.set('/aws/lambda/shipments-fn', [line('START c-1\n', 30, 'e3'), line('old c-1', 2 * 3600, 'e4')]);
    return world;
  };

  test('gathers the lines of one cause from all patterns, in their order', async () => {
    const world = withLogs();
    expect(await cli(world, 'tail', 'Shop', 'c-1')).toBe(0);
    expect(world.lines).toEqual([
      '2026-11-24T11:59:30.000Z Shop/Shipments START c-1',
      '2026-11-24T11:59:40.000Z Shop/Orders INFO charged {"correlationId":"c-1","orderId":"o"}',
    ]);
  });

  test('goes back as far as asked, and is JSON a line', async () => {
    const world = withLogs();
    await cli(world, 'tail', 'Shop', 'c-1', '--since', '3h', '--json');
    expect(world.lines.map((line) => JSON.parse(line).path)).toEqual([
      'Shop/Shipments',
      'Shop/Shipments',
      'Shop/Orders',
    ]);
  });

  test('follows until interrupted, each line once', async () => {
    const world = withLogs();
    const { sleep } = world;
    let rounds = 0;
    world.sleep = async (ms) => {
      await sleep(ms);
      if (++rounds === 2)
        world.aws.lines.get('orders-log')!.push({ timestamp: world.now(), message: 'new c-1', eventId: 'n' });
      if (rounds === 4) world.controller.abort();
    };
    expect(await cli(world, 'tail', 'Shop', 'c-1', '-f')).toBe(0);
    expect(world.lines).toHaveLength(3);
    expect(world.lines[2]).toMatch(/Shop\/Orders new c-1$/);
  });

  test.each(['', 'a"b'])('refuses %p as an id', async (id) => {
    expect(await cli(shop(), 'tail', 'Shop', id)).toBe(2);
  });
});

describe('the command line', () => {
  test.each([
    [['nope'], /got nope, expected one of ls, peek, redrive/],
    [['peek'], /peek: got 0 arguments, expected 1: cdk-async peek <stack>\/<pattern>/],
    [['peek', 'Shop/Orders', '--loud'], /peek: Unknown option '--loud'/],
    [['peek', 'Shop/Orders', '-n', '0'], /--limit: got 0, expected a whole number above 0/],
    [['redrive', 'Shop/Orders', '--limit', '1.5'], /--limit: got 1.5/],
    [['redrive', 'Shop/Orders', '--rate', 'fast'], /--rate: got fast, expected a number above 0/],
    [['redrive', 'Shop/Orders', '--older-than', '2 hours'], /--older-than: got 2 hours, expected a length of time/],
    [['redrive', 'Shop/Orders', '--reason', '/(/'], /--reason: Invalid regular expression/],
  ])('%j is refused before anything is touched', async (args, message) => {
    const world = withThree();
    expect(await cli(world, ...args)).toBe(2);
    expect(errors[0]).toMatch(message);
    expect(world.aws.calls).toEqual([]);
  });

  test('without a command tells what there is', async () => {
    expect(await run([], () => shop())).toBe(2);
    expect(logs[0]).toMatch(/redrive +send what is dead back/);
    expect(await run(['--help'], () => shop())).toBe(0);
  });

  test('tells the options of a command', async () => {
    expect(await run(['redrive', '--help'], () => shop())).toBe(0);
    expect(logs[0]).toMatch(/--older-than <2h> .*\n(.*\n)*.*--json /);
  });

  test('an error of AWS’s is told by its name', async () => {
    const world = shop();
    world.aws.queueAttributes = () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDenied' }));
    expect(await cli(world, 'ls', 'Shop')).toBe(1);
    expect(errors).toEqual(['AccessDenied: no']);
  });
});
