import { getEventListeners } from 'node:events';
import { pack } from '../../../lambda/runtime/pack';
import { attributeBytes, attributeOf, checkedText } from '../../../lambda/runtime/producer/attributes';
import { Backlog } from '../../../lambda/runtime/producer/backlog';
import { draftOf, type Target } from '../../../lambda/runtime/producer/entry';
import { Groups } from '../../../lambda/runtime/producer/groups';
import type { Item } from '../../../lambda/runtime/producer/item';
import { flushAll, hasSends } from '../../../lambda/runtime/producer/pending';
import { producerOn, publisherOn } from '../../../lambda/runtime/producer/sender';
import type { SendOptions } from '../../../lambda/runtime/producer/types';
import { Withdrawals } from '../../../lambda/runtime/producer/withdrawals';
import { FakeService, FIFO_QUEUE, never, QUEUE, refusal, serviceError, TOPIC, thrown } from './fake-service';

afterEach(() => jest.useRealTimers());
const turns = async (count = 5) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe('items are packed into requests', () => {
  test.each<[string, number[], number[][]]>([
    ['none into none', [], []],
    ['as many as fit', [1, 1, 1], [[1, 1, 1]]],
    ['one more than fit into two', [1, 1, 1, 1], [[1, 1, 1], [1]]],
    ['as heavy as fits', [4, 6], [[4, 6]]],
    ['heavier than fits into two', [4, 7], [[4], [7]]],
    ['the too heavy alone', [11, 1, 11], [[11], [1], [11]]],
    ['in their order, not as few as could be', [6, 6, 4], [[6], [6, 4]]],
  ])('%s', (_, items, requests) => {
    expect(pack(items, (bytes) => bytes, { count: 3, bytes: 10 })).toEqual(requests);
  });
});

describe('a backlog', () => {
  const of = (...bytes: number[]) => bytes.map((each) => ({ bytes: each, alone: false }));
  const filled = (...bytes: number[]) => {
    const backlog = new Backlog({ count: 100, bytes: 10 });
    for (const each of of(...bytes)) backlog.push(each);
    return backlog;
  };

  test('is full by weight, wherever it came from', () => {
    expect(filled(4, 5).isFull).toBe(false);
    expect(filled(4, 6).isFull).toBe(true);
    const backlog = filled(4);
    backlog.unshift(of(5));
    expect(backlog.isFull).toBe(false);
    backlog.unshift(of(1));
    expect(backlog.isFull).toBe(true);
    backlog.keep(({ bytes }) => bytes > 1);
    expect(backlog.isFull).toBe(false);
    backlog.push(of(1)[0]!);
    expect(backlog.isFull).toBe(true);
  });

  test('of thousands keeps its order, and what is put before it comes first', () => {
    const backlog = new Backlog<{ bytes: number; alone: boolean; n: number }>({ count: 10, bytes: 1e9 });
    const item = (n: number) => ({ bytes: 1, alone: false, n });
    for (let n = 0; n < 3_000; n++) backlog.push(item(n));
    const taken: number[] = [];
    const take = () => taken.push(...backlog.take().map(({ n }) => n));
    for (let i = 0; i < 150; i++) take();
    expect([backlog.size, taken.length]).toEqual([1_500, 1_500]);
    backlog.unshift([item(-1)]);
    backlog.push(item(3_000));
    while (backlog.size > 0) take();
    const all = Array.from({ length: 3_001 }, (_, n) => n);
    expect(taken).toEqual([...all.slice(0, 1_500), -1, ...all.slice(1_500)]);
    expect(backlog.take()).toEqual([]);
  });
});

