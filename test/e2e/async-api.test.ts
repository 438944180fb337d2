import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { type Message, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, REGION, startEmulator } from '../../bin/local/emulator';
import { makeCaller } from '../../bin/local/iam';
import { LOCAL } from '../../bin/local/run';
import { signed } from '../../lambda/handlers/webhook-sender/sigv4';
import { inParallel } from '../../lambda/runtime/parallel';
import { queueSize, receiveAll } from './queues';

const directory = join(LOCAL, 'e2e-async-api');
const IN_FLIGHT = 12;

type Kind = 'good' | 'flaky' | 'bad' | 'doomed' | 'crash' | 'slow';
interface Order {
  readonly orderId: string;
  readonly cents: number;
  readonly kind: Kind;
}

/** 2,000 jobs. */
const KINDS: [Kind, number][] = [
  ['good', 1_760],
  ['flaky', 100],
  ['bad', 60],
  ['doomed', 20],
  ['crash', 10],
  ['slow', 50],
];
/** Spread, so that each is among others. */
const orders: readonly Order[] = KINDS.flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, i) => ({ at: (i + 0.5) / count, kind })),
)
  .sort((a, b) => a.at - b.at)
  .map(({ kind }, i) => ({ orderId: `o-${i}`, cents: i, kind }));
const isRepeated = (i: number): boolean => i % 10 === 3;

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
  readonly took: number;
}

let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let dynamodb: DynamoDBClient;
let alice: Credentials;
let mallory: Credentials;

interface CallOptions {
  readonly api?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Nobody for an unsigned request. */
  readonly as?: Credentials | null;
}

async function call(method: string, path: string, { api, headers = {}, body = '', as = alice }: CallOptions = {}) {
  const url = new URL(`${emulator.endpoint}/restapis/${api ?? out.ApiIdOutput}/prod/_user_request_/jobs${path}`);
  const sent = { ...(body !== '' && { 'content-type': 'application/json' }), ...headers };
  const scope = { region: REGION, service: 'execute-api' };
  const started = performance.now();
  const response = await fetch(url, {
    method,
    headers: as ? signed({ method, url, headers: sent, body }, as, scope, new Date()) : sent,
    ...(body !== '' && { body }),
  });
  const text = await response.text();
  const took = performance.now() - started;
  let parsed: unknown = text;
  try {
    parsed = JSON.parse(text);
  } catch {}
  return { status: response.status, headers: response.headers, body: parsed, took } as Reply;
}

const post = (order: object, options: CallOptions = {}): Promise<Reply> =>
  call('POST', '', { body: JSON.stringify(order), ...options });

const size = (queueUrl: string | undefined): Promise<number> => queueSize(sqs, queueUrl);

async function until(what: string, holds: () => Promise<boolean>, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(500);
  }
}

async function scan(TableName: string | undefined): Promise<Map<string, Record<string, AttributeValue>>> {
  const items = new Map<string, Record<string, AttributeValue>>();
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName })) {
    for (const item of Items) items.set(item.pk!.S!, item);
  }
  return items;
}

const quantile = (sorted: readonly number[], share: number): string =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1);

/** By order. */
const ids = new Map<string, string>();
const repeats = new Map<string, string>();
const refusals: string[] = [];
let jobs: Map<string, Record<string, AttributeValue>>;
let ledger: Map<string, Record<string, AttributeValue>>;
let dead: Message[];

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, { stack: 'AsyncApi', app: 'tsx test/e2e/fixtures/async-api/app.ts', directory });
  sqs = new SQSClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);
  [alice, mallory] = [await makeCaller(emulator, 'alice'), await makeCaller(emulator, 'mallory')];
}, 180_000);

afterAll(async () => {
  for (const client of [sqs, dynamodb]) client?.destroy();
  await emulator?.stop();
}, 20_000);

