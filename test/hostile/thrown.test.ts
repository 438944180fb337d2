import { asyncFunctionOn } from '../../lambda/runtime/async-function/async-function';
import { PermanentError, RetryAfter } from '../../lambda/runtime/errors';
import { streamWorkerOn } from '../../lambda/runtime/stream/stream-worker';
import { workerOn } from '../../lambda/runtime/worker';
import { kinesisEvent, lambdaContext, sqsEvent } from '../../lambda/testing';
import { ENV } from '../../lib/private/contract';
import { FakeFunctionEdge } from '../lambda/async-function/fake-function-edge';
import { CONNECTED, FakeEdge } from '../lambda/fake-edge';
import { FakeTable } from '../lambda/idempotency/fake-table';
import { replying } from '../lambda/stream/run';
import { deep, leaksSecret, SECRET } from './corpus';
import { textOf } from './decoder';

// What handlers throw, return and log is the business of those who write them; what it does to their neighbours is ours.

const trap = (): never => {
  throw new Error('trapped');
};
const traps: ProxyHandler<object> = {
  get: trap,
  has: trap,
  ownKeys: trap,
  getOwnPropertyDescriptor: trap,
  getPrototypeOf: trap,
};
const withGetter = (...names: PropertyKey[]): object =>
  names.reduce((it, name) => Object.defineProperty(it, name, { get: trap, enumerable: true }), {});
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const circular = (): object => {
  const it: Record<string, unknown> = {};
  it.self = it;
  return it;
};
const altered = (seconds: unknown): RetryAfter =>
  Object.defineProperty(new RetryAfter({ seconds: 1 }), 'seconds', { value: seconds });
const RETRY_AFTER = Symbol.for('cdk-async-patterns.RetryAfter');

const HOSTILE: [string, () => unknown][] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['an empty text', () => ''],
  ['a symbol', () => Symbol('x')],
  ['a big integer', () => 10n ** 400n],
  ['a function', () => trap],
  ['an object without a prototype', () => Object.create(null)],
  ['an object whose toString throws', () => ({ toString: trap, [Symbol.toPrimitive]: trap })],
  ['an object with getters that throw', () => withGetter('name', 'message', 'stack', 'then', 'toJSON')],
  ['a proxy that throws', () => new Proxy({}, traps)],
  ['a revoked proxy', revoked],
  ['what refers to itself', circular],
  ['what is deep', () => JSON.parse(deep(100_000))],
  ['an error with a message of a megabyte', () => new Error('x'.repeat(1_000_000))],
  ['an error with an invalid cause', () => new Error('x', { cause: new Proxy({}, traps) })],
  [
    'a permanent error whose message is none',
    () => Object.defineProperty(new PermanentError('x'), 'message', { value: {} }),
  ],
  ['a permanent error with characters that SQS refuses', () => new PermanentError('\u0000\ud800\ufffe')],
  ['a delay that is not a number', () => altered(Number.NaN)],
  ['a delay that is a text', () => altered('soon')],
  ['a delay that has passed', () => altered(-5)],
  ['a delay without an end', () => new RetryAfter({ seconds: Number.POSITIVE_INFINITY })],
  ['a delay that throws', () => Object.defineProperty(withGetter('seconds'), RETRY_AFTER, { value: true })],
];

const named = HOSTILE.map(([name, make]): [string, () => unknown] => [name, make]);

const besides = async (process: (message: any, context: any) => unknown, env = {}): Promise<FakeEdge> => {
  const edge = new FakeEdge({ ...CONNECTED, ...env });
  edge.statements = new FakeTable();
  const seen: unknown[] = [];
  const handler = workerOn<any>(edge, {
    ...(ENV.idempotency in env && { idempotencyKey: ({ id }) => id }),
    process: (message, context) => {
      seen.push(message.id);
      return message.id === 'hostile' ? process(message, context) : undefined;
    },
  });
  const event = sqsEvent(['before', 'hostile', 'after'].map((id) => ({ messageId: id, body: { id, note: SECRET } })));
  const { batchItemFailures } = await handler(event, lambdaContext());
  expect(seen).toEqual(['before', 'hostile', 'after']);
  const dead = edge.deadLetters.length;
  expect(batchItemFailures).toEqual(dead > 0 ? [] : [{ itemIdentifier: 'hostile' }]);
  for (const seconds of edge.visibility.values()) {
    expect(Number.isInteger(seconds) && seconds >= 0 && seconds <= 43_200).toBe(true);
  }
  expect(leaksSecret(textOf(edge.lines))).toBe(false);
  return edge;
};