describe('of a FIFO group', () => {
  const item = (group?: string, settled = false) => ({ group, settled, leads: false }) as unknown as Item;

  test('one goes, and the next when it is out of the way', () => {
    const groups = new Groups();
    const [a, b, c, other] = [item('g'), item('g'), item('g'), item('h')];
    expect([a, b, c, other].map((each) => groups.enter(each))).toEqual([true, false, false, true]);
    expect([a, b, c, other].map(({ leads }) => leads)).toEqual([true, false, false, true]);
    expect(groups.leave(a)).toBe(b);
    expect([a.leads, b.leads]).toEqual([false, true]);
    (c as { settled: boolean }).settled = true;
    expect(groups.leave(b)).toBeUndefined();
    expect(groups.enter(item('g'))).toBe(true);
  });

  test('those behind one can be dismissed; one without a group has none', () => {
    const groups = new Groups();
    const [a, b, single] = [item('g'), item('g'), item()];
    for (const each of [a, b, single, item()]) groups.enter(each);
    expect(single.leads).toBe(true);
    expect(groups.dismiss(a)).toEqual([b]);
    expect(groups.dismiss(a)).toEqual([]);
    expect(groups.dismiss(single)).toEqual([]);
    expect(groups.leave(single)).toBeUndefined();
    expect(groups.leave(a)).toBeUndefined();
  });
});

test('one listener is at a signal, however many go by it, and none when they are done', () => {
  const withdrawn: Item[][] = [];
  const withdrawals = new Withdrawals((items) => withdrawn.push([...items]));
  const controller = new AbortController();
  const { signal } = controller;
  const items = [0, 1, 2].map(() => ({ signal }) as unknown as Item);
  const listeners = () => getEventListeners(signal, 'abort').length;
  withdrawals.forget(items[0]!);
  for (const each of items) withdrawals.watch(each);
  expect(listeners()).toBe(1);
  withdrawals.forget(items[0]!);
  expect(listeners()).toBe(1);
  controller.abort();
  expect(withdrawn).toEqual([[items[1], items[2]]]);
  for (const each of items) withdrawals.forget(each);
  expect(listeners()).toBe(0);
  withdrawals.watch({ signal: undefined } as Item);
  withdrawals.forget({ signal: undefined } as Item);
});

describe('an attribute', () => {
  test.each<[string, Parameters<typeof attributeBytes>[1], number]>([
    ['name', { DataType: 'String', StringValue: 'é' }, 12],
    ['é', { DataType: 'Binary', BinaryValue: new Uint8Array(5) }, 13],
    ['n', { DataType: 'String' }, 7],
  ])('%s weighs its name, type and value: %j', (name, attribute, bytes) => {
    expect(attributeBytes(name, attribute)).toBe(bytes);
  });

  test.each<[string, unknown, string]>([
    ['x'.repeat(257), 'v', `attribute ${'x'.repeat(256)}: expected a name of letters, digits`],
    ['a b', 'v', 'attribute a b: expected a name'],
    ['ours', 'v', 'attribute ours: is set by the producer, expected another name'],
    ['a', true, 'attribute a: got boolean, expected text, a finite number or bytes'],
    ['a', Number.POSITIVE_INFINITY, 'attribute a: got Infinity, expected text'],
    ['a', new Uint8Array(), 'attribute a: got no bytes'],
    ['a', null, 'attribute a: got object'],
    ['a', '', 'attribute a: got an empty text, expected text of the characters of XML 1.0'],
    ['a', '\u0000', 'attribute a: got characters that it has not'],
  ])('%s of %p is refused', (name, value, message) => {
    const make = () => attributeOf(name, value as string, new Set(['ours']));
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: 'InvalidOptions' }));
  });

  test('may have a name of 256 characters, text, a number or bytes', () => {
    const name = 'x'.repeat(256);
    expect(attributeOf(name, 'v', new Set())).toEqual({ DataType: 'String', StringValue: 'v' });
    expect(attributeOf(name, 0, new Set())).toEqual({ DataType: 'Number', StringValue: '0' });
    const bytes = new Uint8Array([0]);
    expect(attributeOf(name, bytes, new Set())).toEqual({ DataType: 'Binary', BinaryValue: bytes });
  });

  test('of ours is text', () => {
    expect(() => checkedText('correlationId', 7 as never)).toThrow('correlationId: got number, expected text');
  });
});

