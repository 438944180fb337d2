import { z } from 'zod';
import { jobsApiOn } from '../../../lambda/runtime/jobs/api';
import { type Call, proxyEvent, read, World } from './world';

const Order = z.object({ orderId: z.string(), cents: z.number().int().max(1_000_000) });
const ORDER = JSON.stringify({ orderId: 'o-1', cents: 5 });

let world: World;
let handler: ReturnType<typeof jobsApiOn>;
beforeEach(() => {
  jest.useFakeTimers();
  world = new World();
  handler = jobsApiOn(world.edge, { schema: Order });
});
afterEach(() => jest.useRealTimers());

const call = async (options: Call) => {
  const reply = handler(proxyEvent(options));
  // Time passes where somebody waits.
  for (let i = 0; i < 400; i++) await jest.advanceTimersByTimeAsync(100);
  return read(await reply);
};
const post = (options: Call = {}) => call({ body: ORDER, ...options });

describe('POST /jobs', () => {
  test('answers 202 with where the job is, once the queue has it', async () => {
    const { status, headers, body } = await post();
    expect(status).toBe(202);
    expect(headers).toMatchObject({ Location: `/prod/jobs/${body.id}`, 'Cache-Control': 'no-store' });
    expect(body).toMatchObject({ id: expect.stringMatching(/^[\w-]{32}$/), status: 'accepted' });
    expect(world.sent).toEqual([{ body: JSON.parse(ORDER), jobId: body.id, tenant: expect.any(String) }]);
    expect(world.table.items.get(body.id)).toMatchObject({ sendBy: { N: '0' }, state: { S: 'accepted' } });
  });

  test('sends the body as it was, not what the schema makes of it', async () => {
    handler = jobsApiOn(world.edge, { schema: z.object({ orderId: z.string().transform((id) => id.length) }) });
    await post({ body: '{"orderId":"o-1","more":true}' });
    expect(world.sent[0]!.body).toEqual({ orderId: 'o-1', more: true });
  });

  const hostile: [string, Call, number][] = [
    ['no body', { body: undefined }, 400],
    ['an empty body', { body: '' }, 400],
    ['bad JSON', { body: '{"orderId":' }, 400],
    ['a key __proto__', { body: '{"orderId":"o-1","cents":1,"__proto__":{"admin":true}}' }, 400],
    ['bytes that are no UTF-8', { body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }, 400],
    ['wrong types', { body: '{"orderId":7,"cents":"many"}' }, 400],
    ['an array', { body: '[]' }, 400],
    ['nesting without end', { body: '['.repeat(500) + ']'.repeat(500) }, 400],
    ['a byte too many', { body: JSON.stringify({ orderId: 'x'.repeat(1_024 - 21), cents: 1 }) }, 413],
    ['form data', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 415],
    ['no content type', { headers: { 'Content-Type': '' } }, 415],
    ['another charset', { headers: { 'Content-Type': 'application/json; charset=utf-16' } }, 415],
    ['compression', { headers: { 'Content-Encoding': 'gzip' } }, 415],
    ['an empty key', { headers: { 'Idempotency-Key': '' } }, 400],
    ['a key with spaces', { headers: { 'Idempotency-Key': 'a b' } }, 400],
    ['a key too long', { headers: { 'Idempotency-Key': 'k'.repeat(256) } }, 400],
    ['a callback without TLS', { headers: { 'Callback-Url': 'http://example.com/' } }, 400],
    ['a callback that is none', { headers: { 'Callback-Url': 'example.com' } }, 400],
    ['a callback with a password', { headers: { 'Callback-Url': 'https://a:b@example.com/' } }, 400],
    ['a callback too long', { headers: { 'Callback-Url': `https://example.com/${'x'.repeat(2_000)}` } }, 400],
    ['nobody in particular', { caller: null }, 403],
    ['another method', { method: 'PUT' }, 405],
  ];
  test.each(hostile)('refuses %s, and nothing reaches the table or the queue', async (_, options, expected) => {
    const { status, headers, body } = await call({ body: ORDER, ...options });
    expect(status).toBe(expected);
    expect(headers['Content-Type']).toBe('application/problem+json');
    expect(body).toMatchObject({ type: 'about:blank', status: expected, title: expect.any(String) });
    expect(world.sent).toEqual([]);
    expect(world.table.items.size).toBe(0);
  });

  test('takes a body of exactly the largest size', async () => {
    expect(await post({ body: JSON.stringify({ orderId: 'x'.repeat(1_024 - 24), cents: 1 }) })).toMatchObject({
      status: 202,
    });
  });

  test('names what does not match, and repeats nothing of it', async () => {
    const schema = z.object({
      'a/b': z.object({ pin: z.string().refine(() => false, { error: ({ input }) => `${input} is bad` }) }),
    });
    handler = jobsApiOn(world.edge, { schema });
    const { body } = await post({ body: '{"a/b":{"pin":"4711"}}' });
    expect(body.errors).toEqual([{ pointer: '/a~1b/pin', detail: 'is not valid' }]);
    expect(JSON.stringify(body)).not.toContain('4711');
  });

  test('a schema that throws is a refusal, not an error', async () => {
    handler = jobsApiOn(world.edge, {
      schema: z.unknown().refine(() => {
        throw new Error('secret');
      }),
    });
    const { status, body } = await post();
    expect(status).toBe(400);
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});

describe('Idempotency-Key', () => {
  const keyed = (options: Call = {}) => post({ headers: { 'Idempotency-Key': 'k-1' }, ...options });

  test('the same key is the same job, and is sent once', async () => {
    const first = await keyed();
    const second = await keyed();
    expect(second).toMatchObject({
      status: 202,
      body: { id: first.body.id },
      headers: { Location: first.headers.Location },
    });
    expect(world.sent).toHaveLength(1);
  });

  test('without one every request is a job of its own', async () => {
    expect((await post()).body.id).not.toBe((await post()).body.id);
    expect(world.sent).toHaveLength(2);
  });

  test('the same key of another caller is another job', async () => {
    expect((await keyed()).body.id).not.toBe((await keyed({ caller: 'mallory' })).body.id);
  });

  test('the same key with something else is refused', async () => {
    await keyed();
    expect(await keyed({ body: JSON.stringify({ orderId: 'o-2', cents: 5 }) })).toMatchObject({ status: 422 });
    expect(world.sent).toHaveLength(1);
  });

  test('a repetition sends what the first has not sent', async () => {
    world.sqsFails = () => 'before';
    expect(await keyed()).toMatchObject({ status: 503, headers: { 'Retry-After': '5' } });
    world.sqsFails = undefined;
    expect(await keyed()).toMatchObject({ status: 202 });
    expect(world.sent).toHaveLength(1);
  });
});

describe('a job whose message was not sent', () => {
  test('has failed a minute later, for whoever looks', async () => {
    world.sqsFails = () => 'before';
    await post();
    const [id] = [...world.table.items.keys()];
    jest.setSystemTime(Date.now() + 60_000);
    const { body } = await call({ method: 'GET', id });
    expect(body).toMatchObject({ status: 'failed', problem: { type: 'urn:cdk-async-patterns:job:not-sent' } });
    expect(world.table.state(id!)).toBe('failed');
  });

  test('is not said to be accepted if somebody found it too late while it was sent', async () => {
    const headers = { 'Idempotency-Key': 'k-1' };
    world.sqsFails = () => 'before';
    await post({ headers });
    const [id] = [...world.table.items.keys()];
    jest.setSystemTime(Date.now() + 60_000);
    // Looked at while the repetition is with the queue.
    world.sqsFails = () => {
      void handler(proxyEvent({ method: 'GET', id }));
      return undefined;
    };
    const { queueCalls } = world.edge.sender;
    Object.assign(world.edge.sender, {
      queueCalls: async () => ({
        sendMessageBatch: async (input: any) => {
          const sent = await (await queueCalls()).sendMessageBatch(input);
          await new Promise((resolve) => setTimeout(resolve, 200));
          return sent;
        },
      }),
    });
    handler = jobsApiOn(world.edge, { schema: Order });
    expect(await post({ headers })).toMatchObject({ status: 202, body: { status: 'failed' } });
  });

  test('has not failed if it was sent while somebody looked', async () => {
    const headers = { 'Idempotency-Key': 'k-1' };
    world.sqsFails = () => 'before';
    await post({ headers });
    const [id] = [...world.table.items.keys()];
    jest.setSystemTime(Date.now() + 60_000);
    world.sqsFails = undefined;
    const { updateItem } = world.tableCalls;
    let repeated: Promise<unknown> | undefined;
    world.tableCalls.updateItem = async (input) => {
      // Between its look and what it writes.
      repeated ??= handler(proxyEvent({ body: ORDER, headers }));
      expect(await repeated).toMatchObject({ statusCode: 202 });
      return updateItem(input);
    };
    expect(await call({ method: 'GET', id })).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect(world.table.state(id!)).toBe('accepted');
  });

  test('nor is one accepted of which the table does not say that it was sent', async () => {
    world.tableFails = (n) => (n === 2 ? 'before' : undefined);
    expect(await post()).toMatchObject({ status: 503 });
  });

  test('with the table away nothing is sent', async () => {
    world.tableFails = () => 'before';
    expect(await post()).toMatchObject({ status: 503 });
    expect(world.sent).toEqual([]);
  });

  test('a queue that is full is 429, with when to come again', async () => {
    const queueCalls = () =>
      Promise.reject(Object.assign(new Error('behind'), { name: 'BackpressureError', retryAfter: 30 }));
    Object.assign(world.edge.sender, { queueCalls });
    expect(await post()).toMatchObject({ status: 429, headers: { 'Retry-After': '30' } });
  });
});

describe('GET /jobs/{id}', () => {
  const change = (id: string, change: object) => {
    world.table.items.set(id, { ...world.table.items.get(id)!, ...change } as any);
  };

  test('shows the job to who has submitted it', async () => {
    const { body } = await post();
    const { status, headers, body: seen } = await call({ method: 'GET', id: body.id });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'Retry-After': '1', ETag: expect.any(String) });
    expect(seen).toEqual(body);
  });

  test.each(['GET', 'DELETE'])('%s: for everybody else there is no such job', async (method) => {
    const { body } = await post();
    expect(await call({ method, id: body.id, caller: 'mallory' })).toMatchObject({ status: 404 });
    expect(world.table.state(body.id)).toBe('accepted');
  });

  test.each([
    ['unknown', 'x'.repeat(32)],
    ['no id', '../etc/passwd'],
    ['long', 'x'.repeat(5_000)],
  ])('%s: 404', async (_, id) => {
    expect(await call({ method: 'GET', id })).toMatchObject({ status: 404 });
  });

  test('the result, once there is one', async () => {
    const { body } = await post();
    change(body.id, { state: { S: 'succeeded' }, result: { S: '{"invoice":1}' } });
    const seen = await call({ method: 'GET', id: body.id });
    expect(seen.body).toMatchObject({ status: 'succeeded', result: { invoice: 1 } });
    expect(seen.headers['Retry-After']).toBeUndefined();
  });

  test('is expired when its time is up, and that is written', async () => {
    const { body } = await post();
    jest.setSystemTime(Date.now() + 3_600_000);
    expect((await call({ method: 'GET', id: body.id })).body).toMatchObject({
      status: 'expired',
      problem: { title: expect.any(String) },
    });
    expect(world.table.state(body.id)).toBe('expired');
  });

  test('304 for who knows it already', async () => {
    const { body, headers } = await post();
    const seen = await call({ method: 'GET', id: body.id, headers: { 'If-None-Match': headers.ETag! } });
    expect(seen).toMatchObject({ status: 304, body: undefined });
  });

  describe('?wait', () => {
    const held = async (id: string, options: Call, act?: () => void) => {
      const start = Date.now();
      const reply = handler(proxyEvent({ method: 'GET', id, query: { wait: '20' }, ...options }));
      let took = -1;
      reply.then(() => {
        took = Date.now() - start;
      });
      for (let i = 0; i < 300 && took < 0; i++) {
        if (i === 50) act?.();
        await jest.advanceTimersByTimeAsync(100);
      }
      return { ...read(await reply), took };
    };

    test('holds until the job changes', async () => {
      const { body } = await post();
      const seen = await held(body.id, {}, () => change(body.id, { state: { S: 'running' }, run: { S: 'r' } }));
      expect(seen).toMatchObject({ status: 200, body: { status: 'running' } });
      expect(seen.took).toBeGreaterThanOrEqual(5_000);
      expect(seen.took).toBeLessThanOrEqual(6_200);
    });

    test('or until its progress does', async () => {
      const { body } = await post();
      change(body.id, { state: { S: 'running' }, run: { S: 'r' }, progress: { N: '0.1' } });
      const seen = await held(body.id, {}, () => change(body.id, { progress: { N: '0.2' } }));
      expect(seen.body.progress).toBe(0.2);
    });

    test('or until the time is up', async () => {
      const { body, headers } = await post();
      expect(await held(body.id, {})).toMatchObject({ status: 200, took: 20_000 });
      expect(await held(body.id, { headers: { 'If-None-Match': headers.ETag! } })).toMatchObject({ status: 304 });
    });

    test('not at all if the caller does not know what it is now', async () => {
      const { body } = await post();
      const seen = await held(body.id, { headers: { 'If-None-Match': '"old"' } });
      expect(seen).toMatchObject({ status: 200, took: 0 });
    });

    test('nor if the job has ended', async () => {
      const { body } = await post();
      change(body.id, { state: { S: 'succeeded' } });
      expect((await held(body.id, {})).took).toBeLessThanOrEqual(100);
    });

    test.each(['26', '-1', '1.5', 'x', ''])('wait=%s is refused', async (wait) => {
      const { body } = await post();
      expect(await call({ method: 'GET', id: body.id, query: { wait } })).toMatchObject({ status: 400 });
    });
  });
});