describe.each([
  ['a worker', {}],
  ['a worker with idempotency', { [ENV.idempotency]: '{"table":"keys","retention":60}' }],
])('thrown by the handler of %s, it fails its own message and no other', (_, env) => {
  test.each(named)('%s', async (_name, make) => {
    await besides(() => {
      throw make();
    }, env);
  });

  test.each(named)('%s, later', async (_name, make) => {
    await besides(async () => {
      await undefined;
      throw make();
    }, env);
  });
});

test.each(named)(
  'thrown by the handler of a stream, %s fails its record and leaves what is before it',
  async (_, make) => {
    const process = (message: any): void => {
      if (message === 2) throw make();
    };
    const edge = replying();
    const event = kinesisEvent([{ data: 1 }, { data: 2 }]);
    const { batchItemFailures } = await streamWorkerOn<any, any>(edge, { process })(event, lambdaContext());
    const [, second] = event.Records;
    expect(batchItemFailures).toEqual(
      edge.deadLetters.length > 0 ? [] : [{ itemIdentifier: second!.kinesis.sequenceNumber }],
    );
  },
);

test.each(named)('thrown by an asynchronous function, %s has it tried again or moved', async (_, make) => {
  const edge = new FakeFunctionEdge({ queueUrl: 'https://sqs.test/dead' });
  const handler = asyncFunctionOn<any, unknown>(edge, {
    process: () => {
      throw make();
    },
  });
  const failed = await handler({ note: SECRET }, lambdaContext()).then(
    () => false,
    (error) => error instanceof Error,
  );
  expect(failed).toBe(edge.queued.length === 0);
  expect(leaksSecret(textOf(edge.lines))).toBe(false);
});

const handled = async (process: (context: any) => unknown, env = {}): Promise<FakeEdge> => {
  const edge = new FakeEdge({ ...CONNECTED, ...env });
  edge.statements = new FakeTable();
  const handler = workerOn<any>(edge, {
    ...(ENV.idempotency in env && { idempotencyKey: () => 'k' }),
    process: (_, context) => process(context),
  });
  const { batchItemFailures } = await handler(sqsEvent([{ body: { note: SECRET } }]), lambdaContext());
  expect(batchItemFailures).toEqual([]);
  expect(edge.deadLetters).toEqual([]);
  return edge;
};

/** Neither a promise nor what a promise would ask. */
const harmless = named.filter(
  ([name]) => !['a proxy', 'a revoked', 'an object with getters'].some((it) => name.startsWith(it)),
);

test.each(harmless)('returned, %s is as good as any other value', async (_, make) => {
  await handled(make);
  await handled(make, { [ENV.idempotency]: '{"table":"keys","retention":60}' });
});

test.each(named)('logged, %s does not decide what becomes of the message', async (_, make) => {
  const edge = await handled(({ log }) => {
    log.info(make() as string, make() as object);
    log.warn('fields', { value: make() });
    log.error('text', Object.defineProperty({}, 'value', { get: make, enumerable: true }));
  });
  expect(edge.lines.length).toBeGreaterThanOrEqual(3);
});

test('a thenable of another make is waited for before its key counts as done', async () => {
  let ran = 0;
  const lazy = () => ({
    // biome-ignore lint/suspicious/noThenProperty: query builders are such objects, and run when they are waited for.
    then: (resolve: (value: unknown) => void) => {
      ran++;
      setTimeout(() => resolve('rows'), 5);
    },
  });
  await handled(lazy, { [ENV.idempotency]: '{"table":"keys","retention":60}' });
  expect(ran).toBe(1);
});

test('a thenable that fails leaves its key free', async () => {
  const edge = new FakeEdge({ ...CONNECTED, [ENV.idempotency]: '{"table":"keys","retention":60}' });
  const table = new FakeTable();
  edge.statements = table;
  const failing = {
    // biome-ignore lint/suspicious/noThenProperty: as above.
    then: (_: unknown, reject: (error: Error) => void) => reject(new Error('no')),
  };
  const handler = workerOn<any>(edge, { idempotencyKey: () => 'k', process: () => failing });
  const { batchItemFailures } = await handler(sqsEvent([{ body: 1 }]), lambdaContext());
  expect(batchItemFailures).toHaveLength(1);
  expect([...table.items.values()].map(({ state }) => state)).not.toContainEqual({ S: 'done' });
});