describe('what travels', () => {
  const NOW = Date.parse('2026-11-24T10:00:00Z');
  const queue: Target = { kind: 'queue', fifo: false, maxBytes: 1_000 };
  const fifo: Target = { ...queue, fifo: true };
  const edge = { now: () => NOW, traceparent: () => undefined, newId: () => 'new' };
  const draft = (options: SendOptions, target = queue, message: unknown = 1, lineage?: object) =>
    draftOf(target, message, options, lineage as never, edge);
  /** What a body of one byte weighs with the correlation id `c`. */
  const OVERHEAD = 'CorrelationId'.length + 'String'.length + 'c'.length;

  test('weighs its body and attributes, and may weigh as much as a request', () => {
    const body = 'x'.repeat(1_000 - OVERHEAD - 2);
    expect(draft({ correlationId: 'c' }, queue, body).bytes).toBe(1_000);
    expect(() => draft({ correlationId: 'c' }, queue, `${body}x`)).toThrow(
      `got ${body.length + 3} bytes and ${OVERHEAD} of attributes, expected at most 1000 together; a payload store takes larger bodies`,
    );
    const attributes = { tenant: 'é', raw: new Uint8Array(3) };
    const more = 'tenant'.length + 'String'.length + 2 + 'raw'.length + 'Binary'.length + 3;
    expect(draft({ correlationId: 'c', attributes }).bytes).toBe(1 + OVERHEAD + more);
  });

  test('is stored if its body is over the threshold, or it would be too large', () => {
    const payloads = { bucket: 'b', threshold: 500, maxWait: 60 };
    const offload = (length: number, threshold = 500) =>
      draft({ correlationId: 'c' }, { ...queue, payloads: { ...payloads, threshold } }, 'x'.repeat(length - 2)).offload;
    expect([offload(500), offload(501)]).toEqual([false, true]);
    expect([offload(1_000 - OVERHEAD, 5_000), offload(1_001 - OVERHEAD, 5_000)]).toEqual([false, true]);
    expect(draft({}).offload).toBe(false);
  });

  test('and is stored waits no longer than its body is kept', () => {
    const target: Target = {
      ...queue,
      payloads: { bucket: 'b', threshold: 0, maxWait: 2_000 },
      schedule: {} as never,
    };
    expect(draft({ at: new Date(NOW + 2_000_000) }, target).scheduleAt).toBe(NOW + 2_000_000);
    expect(draft({}, target)).toMatchObject({ offload: true, scheduleAt: undefined });
    expect(() => draft({ at: new Date(NOW + 2_001_000) }, target)).toThrow(
      `at: got ${new Date(NOW + 2_001_000).toISOString()} for a body that is stored, expected at most 2000 seconds from now, or it would be gone; raise the expiration of the payload store`,
    );
  });

  test('has ten attributes at most, those of the producer included', () => {
    const nine = Object.fromEntries([...'abcdefghi'].map((name) => [name, 1]));
    expect(() => draft({ attributes: nine })).not.toThrow();
    expect(() => draft({ attributes: nine }, { ...queue, payloads: { bucket: 'b', threshold: 0 } })).toThrow(
      "attributes: got 9 and 2 of the producer's, expected at most 10 together",
    );
  });

  test('holds no character that SQS refuses, alone or with another', () => {
    expect(draft({}, queue, 'a\uFFFEb').entry.MessageBody).toBe('"a\\ufffeb"');
    expect(draft({}, queue, 'a\uFFFFb').entry.MessageBody).toBe('"a\\uffffb"');
    expect(draft({}, queue, '\uFFFE\uFFFF').entry.MessageBody).toBe('"\\ufffe\\uffff"');
  });

  test.each<[SendOptions, Target, string]>([
    [
      { groupId: 7 as never },
      fifo,
      'groupId: got number, expected 1 to 128 visible ASCII characters; hash what is longer',
    ],
    [{ groupId: 'g', deduplicationId: 'a b' }, fifo, 'deduplicationId: got 3 characters'],
    [{ tenant: true as never }, queue, 'tenant: got boolean'],
    [{ causationId: '\u0000' }, queue, 'causationId: got characters'],
    [{ traceparent: '\u0000' }, queue, 'traceparent: got characters'],
    [{ correlationId: '' }, queue, 'correlationId: got an empty text'],
    [{ delay: 1 }, { ...queue, kind: 'topic' }, 'delay, at: got one, expected none: SNS delivers at once'],
    [{ at: new Date(NOW + 1e9) }, queue, `at: got ${new Date(NOW + 1e9).toISOString()}, which SQS cannot wait for`],
    [{ at: 'soon' as never }, queue, 'at: got soon, expected a valid Date'],
  ])('is refused: %j', (options, target, message) => {
    expect(() => draft(options, target)).toThrow(message);
    expect(() => draft(options, target)).toThrow(expect.objectContaining({ code: 'InvalidOptions' }));
  });

  test('may say that it does not wait', () => {
    expect(draft({ delay: 0 }).entry.DelaySeconds).toBe(0);
  });

  test('is the first of its line if nobody has said of which it is', () => {
    expect(draft({})).toMatchObject({ isFirst: true, correlationId: 'new' });
    expect(draft({ correlationId: 'c' })).toMatchObject({ isFirst: false, correlationId: 'c' });
    expect(draft({}, queue, 1, { correlationId: 'l' })).toMatchObject({ isFirst: false, correlationId: 'l' });
    expect(draft({ correlationId: 'c' }, queue, 1, { correlationId: 'l' })).toMatchObject({ isFirst: false });
  });
});

