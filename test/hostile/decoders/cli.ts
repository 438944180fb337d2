import { DLQ, FakeWorld } from '../../bin/cli/fake-aws';
import { accepted, type Decoder, refused } from '../decoder';
import { cli, shop } from '../terminal';
import { itemOf } from './rows';

const strings = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((it) => typeof it === 'string') : [];

export const commandLine: Decoder = {
  name: 'a command line',
  runs: 3,
  valid: [
    ['ls', 'Shop'],
    ['peek', 'Shop/Orders', '--reason', '/x/i', '--older-than', '2h', '--limit', '5', '--json'],
    ['redrive', 'Shop/Orders', '--rate', '10', '--dry-run'],
    ['tail', 'Shop', 'c-1', '--since', '30m'],
    ['purge', 'Shop/Orders', '--yes'],
    ['jobs', 'list', 'Shop/Api', '--state', 'failed', '-n', '3'],
    ['replay', 'start', 'Shop/Log', '--subscriber', '*', '--from', '2026-11-01T00:00:00Z', '--to', '6h', '--rate', '5'],
    ['breaker', 'status', 'Shop/Provider'],
    ['pause', 'Shop/Orders'],
  ],
  async feed(args) {
    const world = shop();
    world.aws.invokeReply = {
      payload: '{"id":"r","subscriber":"*","state":"done","to":"x","sent":1,"passed":1}',
      functionError: undefined,
    };
    return cli(world, strings(args));
  },
};

const LETTER = {
  MessageId: 'm-1',
  Body: '{"order":1}',
  Attributes: {
    SentTimestamp: '1795514400000',
    ApproximateReceiveCount: '2',
    MessageGroupId: 'g',
    AWSTraceHeader: 'Root=1',
  },
  MessageAttributes: {
    kind: { DataType: 'String', StringValue: 'order' },
    CorrelationId: { DataType: 'String', StringValue: 'c-1' },
    DeadLetterReason: { DataType: 'String', StringValue: 'empty order' },
    DeadLetterContext: {
      DataType: 'String',
      StringValue: JSON.stringify({
        messageId: 'was-1',
        receiveCount: 5,
        sentTimestamp: 1795514400000,
        deadTimestamp: 1795514400000,
        attributes: {
          folded: { dataType: 'Binary', binaryValue: 'AQL/' },
          more: { dataType: 'String', stringValue: 'x' },
        },
      }),
    },
  },
};

/** Of a message SQS has texts, and attributes that are typed. */
const messageOf = (mutated: any): any => {
  const text = (value: unknown, otherwise: string): string =>
    typeof value === 'string' && value !== '' ? value : otherwise;
  const entries = (of: unknown): [string, any][] =>
    Object.entries((of ?? {}) as object).filter(([name]) => name !== '');
  return {
    MessageId: 'm-1',
    Body: text(mutated?.Body, 'x'),
    Attributes: Object.fromEntries(entries(mutated?.Attributes).map(([name, value]) => [name, text(value, '1')])),
    MessageAttributes: Object.fromEntries(
      entries(mutated?.MessageAttributes).map(([name, value]) => [
        name,
        { DataType: text(value?.DataType, 'String'), StringValue: text(value?.StringValue, 'x') },
      ]),
    ),
  };
};

export const letter: Decoder = {
  name: 'a letter that is looked at and sent back',
  runs: 2,
  valid: [LETTER],
  async feed(mutated) {
    const world = shop();
    world.aws.put(DLQ, messageOf(mutated));
    const looked = await cli(world, ['peek', 'Shop/Orders', '--body']);
    await cli(new FakeWorld(world.aws), ['peek', 'Shop/Orders', '--reasons']);
    await cli(new FakeWorld(world.aws), ['peek', 'Shop/Orders', '--body', '--json']);
    if (looked.kind !== 'accepted' || !world.lines.some((line) => line.includes('m-1')))
      throw new Error('it was not shown');
    const before = world.aws.bodies(DLQ);
    const back = new FakeWorld(world.aws);
    await cli(back, ['redrive', 'Shop/Orders']);
    const still = world.aws.queue(DLQ).length;
    const sent = world.aws.queue('https://sqs.test/1/orders').length;
    if (still + sent !== before.length) throw new Error('a letter is lost, or there twice');
    return sent === 1 && world.lines.includes('  reason: empty order') ? accepted() : refused();
  },
};

