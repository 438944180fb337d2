import type { SQSEvent, SQSMessageAttributes, SQSRecord } from 'aws-lambda';
import { PermanentError, type WorkerContext } from '../../lambda/runtime';
import { pointerOf } from '../../lambda/runtime/producer/pointer';
import { type WorkerOptions, workerOn } from '../../lambda/runtime/worker';
import { lambdaContext, type SqsMessage, sqsEvent } from '../../lambda/testing';
import { ENV } from '../../lib/private/contract';
import { CONNECTED, FakeEdge } from './fake-edge';
import { FakeTable } from './idempotency/fake-table';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:orders';
const STORE = { bucket: 'payloads', prefix: 'orders/' };
const PAYLOADS = { [ENV.payloads]: JSON.stringify([STORE]) };
const ENVELOPES = { [ENV.envelopes]: JSON.stringify([TOPIC]) };
const IDEMPOTENCY = { [ENV.idempotency]: JSON.stringify({ table: 'keys', retention: 3600 }) };

beforeEach(() => jest.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') }));
afterEach(() => jest.useRealTimers());

const lists = { stringListValues: [], binaryListValues: [] };
const mark = (size: number) => ({
  ExtendedPayloadSize: { dataType: 'Number', stringValue: String(size), ...lists },
});

const serviceError = (name: string) => Object.assign(new Error('no'), { name });

interface Sent extends SqsMessage {
  readonly typed?: SQSMessageAttributes;
}

/** A worker with a store, whose handler notes what it is given. */
const world = (
  env: Record<string, string> = { ...PAYLOADS, ...ENVELOPES },
  options: Partial<WorkerOptions<any>> = {},
) => {
  const edge = new FakeEdge({ ...CONNECTED, ...env });
  const objects = new Map<string, string>();
  const keys = new FakeTable();
  edge.statements = keys;
  const fetched: string[] = [];
  edge.getObject = async ({ Bucket, Key }) => {
    fetched.push(Key!);
    const body = objects.get(`${Bucket}/${Key}`);
    if (body === undefined) throw serviceError('NoSuchKey');
    return body;
  };
  const ran: any[] = [];
  const contexts: WorkerContext[] = [];
  const handler = workerOn<any>(edge, {
    process: (message, context) => {
      ran.push(message);
      contexts.push(context);
      context.log.info('ran');
    },
    ...options,
  });
  /** Stores a body, and gives the message that points to it. */
  const stored = (messageId: string, value: unknown, extra: Partial<Sent> = {}): Sent => {
    const body = JSON.stringify(value);
    objects.set(`${STORE.bucket}/${STORE.prefix}${messageId}`, body);
    return {
      messageId,
      body: pointerOf({ bucket: STORE.bucket, key: STORE.prefix + messageId }),
      ...extra,
      typed: { ...mark(Buffer.byteLength(body)), ...extra.typed },
    };
  };
  const event = (messages: Sent[], fifo = false): SQSEvent => {
    const made = sqsEvent(messages, { fifo });
    for (const [i, record] of made.Records.entries()) Object.assign(record.messageAttributes, messages[i]!.typed);
    return made;
  };
  const begin = (messages: Sent[]) => handler(event(messages), lambdaContext());
  const failures = async (reply: ReturnType<typeof handler>, remaining = 30_000) => {
    await jest.advanceTimersByTimeAsync(remaining);
    return (await reply).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  const call = (messages: Sent[], { fifo = false, remaining = 30_000 } = {}) =>
    failures(handler(event(messages, fifo), lambdaContext(remaining)), remaining);
  const callWith = (records: SQSRecord[]) => failures(handler({ Records: records }, lambdaContext()));
  return { edge, objects, keys, fetched, ran, contexts, begin, call, callWith, stored };
};

const reasons = (edge: FakeEdge) =>
  edge.deadLetters.map(({ MessageAttributes }) => MessageAttributes!.DeadLetterReason!.StringValue);

/** The message as SNS wraps it. */
const enveloped = ({ body, messageId, typed = {}, attributes = {} }: Sent): Sent => ({
  messageId,
  body: JSON.stringify({
    Type: 'Notification',
    MessageId: '3f1c9f2e-7a0e-4a52-9d9b-1c2d3e4f5a6b',
    TopicArn: TOPIC,
    Message: typeof body === 'string' ? body : JSON.stringify(body),
    Timestamp: '2026-01-01T00:00:00.000Z',
    MessageAttributes: Object.fromEntries([
      ...Object.entries(attributes).map(([name, Value]) => [name, { Type: 'String', Value }]),
      ...Object.entries(typed).map(([name, { dataType, stringValue }]) => [
        name,
        { Type: dataType, Value: stringValue },
      ]),
    ]),
  }),
});

/** The dead letter as SQS hands it out once it is sent back. */
const redriven = (edge: FakeEdge): SQSRecord[] =>
  edge.deadLetters.map(({ MessageBody, MessageAttributes }, i) => ({
    ...sqsEvent([{ body: MessageBody, messageId: `redriven-${i}` }]).Records[0]!,
    messageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes!).map(([name, { DataType, StringValue }]) => [
        name,
        { dataType: DataType!, stringValue: StringValue!, ...lists },
      ]),
    ),
  }));

