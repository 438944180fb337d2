import * as fc from 'fast-check';
import { z } from 'zod';
import type { InvokerEdge } from '../../../lambda/runtime/invoker/edge';
import { readEvent, storedPayload } from '../../../lambda/runtime/invoker/event';
import { invokerOn } from '../../../lambda/runtime/invoker/invoker';
import { SendError } from '../../../lambda/runtime/producer/errors';
import { flushAll, hasSends, sendsOf } from '../../../lambda/runtime/producer/pending';
import { serviceError } from '../producer/fake-service';

const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:thumbnails';
const TO = { functionArn: ARN };

/** Lambda and S3, that take everything unless told otherwise. */
class FakeLambda implements InvokerEdge {
  readonly calls: any[] = [];
  readonly objects = new Map<string, string>();
  before: (attempt: number) => unknown = () => {};
  time = 1_000;
  span: string | undefined;
  private ids = 0;

  constructor(readonly env: Record<string, string | undefined> = {}) {}

  now = (): number => this.time;
  random = (): number => 0;
  uuid = (): string => `id-${++this.ids}`;
  traceparent = (): string | undefined => this.span;
  invokeCalls = async () => ({
    invoke: async (input: any) => {
      this.calls.push(input);
      await this.before(this.calls.length);
      return { requestId: `r-${this.calls.length}` };
    },
  });
  storeCalls = async () => ({
    putObject: async ({ Bucket, Key, Body }: any) => {
      this.objects.set(`${Bucket}/${Key}`, Body);
    },
    getObject: async () => '',
    sha256: (text: string) => `hash-of-${text.length}`,
  });

  event(i = 0): any {
    return JSON.parse(String(this.calls[i].Payload));
  }
}

const failing = async (call: Promise<unknown>): Promise<SendError> => {
  const error = await call.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(SendError);
  return error as SendError;
};

test('a payload is handed over asynchronously, with where it comes from, and answered with the id of its invocation', async () => {
  const edge = new FakeLambda();
  expect(await invokerOn(edge, TO).invoke({ id: 1 })).toEqual({ requestId: 'r-1' });
  expect(edge.calls[0]).toMatchObject({ FunctionName: ARN, InvocationType: 'Event' });
  expect(edge.event()).toEqual({
    'cdk-async-patterns': { correlationId: 'id-1', sentAt: 1_000 },
    payload: { id: 1 },
  });
});

test('whatever JSON can hold arrives as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.string(), async (payload, correlationId) => {
      const edge = new FakeLambda();
      await invokerOn(edge, TO).invoke(payload, { correlationId });
      const received = readEvent(edge.event());
      expect(received.payload).toEqual(JSON.parse(JSON.stringify(payload)));
      expect(received.origin.correlationId).toBe(correlationId || undefined);
    }),
  );
});

test('on behalf of a message it carries on its correlation and its trace, and names it', async () => {
  const edge = new FakeLambda();
  const context = { messageId: 'm-1', attributes: { CorrelationId: 'c-1', traceparent: '00-a-b-01' } };
  await invokerOn(edge, TO).with(context).invoke(1);
  expect(edge.event()['cdk-async-patterns']).toEqual({
    correlationId: 'c-1',
    causationId: 'm-1',
    traceparent: '00-a-b-01',
    sentAt: 1_000,
  });
});

test('options win over what is in hand, and the active span over its trace', async () => {
  const edge = new FakeLambda();
  edge.span = '00-span-01';
  const bound = invokerOn(edge, TO).with({ messageId: 'm-1', attributes: { traceparent: '00-old-01' } });
  await bound.invoke(1, { correlationId: 'c-2', causationId: 'm-2' });
  expect(edge.event()['cdk-async-patterns']).toMatchObject({
    correlationId: 'c-2',
    causationId: 'm-2',
    traceparent: '00-span-01',
  });
});