describe('a message that is withdrawn', () => {
  /** A service whose first request is answered when told. */
  const holding = () => {
    const service = new FakeService();
    let release = () => {};
    let held = false;
    service.before = () => {
      if (held) return undefined;
      held = true;
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    };
    return { service, release: () => release() };
  };

  test('while it waits for company does not go, and its neighbours do', async () => {
    const { service, release } = holding();
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const first = producer.send(0);
    await turns();
    const controller = new AbortController();
    const given = thrown(producer.send(1, { signal: controller.signal }));
    const other = producer.send(2);
    controller.abort();
    expect(await given).toMatchObject({ code: 'Aborted', mayHaveArrived: false });
    release();
    await Promise.all([first, other]);
    expect(service.bodies.sort()).toEqual([0, 2]);
  });

  test('before its turn lets the next of its group go', async () => {
    const { service, release } = holding();
    const producer = producerOn<number>(service, { queueUrl: FIFO_QUEUE });
    const first = producer.send(0, { groupId: 'other' });
    await turns();
    const controller = new AbortController();
    const given = thrown(producer.send(1, { groupId: 'g', signal: controller.signal }));
    const next = producer.send(2, { groupId: 'g' });
    controller.abort();
    await given;
    await next;
    release();
    await first;
    expect(service.bodies).toEqual([2, 0]);
  });

  test.each(['accepted', 'refused'])('on its way does not let the next of its group overtake it (%s)', async (fate) => {
    const { service, release } = holding();
    service.fails = ({ Id, MessageBody }) =>
      fate === 'refused' && MessageBody === '1' ? refusal(Id!, 'Bad', true) : undefined;
    const producer = producerOn<number>(service, { queueUrl: FIFO_QUEUE });
    const controller = new AbortController();
    const given = thrown(producer.send(1, { groupId: 'g', signal: controller.signal }));
    const next = producer.send(2, { groupId: 'g' });
    await turns();
    controller.abort();
    expect(await given).toMatchObject({ code: 'Aborted', mayHaveArrived: true });
    // Longer than anything waits for company.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(service.requests).toHaveLength(1);
    release();
    await next;
    expect(service.bodies).toEqual(fate === 'refused' ? [2] : [1, 2]);
  });

  test('while it is made ready does not go, nor does its failure block its group', async () => {
    for (const valid of [true, false]) {
      const service = new FakeService();
      let judge = (_: boolean) => {};
      const verdict = new Promise<boolean>((resolve) => {
        judge = resolve;
      });
      const validate = async (value: unknown) =>
        value === 1 && !(await verdict) ? { issues: [{ message: 'no' }] } : { value };
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as never;
      const producer = producerOn<number>(service, { queueUrl: FIFO_QUEUE }, { schema });
      const controller = new AbortController();
      const given = thrown(producer.send(1, { groupId: 'g', signal: controller.signal }));
      const next = producer.send(2, { groupId: 'g' });
      await turns();
      controller.abort();
      expect(await given).toMatchObject({ code: 'Aborted' });
      const last = producer.send(3, { groupId: 'g' });
      judge(valid);
      await Promise.all([next, last]);
      expect(service.bodies).toEqual([2, 3]);
    }
  });

  test('between two tries is not tried again', async () => {
    jest.useFakeTimers();
    const service = new FakeService();
    service.fails = ({ Id, MessageBody }) => (MessageBody === '1' ? refusal(Id!) : undefined);
    const controller = new AbortController();
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const given = thrown(producer.send(1, { signal: controller.signal }));
    await jest.advanceTimersByTimeAsync(10);
    expect(service.requests).toHaveLength(1);
    controller.abort();
    expect(await given).toMatchObject({ code: 'Aborted' });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(service.requests).toHaveLength(1);
  });
});