const ATTRIBUTES = { CorrelationId: 'order-7', CausationId: 'm-0', kind: 'order' };

describe('a stored body', () => {
  test.each<[string, (message: Sent) => Sent]>([
    ['from the queue, or from a topic that delivers raw', (message) => message],
    ['from a topic that delivers in an envelope', enveloped],
  ])('%s is what the handler gets, with the attributes of its sender and no mark', async (_, wrap) => {
    const { edge, ran, contexts, call, stored } = world();
    const sent = wrap(stored('m', { total: 7 }, { attributes: ATTRIBUTES }));
    expect(await call([sent])).toEqual([]);
    expect(ran).toEqual([{ total: 7 }]);
    const [{ attributes, correlationId, causationId, record }] = contexts as [WorkerContext];
    expect({ ...attributes }).toEqual(ATTRIBUTES);
    expect([correlationId, causationId]).toEqual(['order-7', 'm-0']);
    expect(record.body).toBe(sent.body);
    expect(edge.logs('INFO')[0]).toMatchObject({ messageId: 'm', correlationId: 'order-7' });
  });

  test('is fetched for a handler with a schema and a parser of its own', async () => {
    const parse = (body: string) => ({ parsed: body });
    const { ran, call, stored } = world(undefined, { parse });
    await call([stored('m', 1)]);
    expect(ran).toEqual([{ parsed: '1' }]);
  });

  test.each<[string, (message: Sent) => Sent]>([
    ['as it was sent', (message) => message],
    ['in its envelope', enveloped],
  ])('of a dead letter stays where it is, and the letter opens again when it is sent back: %s', async (_, wrap) => {
    const failing = world(undefined, {
      process: () => {
        throw new PermanentError('not today');
      },
    });
    // Nine of the sender's and the mark: all the ten that a message can have, the mark last.
    const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`a${i}`, `${i}`]));
    const sent = wrap(failing.stored('m', { total: 7 }, { attributes: nine }));
    expect(await failing.call([sent])).toEqual([]);
    expect(reasons(failing.edge)).toEqual(['not today']);
    expect(failing.edge.deadLetters[0]!.MessageBody).toBe(sent.body);
    expect(Object.keys(failing.edge.deadLetters[0]!.MessageAttributes!).length).toBeLessThanOrEqual(10);

    const repaired = world();
    repaired.objects.set('payloads/orders/m', '{"total":7}');
    expect(await repaired.callWith(redriven(failing.edge))).toEqual([]);
    expect(repaired.ran).toEqual([{ total: 7 }]);
    expect(repaired.contexts[0]!.attributes).toMatchObject({ a0: '0', DeadLetterReason: 'not today' });
    expect(repaired.contexts[0]!.attributes).not.toHaveProperty('ExtendedPayloadSize');
  });

  const at = (key: string, bucket = STORE.bucket, size = 1): Sent => ({
    messageId: 'bad',
    body: pointerOf({ bucket, key }),
    typed: mark(size),
  });
  const ELSEWHERE = /stored where this worker does not read/;
  test.each<[string, Sent, RegExp]>([
    ['that is missing', at('orders/gone'), /^its body is gone from payloads\/orders\/gone: NoSuchKey/],
    ['in a foreign bucket', at('orders/m', 'other'), ELSEWHERE],
    ['under a foreign prefix', at('invoices/m'), ELSEWHERE],
    ['by a way around the prefix', at('orders/../secrets'), ELSEWHERE],
    [
      'of another size',
      at('orders/good', STORE.bucket, 3),
      /^its body in payloads\/orders\/good has 1 bytes, expected 3/,
    ],
    ['to which the body is no pointer', { messageId: 'bad', body: '{"a":1}', typed: mark(1) }, /is no pointer to it/],
  ])('%s is a permanent error, and its neighbours run', async (_, bad, reason) => {
    for (const wrap of [(message: Sent) => message, enveloped]) {
      const { edge, ran, fetched, call, stored } = world();
      const good = stored('good', 5);
      expect(await call([wrap(bad), wrap(good)])).toEqual([]);
      expect(ran).toEqual([5]);
      expect(reasons(edge)).toEqual([expect.stringMatching(reason)]);
      expect(fetched.every((key) => key.startsWith('orders/'))).toBe(true);
      // The reason is logged, and the letter carries what came.
      expect(edge.logs('ERROR')[0]).toMatchObject({ messageId: 'bad', message: 'message is dead' });
      expect(edge.deadLetters[0]!.MessageBody).toBe(wrap(bad).body);
    }
  });

  test.each(['SlowDown', 'AccessDenied', 'TimeoutError'])(
    'that S3 withholds for %s is a retry of its record only',
    async (name) => {
      for (const env of [{}, IDEMPOTENCY]) {
        const { edge, ran, call, stored } = world(
          { ...PAYLOADS, ...env },
          'ASYNC_IDEMPOTENCY' in env ? { idempotencyKey: (message) => String(message) } : {},
        );
        const get = edge.getObject;
        edge.getObject = async (input, signal) => {
          if (input.Key === 'orders/slow') throw serviceError(name);
          return get(input, signal);
        };
        expect(await call([stored('slow', 1), stored('good', 2), { messageId: 'plain', body: '3' }])).toEqual(['slow']);
        expect(ran.sort()).toEqual([2, 3]);
        expect(edge.deadLetters).toEqual([]);
        expect(edge.logs('WARN')[0]!.error.message).toBe(
          `its body was not fetched from payloads/orders/slow: ${name}: no`,
        );
      }
    },
  );

  test.each([
    ['is fetched again and costs no receive, up to five times', 4, []],
    ['comes back when five tries were not enough', 5, ['slow']],
  ])('that S3 throttles %s', async (_, throttled, expected) => {
    const { edge, ran, call, stored } = world();
    const get = edge.getObject;
    let left = throttled;
    edge.getObject = async (input, signal) => {
      if (input.Key === 'orders/slow' && left-- > 0) throw serviceError('SlowDown');
      return get(input, signal);
    };
    expect(await call([stored('slow', 1)])).toEqual(expected);
    expect(ran).toHaveLength(1 - expected.length);
  });

  test('that comes to no end is given up at the deadline; its handler does not run, what finished is reported', async () => {
    const { edge, ran, call, stored } = world();
    const get = edge.getObject;
    let given: AbortSignal | undefined;
    let answer: (body: string) => void = () => {};
    edge.getObject = (input, signal) => {
      if (input.Key !== 'orders/hangs') return get(input, signal);
      given = signal;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    expect(await call([stored('hangs', 1), stored('good', 2)])).toEqual(['hangs']);
    expect(given!.aborted).toBe(true);
    answer('1');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(ran).toEqual([2]);
    expect(edge.logs('WARN')[0]!.error.name).toBe('DeadlineError');
  });

  test('that comes to no end does not keep those from running whose keys are known', async () => {
    const { edge, ran, keys, call, stored } = world({ ...PAYLOADS, ...IDEMPOTENCY }, { idempotencyKey: String });
    const get = edge.getObject;
    edge.getObject = (input, signal) => (input.Key === 'orders/hangs' ? new Promise(() => {}) : get(input, signal));
    expect(await call([stored('hangs', 1), stored('good', 2), { messageId: 'plain', body: '3' }])).toEqual(['hangs']);
    expect(ran).toEqual([2, 3]);
    expect([...keys.items.keys()]).toEqual(['Test/Worker#2', 'Test/Worker#3']);
  });

  test.each([{}, IDEMPOTENCY])(
    'keeps its place in a FIFO group, and a failure to fetch it blocks only that: %j',
    async (env) => {
      const { edge, ran, call, stored } = world(
        { ...PAYLOADS, ...env },
        'ASYNC_IDEMPOTENCY' in env ? { idempotencyKey: String } : {},
      );
      const get = edge.getObject;
      edge.getObject = async (input, signal) => {
        // The first is the slowest.
        await new Promise((resolve) => setTimeout(resolve, input.Key === 'orders/a1' ? 500 : 5));
        if (input.Key === 'orders/b2') throw serviceError('SlowDown');
        return get(input, signal);
      };
      const failed = await call(
        [
          stored('a1', 'a1', { groupId: 'a' }),
          { messageId: 'a2', body: '"a2"', groupId: 'a' },
          stored('a3', 'a3', { groupId: 'a' }),
          stored('b1', 'b1', { groupId: 'b' }),
          stored('b2', 'b2', { groupId: 'b' }),
          { messageId: 'b3', body: '"b3"', groupId: 'b' },
        ],
        { fifo: true },
      );
      expect(failed).toEqual(['b2', 'b3']);
      expect(ran.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
      expect(ran.filter((name) => name.startsWith('b'))).toEqual(['b1']);
    },
  );

  test('gives the idempotency key and the payload: another object or envelope of the same is the same', async () => {
    const { edge, ran, call, stored } = world(
      { ...PAYLOADS, ...ENVELOPES, ...IDEMPOTENCY },
      { idempotencyKey: ({ key }) => key },
    );
    const body = { key: 'k', value: 1 };
    expect(await call([stored('m1', body)])).toEqual([]);
    expect(await call([stored('m2', body)])).toEqual([]);
    expect(await call([enveloped(stored('m3', body))])).toEqual([]);
    expect(await call([{ messageId: 'm4', body }])).toEqual([]);
    expect(ran).toEqual([body]);
    expect(edge.deadLetters).toEqual([]);
  });

  test.each([
    ['each at its turn', {}],
    ['before the leases are taken', IDEMPOTENCY],
  ])('is one of a thousand that are fetched so many at a time, %s', async (_, env) => {
    const { edge, ran, fetched, call, stored } = world(
      { ...PAYLOADS, ...env },
      { concurrency: 1_000, ...('ASYNC_IDEMPOTENCY' in env && { idempotencyKey: String }) },
    );
    const get = edge.getObject;
    let underWay = 0;
    let most = 0;
    const signals = new Set<AbortSignal>();
    edge.getObject = async (input, signal) => {
      signals.add(signal);
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 20));
      underWay--;
      return get(input, signal);
    };
    expect(await call(Array.from({ length: 1_000 }, (_, i) => stored(`m${i}`, i)))).toEqual([]);
    expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
    expect(most).toBe(16);
    // Node.js 20 warns of a leak where more than ten listen to one.
    expect(signals.size).toBe(1_000);
    expect(fetched).toHaveLength(1_000);
    expect(edge.payloadLoads).toBeGreaterThan(0);
  });

  test('is not fetched before its turn', async () => {
    let release: () => void = () => {};
    const { fetched, begin, stored } = world(undefined, {
      concurrency: 1,
      process: () => new Promise<void>((resolve) => (release = resolve)),
    });
    const reply = begin([stored('m1', 1), stored('m2', 2)]);
    await jest.advanceTimersByTimeAsync(100);
    expect(fetched).toEqual(['orders/m1']);
    release();
    await jest.advanceTimersByTimeAsync(100);
    expect(fetched).toEqual(['orders/m1', 'orders/m2']);
    release();
    expect(await reply).toEqual({ batchItemFailures: [] });
  });

  test('of a batch that ends before its turn is not asked for', async () => {
    const { edge, fetched, call, stored } = world(undefined, { concurrency: 100 });
    edge.getObject = ({ Key }) => {
      fetched.push(Key!);
      return new Promise(() => {});
    };
    expect(await call(Array.from({ length: 50 }, (_, i) => stored(`m${i}`, i)))).toHaveLength(50);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(fetched).toHaveLength(16);
  });
});