describe('a connection', () => {
  test('is read from the environment under its name, however that is written', async () => {
    const edge = new FakeLambda({
      ASYNC_INVOKER_MAKE_THUMBNAILS: JSON.stringify({ functionArn: ARN, maxBytes: 1000 }),
    });
    for (const name of ['make-thumbnails', 'MakeThumbnails']) await invokerOn(edge, name).invoke(1);
    expect(edge.calls).toHaveLength(2);
  });

  test.each([
    [
      'missing',
      {},
      /invoker x: got no environment variable ASYNC_INVOKER_X.*add asyncFunction.connectInvoker\(fn, 'x'\)/,
    ],
    ['no JSON', { ASYNC_INVOKER_X: '{' }, /invoker x: got "\{" in ASYNC_INVOKER_X, expected JSON with functionArn/],
    ['of something else', { ASYNC_INVOKER_X: '{"queueUrl":"q"}' }, /expected JSON with functionArn/],
  ])('that is %s is an error: in Lambda at once, elsewhere when it is used', async (_, env, message) => {
    await expect(invokerOn(new FakeLambda(env), 'x').invoke(1)).rejects.toThrow(message);
    expect(() => invokerOn(new FakeLambda({ ...env, AWS_LAMBDA_FUNCTION_NAME: 'f' }), 'x')).toThrow(message);
  });
});

describe('what is too large', () => {
  /** The bytes of an event whose payload is a text of so many characters. */
  const overhead = Buffer.byteLength(
    JSON.stringify({ 'cdk-async-patterns': { correlationId: 'id-1', sentAt: 1_000 }, payload: '' }),
  );

  test.each([
    ['Lambda', undefined, 1_048_576],
    ['the failure destination', 1_015_808, 1_015_808],
  ])('for %s is refused by name, one byte less is not', async (_, maxBytes, limit) => {
    const fits = new FakeLambda();
    await invokerOn<string>(fits, { ...TO, maxBytes }).invoke('x'.repeat(limit - overhead));
    expect(fits.calls[0].Payload.byteLength).toBe(limit);

    const edge = new FakeLambda();
    const payload = 'x'.repeat(limit - overhead + 1);
    const error = await failing(invokerOn<string>(edge, { ...TO, maxBytes }).invoke(payload));
    expect(error).toMatchObject({
      code: 'MessageTooLong',
      input: payload,
      correlationId: 'id-1',
      mayHaveArrived: false,
    });
    expect(error.message).toContain(`got an event of ${limit + 1} bytes, expected at most ${limit}`);
    expect(edge.calls).toEqual([]);
  });

  test.each([
    ['over the threshold', { threshold: 10 }, 9, 1],
    ['at the threshold', { threshold: 10 }, 8, 0],
    ['over the limit under a larger threshold', { threshold: 2_000_000 }, 1_048_576, 1],
  ])('is stored with a payload store: %s', async (_, { threshold }, length, objects) => {
    const edge = new FakeLambda();
    const payloads = { bucket: 'store', prefix: 'p/', threshold };
    const payload = 'x'.repeat(length);
    await invokerOn<string>(edge, { ...TO, payloads }).invoke(payload);
    expect(edge.objects.size).toBe(objects);
    const received = readEvent(edge.event());
    const pointer = storedPayload(received, [payloads]);
    if (objects === 0) expect([pointer, received.payload]).toEqual([undefined, payload]);
    else {
      expect(pointer).toEqual({ bucket: 'store', key: `p/hash-of-${length + 2}`, size: length + 2 });
      expect(JSON.parse(edge.objects.get(`store/${pointer!.key}`)!)).toBe(payload);
    }
  });
});