describe('a flush', () => {
  test('sends at once what waits for company, though others are on their way', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const service = new FakeService();
    service.before = (entries) => (entries[0]?.MessageBody === '0' ? never() : undefined);
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    void producer.send(0).catch(() => {});
    await turns();
    const sent = producer.send(1);
    expect(service.requests).toHaveLength(1);
    const controller = new AbortController();
    const flushed = producer.flush({ signal: controller.signal }).catch(() => {});
    await sent;
    expect(service.requests).toHaveLength(2);
    controller.abort();
    await flushed;
  });

  test('that is over is over: what comes later waits for company, and its signal gives up nothing', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const service = new FakeService();
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const controller = new AbortController();
    void producer.send(0);
    await producer.flush({ signal: controller.signal });
    let release = () => {};
    service.before = (entries) =>
      entries[0]?.MessageBody === '1'
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    const first = producer.send(1);
    await turns();
    const second = producer.send(2);
    await turns();
    expect(service.requests).toHaveLength(2);
    controller.abort();
    release();
    jest.advanceTimersByTime(5);
    await Promise.all([first, second]);
    expect(service.bodies.sort()).toEqual([0, 1, 2]);
  });

  test('of everything waits for messages of sendAll too, and for whoever is not done', async () => {
    const service = new FakeService();
    service.before = () => turns(2);
    const all = producerOn<number>(service, { queueUrl: QUEUE }).sendAll([1, 2, 3]);
    await turns(1);
    expect(hasSends()).toBe(true);
    expect(await flushAll()).toEqual([]);
    expect(hasSends()).toBe(false);
    expect(await all).toEqual({ sent: 3, failed: 0 });
  });

  test('has more to wait for as long as one message is open', async () => {
    const service = new FakeService();
    let release = () => {};
    service.before = (entries) =>
      entries[0]?.MessageBody === '2'
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    const producer = producerOn<number>(service, { queueUrl: FIFO_QUEUE });
    const sends = [producer.send(1, { groupId: 'g' }), producer.send(2, { groupId: 'g' })];
    await sends[0];
    expect(hasSends()).toBe(true);
    await turns(20);
    release();
    await sends[1];
    expect(hasSends()).toBe(false);
  });
});