const LINE = JSON.stringify({
  timestamp: '2026-11-24T12:00:00Z',
  level: 'WARN',
  message: 'c-1 seen',
  correlationId: 'c-1',
  error: { message: 'x' },
});

export const logLine: Decoder = {
  name: 'a line of a log',
  valid: [{ timestamp: 1795521600000, message: LINE, eventId: 'e-1' }],
  async feed(mutated) {
    const world = shop();
    const { timestamp, message } = mutated ?? {};
    const text = typeof message === 'string' ? message : '';
    const time = typeof timestamp === 'number' ? timestamp : world.now();
    const line = { timestamp: time, message: text.includes('c-1') ? text : `${text} c-1`, eventId: 'e-1' };
    world.aws.lines.set('orders-log', [line]);
    const fate = await cli(world, ['tail', 'Shop', 'c-1', '--since', '9000d']);
    if (fate.kind === 'refused') throw new Error('it was not shown');
    // One line is one, whatever it holds: another could pass for a line of somebody else's.
    if (world.lines.some((it) => it.includes('\n'))) throw new Error('one line has become several');
    return world.lines.some((it) => it.includes(' WARN ')) ? accepted() : refused();
  },
};

const JOB = {
  state: { S: 'failed' },
  owner: { S: 'alice' },
  created: { N: '1795514400000' },
  expires: { N: '1895514400000' },
  changed: { N: '1795514400000' },
  attempt: { N: '1' },
  run: { S: 'r' },
  progress: { N: '0.5' },
  problem: { S: '{"type":"x","title":"it failed","detail":"because"}' },
};

export const jobOfOperator: Decoder = {
  name: 'the row of a job, read by an operator',
  valid: [JOB],
  async feed(mutated) {
    const world = shop();
    world.aws.environments.set('api-fn', { ASYNC_JOBS_API: '{"table":"jobs","queue":{"queueUrl":"q"}}' });
    world.aws.rows.set('a', itemOf(mutated, { pk: { S: 'a' } }));
    world.aws.rows.set('b', { ...JOB, pk: { S: 'b' } });
    const list = await cli(world, ['jobs', 'list', 'Shop/Api']);
    const one = await cli(new FakeWorld(world.aws), ['jobs', 'get', 'Shop/Api', 'a']);
    await cli(new FakeWorld(world.aws), ['jobs', 'get', 'Shop/Api', 'a', '--json']);
    if (list.kind !== 'accepted' || !world.lines.some((line) => line.startsWith('b ')))
      throw new Error('the others are not listed');
    return one.kind === 'accepted' && world.lines.some((line) => line.startsWith('a ') && line.includes('because'))
      ? accepted()
      : refused();
  },
};

export const reply: Decoder = {
  name: 'what a function of ours replies to an operator',
  valid: [
    {
      payload: JSON.stringify({
        id: 'r-1',
        subscriber: '*',
        state: 'open',
        from: 'a',
        to: 'b',
        sent: 1,
        passed: 2,
        total: 3,
        error: 'x',
      }),
    },
  ],
  others: [
    { payload: JSON.stringify({ errorMessage: 'TypeErr: no', errorType: 'Error' }), functionError: 'Unhandled' },
  ],
  async feed(mutated) {
    const world = shop();
    const { payload, functionError } = mutated ?? {};
    world.aws.invokeReply = {
      payload: typeof payload === 'string' ? payload : '{}',
      functionError: typeof functionError === 'string' ? functionError : undefined,
    };
    const fate = await cli(world, ['replay', 'status', 'Shop/Log', 'r-1']);
    await cli(new FakeWorld(world.aws), ['breaker', 'status', 'Shop/Provider']);
    return fate;
  },
};