describe('what does not arrive', () => {
  test.each([
    ['throttled', 'TooManyRequestsException', 'client' as const],
    ['an internal error', 'ServiceException', 'server' as const],
  ])('for now is tried again: %s', async (_, name, fault) => {
    const edge = new FakeLambda();
    edge.before = (attempt) => {
      if (attempt < 5) throw serviceError(name, fault);
    };
    expect(await invokerOn(edge, TO).invoke(1)).toEqual({ requestId: 'r-5' });
  });

  test('after five attempts is an error that names it, and says whether it may have arrived', async () => {
    const edge = new FakeLambda();
    edge.before = () => {
      throw serviceError('ServiceException', 'server');
    };
    const error = await failing(invokerOn(edge, TO).invoke(1, { correlationId: 'c-1' }));
    expect(error).toMatchObject({ code: 'ServiceException', correlationId: 'c-1', mayHaveArrived: true, input: 1 });
    expect(edge.calls).toHaveLength(5);
  });

  test('for good is an error at once', async () => {
    const edge = new FakeLambda();
    edge.before = () => {
      throw serviceError('ResourceNotFoundException');
    };
    const error = await failing(invokerOn(edge, TO).invoke(1));
    expect(error).toMatchObject({ code: 'ResourceNotFoundException', mayHaveArrived: false });
    expect(edge.calls).toHaveLength(1);
  });

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => {}],
    ['a big integer', 1n],
  ])('because it is %s is refused', async (_, payload) => {
    expect(await failing(invokerOn(new FakeLambda(), TO).invoke(payload))).toMatchObject({ code: 'InvalidMessage' });
  });

  test('because it does not match the schema is refused, and what matches goes as it is', async () => {
    const edge = new FakeLambda();
    const schema = z.object({ id: z.string(), size: z.number().default(1) });
    const typed = invokerOn(edge, TO, { schema });
    expect(await failing(typed.invoke({ id: 7 } as any))).toMatchObject({ code: 'InvalidMessage' });
    await typed.invoke({ id: 'a' });
    expect(edge.event().payload).toEqual({ id: 'a' });
  });

  test('because it was given up rejects at once, and may have arrived if it was under way', async () => {
    const edge = new FakeLambda();
    edge.before = () => new Promise(() => {});
    const controller = new AbortController();
    const call = invokerOn(edge, TO).invoke(1, { signal: controller.signal });
    await new Promise(setImmediate);
    controller.abort();
    expect(await failing(call)).toMatchObject({ code: 'Aborted', mayHaveArrived: true });
    const early = await failing(invokerOn(edge, TO).invoke(2, { signal: AbortSignal.abort() }));
    expect(early).toMatchObject({ code: 'Aborted', mayHaveArrived: false });
  });
});

test('of many calls at once all arrive, eight at a time', async () => {
  const edge = new FakeLambda();
  let underWay = 0;
  let most = 0;
  edge.before = async () => {
    most = Math.max(most, ++underWay);
    await new Promise(setImmediate);
    underWay--;
  };
  const thumbnails = invokerOn<number>(edge, TO);
  await Promise.all(Array.from({ length: 50 }, (_, i) => thumbnails.invoke(i)));
  expect(edge.calls.map((_, i) => edge.event(i).payload).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
  expect(most).toBe(8);
});

describe('a call that nobody waits for', () => {
  test('is waited for by whoever flushes, and its failure is theirs', async () => {
    const edge = new FakeLambda();
    edge.before = () => {
      throw serviceError('ResourceNotFoundException');
    };
    void invokerOn(edge, TO).invoke(1);
    expect(hasSends()).toBe(true);
    expect(await flushAll()).toEqual([expect.any(SendError)]);
    expect(hasSends()).toBe(false);
  });

  test('is noted with the message on whose behalf it is', async () => {
    const edge = new FakeLambda();
    const context = { messageId: 'm-1', attributes: {} };
    void invokerOn(edge, TO).with(context).invoke(1);
    expect(sendsOf(context).size).toBe(1);
    expect(await flushAll()).toEqual([]);
    expect(sendsOf(context).size).toBe(0);
  });

  test('is given up when the signal fires', async () => {
    const edge = new FakeLambda();
    edge.before = () => new Promise(() => {});
    void invokerOn(edge, TO).invoke(1);
    const errors = await flushAll(AbortSignal.timeout(20));
    expect(errors).toEqual([expect.objectContaining({ code: 'Aborted' })]);
    expect(hasSends()).toBe(false);
  });
});