describe('an answer', () => {
  const answering = (answer: object) => {
    const service = new FakeService();
    service.queueCalls = async () => ({ sendMessageBatch: async () => answer as never });
    return producerOn<number>(service, { queueUrl: QUEUE });
  };

  test('tells the place in its group, where there is one', async () => {
    const { MessageId, SequenceNumber } = { MessageId: 'm', SequenceNumber: '17' };
    const reply = (more: object) => answering({ Successful: [{ Id: '0', ...more }] }).send(1);
    expect(await reply({ MessageId, SequenceNumber })).toEqual({ messageId: 'm', sequenceNumber: '17' });
    expect(await reply({ MessageId })).toStrictEqual({ messageId: 'm' });
    expect(await reply({})).toEqual({ messageId: '' });
  });

  test('about what was never sent is not heard', async () => {
    const Successful = [
      { Id: '7', MessageId: 'x' },
      { Id: '0', MessageId: 'm' },
    ];
    expect(await answering({ Successful }).send(1)).toEqual({ messageId: 'm' });
  });

  test('that comes when all was given up makes no room that is not there', async () => {
    const service = new FakeService();
    const answers: (() => void)[] = [];
    service.before = () => new Promise<void>((resolve) => answers.push(resolve));
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const fill = () => Promise.all(Array.from({ length: 200 }, (_, n) => thrown(producer.send(n))));
    const given = fill();
    await turns();
    expect(answers).toHaveLength(16);
    await producer.flush({ signal: AbortSignal.abort() }).catch(() => {});
    await given;
    const again = fill();
    await turns();
    expect(answers).toHaveLength(32);
    for (const answer of answers.splice(0, 16)) answer();
    await turns();
    expect(answers).toHaveLength(16);
    await producer.flush({ signal: AbortSignal.abort() }).catch(() => {});
    await again;
  });
});

test('without a client nothing waits for another try', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  const service = new FakeService();
  service.queueCalls = () => Promise.reject(new Error('no such file'));
  expect(await thrown(producerOn(service, { queueUrl: QUEUE }).send(1))).toMatchObject({ mayHaveArrived: false });
});

test('ids of messages that nobody correlated count on', async () => {
  const service = new FakeService();
  const producer = producerOn<number>(service, { queueUrl: QUEUE });
  await Promise.all([producer.send(1), producer.send(2), producer.send(3)]);
  const ids = service.accepted.map(({ MessageAttributes }) => MessageAttributes!.CorrelationId!.StringValue);
  expect(ids).toEqual(['id-1-0', 'id-1-1', 'id-1-2']);
});

test('what is no fault of the message is thrown as it is', async () => {
  const options = {
    get tenant(): string {
      throw new Error('a getter');
    },
  };
  await expect(producerOn(new FakeService(), { queueUrl: QUEUE }).send(1, options)).rejects.toThrow(/^a getter$/);
});

test('ten bodies that are stored share a request, however large they were', async () => {
  const service = new FakeService();
  const payloads = { bucket: 'b', threshold: 1_000 };
  const producer = publisherOn<string>(service, { topicArn: TOPIC, payloads });
  await Promise.all(Array.from({ length: 10 }, () => producer.send('x'.repeat(200_000))));
  expect(service.requests.map(({ length }) => length)).toEqual([10]);
});

test.each([
  ['TimeoutError', undefined, true],
  ['AccessDeniedException', 'client' as const, false],
])('a schedule that fails with %s may have been made: %#', async (name, fault, mayHaveArrived) => {
  jest.useFakeTimers();
  const service = new FakeService();
  service.failSchedule = () => {
    throw fault ? serviceError(name, fault) : Object.assign(new Error('no'), { name });
  };
  const schedule = { groupName: 'g', roleArn: 'r', queueArn: 'q' };
  const at = new Date(service.time + 2_000_000);
  const error = thrown(producerOn(service, { queueUrl: QUEUE, schedule }).send(1, { at }));
  await jest.advanceTimersByTimeAsync(20_000);
  expect(await error).toMatchObject({ code: name, mayHaveArrived });
});