describe('an envelope', () => {
  test('is opened in log lines too, also of the failure', async () => {
    const { edge, call } = world(undefined, {
      process: () => {
        throw new Error('flaky');
      },
    });
    await call([enveloped({ messageId: 'm', body: '1', attributes: ATTRIBUTES })]);
    expect(edge.logs('WARN')[0]).toMatchObject({ messageId: 'm', correlationId: 'order-7' });
  });

  test.each<[string, Sent]>([
    [
      'of another topic',
      { body: { Type: 'Notification', TopicArn: `${TOPIC}-2`, Message: '1', MessageId: 'x', Timestamp: '2026-01-01' } },
    ],
    ['sent by a producer', { ...enveloped({ body: '1' }), attributes: { CorrelationId: 'c' } }],
    [
      'with attributes that are none',
      { body: { ...JSON.parse(enveloped({ body: '1' }).body as string), MessageAttributes: { a: null } } },
    ],
    [
      'with null for attributes',
      { body: { ...JSON.parse(enveloped({ body: '1' }).body as string), MessageAttributes: null } },
    ],
  ])('look-alike %s is a body', async (_, message) => {
    const { ran, call } = world();
    const body = typeof message.body === 'string' ? JSON.parse(message.body) : message.body;
    expect(await call([message, { messageId: 'good', body: '2' }])).toEqual([]);
    expect(ran).toEqual([body, 2]);
  });

  test('and a pointer that look like ones are bodies to a worker that was told of neither', async () => {
    const { edge, ran, contexts, call, stored } = world({});
    const pointer = stored('p', 1);
    const envelope = enveloped({ messageId: 'e', body: '1' });
    expect(await call([pointer, envelope])).toEqual([]);
    expect(ran).toEqual([JSON.parse(pointer.body as string), JSON.parse(envelope.body as string)]);
    expect(contexts[0]!.attributes.ExtendedPayloadSize).toBe('1');
    expect([edge.openLoads, edge.payloadLoads]).toEqual([0, 0]);
  });
});

test('a body that looks like a pointer and is not marked is a body; no client is loaded for it', async () => {
  const { edge, ran, call } = world();
  const body = pointerOf({ bucket: STORE.bucket, key: 'orders/m' });
  expect(await call([{ body }])).toEqual([]);
  expect(ran).toEqual([JSON.parse(body)]);
  expect([edge.openLoads, edge.payloadLoads]).toEqual([1, 0]);
});

test('a record without attributes, as only a hand-made event has it, is opened like any other', async () => {
  const { ran, callWith } = world();
  const [record] = sqsEvent([{ body: '1' }]).Records as [SQSRecord];
  expect(await callWith([{ ...record, messageAttributes: null as any }])).toEqual([]);
  expect(ran).toEqual([1]);
});