describe('DELETE /jobs/{id}', () => {
  test.each(['accepted', 'running'])('cancels what is %s, again and again', async (state) => {
    const { body } = await post();
    world.table.items.get(body.id)!.state = { S: state };
    expect(await call({ method: 'DELETE', id: body.id })).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await call({ method: 'DELETE', id: body.id })).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(world.table.state(body.id)).toBe('cancelled');
  });

  test.each(['succeeded', 'failed', 'expired'])('is too late for what has %s', async (state) => {
    const { body } = await post();
    world.table.items.get(body.id)!.state = { S: state };
    expect(await call({ method: 'DELETE', id: body.id })).toMatchObject({
      status: 409,
      body: { job: { status: state } },
    });
    expect(world.table.state(body.id)).toBe(state);
  });
});

describe('who calls', () => {
  const owners: [string, object, string][] = [
    ['the subject of a Cognito token', { authorizer: { claims: { sub: 's', iss: 'i' } } }, 'cognito:i#s'],
    ['the principal of a Lambda authorizer', { authorizer: { principalId: 'p' } }, 'principal:p'],
    ['an identity of a pool', { identity: { cognitoIdentityId: 'c', userArn: 'a' } }, 'identity:c'],
    ['who has signed', { identity: { userArn: 'arn:x' } }, 'iam:arn:x'],
  ];
  test.each(owners)('%s', async (_, requestContext, owner) => {
    const reply = handler({ ...proxyEvent({ body: ORDER }), requestContext: requestContext as any });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await reply).toMatchObject({ statusCode: 202 });
    expect([...world.table.items.values()][0]!.owner).toEqual({ S: owner });
  });

  test('or who the option says', async () => {
    handler = jobsApiOn(world.edge, { schema: Order, owner: ({ headers }) => headers['X-Tenant'] });
    await post({ headers: { 'X-Tenant': 't' } });
    expect([...world.table.items.values()][0]!.owner).toEqual({ S: 't' });
    expect(await post()).toMatchObject({ status: 403 });
  });
});

test('no line holds a body', async () => {
  world.tableFails = () => 'before';
  await post({ body: JSON.stringify({ orderId: 'secret-order', cents: 1 }) });
  expect(world.logged).not.toEqual([]);
  expect(JSON.stringify(world.logged)).not.toContain('secret-order');
});

test('without a schema there is no door', () => {
  expect(() => jobsApiOn(world.edge, {} as any)).toThrow('got no schema');
});