describe('hostile input', () => {
  const good = { orderId: 'h', cents: 1, kind: 'good' };
  const hostile: [string, number, () => Promise<Reply>][] = [
    ['bad JSON', 400, () => call('POST', '', { body: '{"orderId":' })],
    ['wrong types', 400, () => post({ ...good, cents: 'many' })],
    ['a missing field', 400, () => post({ orderId: 'h' })],
    [
      'a key __proto__',
      400,
      () => call('POST', '', { body: '{"orderId":"h","cents":1,"kind":"good","__proto__":{}}' }),
    ],
    ['no body', 400, () => call('POST', '', { headers: { 'content-type': 'application/json' } })],
    ['nesting without end', 400, () => call('POST', '', { body: '['.repeat(8_000) + ']'.repeat(8_000) })],
    ['a body too large', 413, () => post({ ...good, orderId: 'x'.repeat(17_000) })],
    ['another content type', 415, () => post(good, { headers: { 'content-type': 'text/plain' } })],
    ['a bad key', 400, () => post(good, { headers: { 'idempotency-key': 'a b' } })],
    ['a callback without TLS', 400, () => post(good, { headers: { 'callback-url': 'http://example.com' } })],
    ['nobody’s request', 403, () => post(good, { as: null })],
    ['a job that is not there', 404, () => call('GET', `/${'x'.repeat(32)}`)],
    ['an id that is none', 404, () => call('GET', '/etc.passwd')],
    ['a bad wait', 400, () => call('GET', `/${'x'.repeat(32)}?wait=1e9`)],
  ];
  test.each(hostile)('%s: %d', async (_, status, request) => {
    const reply = await request();
    expect(reply.status).toBe(status);
    if (status !== 403) {
      expect(reply.headers.get('content-type')).toBe('application/problem+json');
      expect(reply.body).toMatchObject({ type: 'about:blank', status, title: expect.any(String) });
    }
  });

  test('nothing of it has reached the queue or the table', async () => {
    expect(await size(out.QueueUrlOutput)).toBe(0);
    expect((await scan(out.JobsTableOutput)).size).toBe(0);
  });

  test('another caller’s job is none, to see or to cancel', async () => {
    const { body } = await post({ ...good, kind: 'slow' });
    for (const method of ['GET', 'DELETE']) {
      expect(await call(method, `/${body.id}`, { as: mallory })).toMatchObject({ status: 404 });
    }
    expect(await call('DELETE', `/${body.id}`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  });
});

describe('a slow job', () => {
  const order = (orderId: string) => ({ orderId, cents: 1, kind: 'slow' });

  test('is watched without polling: the call returns when the job changes', async () => {
    const { body, headers } = await post(order('watched'));
    const running = await call('GET', `/${body.id}?wait=20`, { headers: { 'if-none-match': headers.get('etag')! } });
    expect(running.body.status).toBe('running');
    const progressed = await call('GET', `/${body.id}?wait=20`, {
      headers: { 'if-none-match': running.headers.get('etag')! },
    });
    expect(progressed.body).toMatchObject({ status: 'running', progress: 0.5 });
    const ended = await call('GET', `/${body.id}?wait=20`, {
      headers: { 'if-none-match': progressed.headers.get('etag')! },
    });
    expect(ended.body).toMatchObject({ status: 'succeeded', result: { orderId: 'watched', total: 2 } });
    expect(ended.took).toBeLessThan(6_000);
  }, 60_000);

  test('that is cancelled while it runs: its signal fires, its result is dropped', async () => {
    const { body } = await post(order('stopped'));
    await until('running', async () => (await call('GET', `/${body.id}`)).body.status === 'running', 20);
    expect(await call('DELETE', `/${body.id}`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    await until('aborted', async () => (await scan(out.LedgerTableOutput)).get('stopped')?.aborted?.N === '1', 10);
    expect((await call('GET', `/${body.id}`)).body.status).toBe('cancelled');
    expect(await call('DELETE', `/${body.id}`)).toMatchObject({ status: 200 });
  }, 60_000);
});

describe('2,000 jobs', () => {
  beforeAll(async () => {
    const took: number[] = [];
    const started = Date.now();
    await inParallel(orders, IN_FLIGHT, async (order) => {
      const i = order.cents;
      const headers = { 'idempotency-key': `key-${i}` };
      const requests = [post(order, { headers }), ...(isRepeated(i) ? [post(order, { headers })] : [])];
      const [first, second] = await Promise.all(requests);
      for (const { status, body } of [first!, ...(second ? [second] : [])]) {
        if (status !== 202) refusals.push(`${order.orderId}: ${status} ${JSON.stringify(body)}`);
      }
      took.push(first!.took);
      ids.set(order.orderId, first!.body.id);
      if (second) repeats.set(order.orderId, second.body.id);
      if (order.kind === 'slow') await call('DELETE', `/${first!.body.id}`);
    });
    const submitted = Date.now();
    await until('the queue is empty', async () => (await size(out.QueueUrlOutput)) === 0, 120);
    took.sort((a, b) => a - b);
    process.stdout.write(
      `202 of ${took.length} jobs, ${IN_FLIGHT} in flight: median ${quantile(took, 0.5)} ms, p99 ${quantile(took, 0.99)} ms; ` +
        `submitted in ${((submitted - started) / 1000).toFixed(1)} s, all done after ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
    );
    jobs = await scan(out.JobsTableOutput);
    await until(
      'all are told',
      async () => {
        ledger = await scan(out.LedgerTableOutput);
        return [...ids.values()].every((id) => ledger.has(id));
      },
      60,
    );
    dead = await receiveAll(sqs, out.DeadLetterQueueUrlOutput);
  }, 280_000);

  const EXPECTED: Record<Kind, string> = {
    good: 'succeeded',
    flaky: 'succeeded',
    crash: 'succeeded',
    bad: 'failed',
    doomed: 'failed',
    slow: 'cancelled',
  };

  test('are all accepted, the repeated as the same job', () => {
    expect(refusals).toEqual([]);
    expect(new Set(ids.values()).size).toBe(2_000);
    expect(repeats.size).toBe(200);
    for (const [orderId, id] of repeats) expect(id).toBe(ids.get(orderId));
  });

  test('all end in the right state', () => {
    const wrong = orders.filter(({ orderId, kind }) => jobs.get(ids.get(orderId)!)?.state?.S !== EXPECTED[kind]);
    expect(wrong).toEqual([]);
  });

  test('the results are those of the orders, the problems say why', () => {
    for (const { orderId, cents, kind } of orders) {
      const { result, problem } = jobs.get(ids.get(orderId)!)!;
      if (EXPECTED[kind] === 'succeeded') expect(JSON.parse(result!.S!)).toEqual({ orderId, total: cents * 2 });
      else expect(result?.S).toBeUndefined();
      if (kind === 'bad') expect(JSON.parse(problem!.S!).detail).toBe('the card is refused');
      // One that crashed may have taken its last attempt with it.
      if (kind === 'doomed')
        expect(JSON.parse(problem!.S!).detail).toMatch(
          /^retries exhausted after (4 receives: doomed|5 receives: the last attempt came to no end)/,
        );
    }
    // The crashes are few, and most of them are over before a last attempt.
    const doomed = orders.filter(({ kind }) => kind === 'doomed');
    const reasons = doomed.map(({ orderId }) => JSON.parse(jobs.get(ids.get(orderId)!)!.problem!.S!).detail);
    expect(reasons.filter((reason) => reason.includes('4 receives: doomed')).length).toBeGreaterThan(doomed.length / 2);
  });

  test('the API says the same', async () => {
    await inParallel(
      orders.filter((_, i) => i % 40 === 0),
      IN_FLIGHT,
      async ({ orderId, kind, cents }) => {
        const { status, body } = await call('GET', `/${ids.get(orderId)}`);
        expect({ status, state: body.status }).toEqual({ status: 200, state: EXPECTED[kind] });
        if (EXPECTED[kind] === 'succeeded') expect(body.result).toEqual({ orderId, total: cents * 2 });
      },
    );
  }, 30_000);

  test('each end is told', () => {
    for (const { orderId, kind } of orders) {
      expect(Number(ledger.get(ids.get(orderId)!)?.[EXPECTED[kind]]?.N)).toBeGreaterThanOrEqual(1);
    }
  });

  test('the failed, and no others, are in the dead-letter queue', () => {
    const failed = orders.filter(({ kind }) => EXPECTED[kind] === 'failed').map(({ orderId }) => orderId);
    expect([...new Set(dead.map(({ Body }) => JSON.parse(Body!).orderId))].sort()).toEqual(failed.sort());
  });

  test('a key with another order is refused', async () => {
    const reply = await post({ ...orders[0], cents: 7 }, { headers: { 'idempotency-key': 'key-0' } });
    expect(reply.status).toBe(422);
  });
});

test('a worker that dies at every attempt: its job has failed, and says so', async () => {
  const api = out.FragileApiIdOutput;
  const { body } = await post({ orderId: 'd', cents: 1, kind: 'deadly' }, { api });
  await until('it has ended', async () => (await call('GET', `/${body.id}`, { api })).body.status === 'failed', 50);
  const [letter] = await receiveAll(sqs, out.FragileDeadLetterQueueUrlOutput);
  expect(letter?.MessageAttributes).toMatchObject({
    JobId: { StringValue: body.id },
    DeadLetterReason: { StringValue: 'retries exhausted after 3 receives: the last attempt came to no end' },
  });
}, 60_000);

test('a function that is connected submits jobs and waits for their results', async () => {
  await sqs.send(
    new SendMessageCommand({ QueueUrl: out.SubmitterQueueUrlOutput, MessageBody: JSON.stringify({ count: 100 }) }),
  );
  await until(
    'the results are in',
    async () => (await scan(out.LedgerTableOutput)).get('client')?.total?.N === String(99 * 100),
    50,
  );
}, 60_000);

test('a callback to this machine is refused, with the reason', async () => {
  const callbacks = ['https://127.0.0.1:4566/', 'https://localhost/', 'https://[::ffff:169.254.169.254]/latest'];
  for (const url of callbacks) {
    const reply = await post({ orderId: 'cb', cents: 1, kind: 'good' }, { headers: { 'callback-url': url } });
    expect(reply.status).toBe(202);
  }
  await until('dead letters', async () => (await size(out.WebhookDeadLetterQueueUrlOutput)) === callbacks.length, 40);
  const letters = await receiveAll(sqs, out.WebhookDeadLetterQueueUrlOutput);
  for (const { MessageAttributes } of letters) {
    expect(MessageAttributes?.DeadLetterReason?.StringValue).toMatch(/which is no public address$/);
  }
}, 60_000);

describe('a queue with a pace, submitted to faster than that', () => {
  const PACE = 10;
  const REFUSALS = 40;
  const SECONDS = 40;
  /** By key. */
  const accepted = new Map<string, string>();
  const refused: { readonly key: string; readonly at: number; readonly reply: Reply }[] = [];
  const submit = async (i: number): Promise<Reply> => {
    const key = `paced-${i}`;
    const order = { orderId: key, cents: i, kind: 'good' };
    const reply = await post(order, { api: out.PacedApiIdOutput, headers: { 'idempotency-key': key } });
    if (reply.status === 202) accepted.set(key, reply.body.id);
    else refused.push({ key, at: Date.now(), reply });
    return reply;
  };
  let done: Map<string, Record<string, AttributeValue>>;

  beforeAll(async () => {
    const start = Date.now();
    let next = 0;
    const caller = async (): Promise<void> => {
      while (Date.now() - start < SECONDS * 1_000 && refused.length < REFUSALS) {
        await submit(next++);
        await sleep(100);
      }
    };
    await Promise.all(Array.from({ length: 4 }, caller));
    await until('the queue is empty', async () => (await size(out.PacedQueueUrlOutput)) === 0, 60);
    done = await scan(out.PacedJobsTableOutput);
  }, 120_000);

  test('the door answers 429 with when to come again, once the queue is behind', () => {
    expect(accepted.size).toBeGreaterThan(10 * PACE);
    expect(refused.length).toBeGreaterThanOrEqual(REFUSALS);
    for (const { reply } of refused) {
      expect(reply).toMatchObject({ status: 429, body: { title: 'Too Many Requests', status: 429 } });
      expect(Number(reply.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
  });

  test('what it has accepted is all done, what it has refused has left nothing', () => {
    for (const id of accepted.values()) expect(done.get(id)?.state?.S).toBe('succeeded');
    expect(done.size).toBe(accepted.size);
  });

  test('no faster than the pace, and about as fast', () => {
    const times = [...accepted.values()].map((id) => Number(done.get(id)!.result!.S)).sort((a, b) => a - b);
    const within = (start: number) => times.filter((time) => time >= start && time < start + 10_000).length;
    const most = Math.max(...times.map(within));
    const rate = (times.length - 1) / ((times.at(-1)! - times[0]!) / 1_000);
    process.stdout.write(
      `paced: ${accepted.size} accepted, ${refused.length} refused; ${rate.toFixed(1)} a second, at most ${most} in 10 s\n`,
    );
    // Handlers begin after their slots, on a busy machine by up to a second.
    expect(most).toBeLessThanOrEqual(11 * PACE);
    expect(rate).toBeGreaterThan(0.85 * PACE);
  });

  test('whoever comes again then is accepted', async () => {
    const { key } = refused[0]!;
    await until('there is room', async () => (await submit(Number(key.slice(6)))).status === 202, 75);
    const id = accepted.get(key);
    const api = out.PacedApiIdOutput;
    await until('done', async () => (await call('GET', `/${id}`, { api })).body.status === 'succeeded', 20);
  }, 100_000);
});
