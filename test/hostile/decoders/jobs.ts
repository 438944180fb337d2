import { z } from 'zod';
import { Relay } from '../../../lambda/handlers/job-completions/relay';
import { Caller, checked } from '../../../lambda/handlers/webhook-sender/call';
import { keyOf } from '../../../lambda/handlers/webhook-sender/signature';
import { jobsApiOn } from '../../../lambda/runtime/jobs/api';
import { workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { JOBS_ENV } from '../../../lib/private/contract';
import { JOBS_SPEC } from '../../lambda/jobs/spec';
import { proxyEvent, World } from '../../lambda/jobs/world';
import { SECRET } from '../corpus';
import { accepted, type Decoder, refused, refusedWith } from '../decoder';
import { itemOf } from './rows';

const Order = z.object({ orderId: z.string(), note: z.string(), tags: z.record(z.string(), z.number()).optional() });
const ORDER = JSON.stringify({ orderId: 'o-1', note: SECRET, tags: { a: 1 } });
const ID = 'j'.repeat(32);
const ALICE = 'iam:arn:aws:iam::123456789012:user/alice';

const ROW = {
  state: { S: 'succeeded' },
  owner: { S: ALICE },
  hash: { S: 'h' },
  created: { N: String(Date.now() - 60_000) },
  expires: { N: String(Date.now() + 600_000) },
  sendBy: { N: '0' },
  run: { S: 'r/1/0' },
  lease: { N: '0' },
  attempt: { N: '1' },
  changed: { N: String(Date.now() - 1_000) },
  ended: { N: String(Date.now() - 1_000) },
  progress: { N: '0.5' },
  result: { S: JSON.stringify({ note: SECRET }) },
  problem: { NULL: true },
  callback: { S: 'https://example.org/hook' },
};

/** What a client is told, as a client reads it. */
function checkReply({ statusCode, headers = {}, body }: any): number {
  if (!Number.isInteger(statusCode)) throw new Error(`answered ${statusCode}`);
  for (const [name, value] of Object.entries(headers)) {
    if (/[^\t\x20-\x7e\u0080-\uffff]/.test(String(value)))
      throw new Error(`${name} breaks the header: ${JSON.stringify(value)}`);
  }
  if (body !== '') JSON.parse(body);
  return statusCode;
}

const results = { bucket: 'results', prefix: 'jobs/', threshold: 1 };

const worldWith = (mutated?: unknown): World => {
  const world = new World();
  (world.edge.sender.env as Record<string, string>)[JOBS_ENV.api] = JSON.stringify({ ...JOBS_SPEC, results });
  const storeCalls = world.edge.sender.storeCalls;
  (world.edge.sender as any).storeCalls = async () => ({
    ...(await storeCalls()),
    getObject: async ({ Bucket, Key }: any) => {
      if (Bucket !== 'results' || !Key.startsWith('jobs/') || Key.includes('..'))
        throw new Error(`read ${Bucket}/${Key}`);
      return '"stored"';
    },
  });
  if (mutated !== undefined) world.table.items.set(ID, itemOf(mutated, { pk: { S: ID } }));
  return world;
};

const POST = proxyEvent({
  body: ORDER,
  headers: { 'Idempotency-Key': 'k-1', 'Callback-Url': 'https://example.org/hook' },
});
const POST_BYTES = proxyEvent({ body: Buffer.from(ORDER) });
const GET = proxyEvent({ method: 'GET', id: ID, query: { wait: '0' }, headers: { 'If-None-Match': '"running"' } });
const DELETE = proxyEvent({ method: 'DELETE', id: ID });

export const apiRequest: Decoder = {
  name: 'a request to the API of jobs',
  runs: 3,
  valid: [POST, POST_BYTES, GET],
  others: [DELETE],
  async feed(event) {
    const world = worldWith(ROW);
    let status: number;
    try {
      status = checkReply(await jobsApiOn(world.edge, { schema: Order })(event, lambdaContext(2_000)));
    } catch (thrown) {
      return refusedWith(thrown);
    }
    // What is refused has left nothing behind.
    if (status >= 400 && world.sent.length > 0) throw new Error(`answered ${status}, and sent it`);
    return status < 300 ? accepted(world.logged) : refused(world.logged);
  },
};

export const apiRow: Decoder = {
  name: 'the row of a job, read by the API',
  runs: 2,
  valid: [ROW, { ...ROW, result: { NULL: true }, stored: { S: '{"bucket":"results","key":"jobs/k","size":8}' } }],
  others: [{ ...ROW, state: { S: 'running' } }],
  async feed(mutated) {
    const world = worldWith(mutated);
    const api = jobsApiOn(world.edge, { schema: Order });
    const status = checkReply(await api(GET, lambdaContext(2_000)));
    checkReply(await api(DELETE, lambdaContext(2_000)));
    return status === 200 ? accepted(world.logged) : refused(world.logged);
  },
};

export const workerRow: Decoder = {
  name: 'the row of a job, read by the worker that does it',
  runs: 2,
  valid: [{ ...ROW, state: { S: 'accepted' }, run: { S: '' } }],
  others: [ROW, { ...ROW, state: { S: 'failed' }, problem: { S: '{"type":"x","title":"y","detail":"z"}' } }],
  async feed(mutated) {
    const world = worldWith(mutated);
    const edge = world.workerEdge();
    world.table.items.set('neighbour', { ...ROW, pk: { S: 'neighbour' }, state: { S: 'accepted' }, run: { S: '' } });
    const done: string[] = [];
    const handler = workerOn<any>(edge, { process: (_, { job }) => void done.push(job?.id ?? 'none') });
    const event = sqsEvent([
      { messageId: 'm-1', body: 1, attributes: { JobId: ID } },
      { messageId: 'm-2', body: 2, attributes: { JobId: 'neighbour' } },
    ]);
    const { batchItemFailures } = await handler(event, lambdaContext(60_000));
    if (batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === 'm-2'))
      throw new Error('the neighbour failed');
    if (!done.includes('neighbour')) throw new Error('the neighbour was not done');
    const reasons = edge.deadLetters.map(({ MessageAttributes }) => MessageAttributes!.DeadLetterReason!.StringValue);
    return done.includes(ID) ? accepted(edge.lines, reasons) : refused(edge.lines, reasons);
  },
};

const jobRecord = sqsEvent([{ messageId: 'm-1', body: { note: SECRET }, attributes: { JobId: ID, CorrelationId: ID } }])
  .Records[0]!;

export const jobMessage: Decoder = {
  name: 'the message of a job',
  valid: [jobRecord],
  async feed(hostile) {
    const world = worldWith({ ...ROW, state: { S: 'accepted' }, run: { S: '' } });
    const edge = world.workerEdge();
    const done: string[] = [];
    const handler = workerOn<any>(edge, { process: (_, { messageId }) => void done.push(messageId) });
    const neighbour = sqsEvent([{ messageId: 'm-2', body: 2 }]).Records[0]!;
    try {
      const { batchItemFailures } = await handler({ Records: [hostile, neighbour] }, lambdaContext(60_000));
      if (!done.includes('m-2')) throw new Error('the neighbour was not handled');
      const failed = batchItemFailures.length + edge.deadLetters.length > 0;
      return failed || done.length < 2 ? refused(edge.lines) : accepted(edge.lines);
    } catch (thrown) {
      return refusedWith(thrown, /^TypeError: not an SQS event/);
    }
  },
};

export const endedRow: Decoder = {
  name: 'a job that has ended, told to others',
  runs: 2,
  valid: [ROW],
  others: [{ ...ROW, state: { S: 'running' } }],
  async feed(mutated) {
    const world = new World();
    const published: string[] = [];
    const logged: unknown[] = [];
    const log = (message: string, fields: unknown): void => void logged.push({ message, fields });
    const relay = new Relay(
      {
        ...world.edge.sender,
        topicCalls: async () => ({
          publishBatch: async ({ PublishBatchRequestEntries = [] }) => {
            published.push(...PublishBatchRequestEntries.map(({ Message }) => JSON.parse(Message!).id));
            return { Successful: PublishBatchRequestEntries.map(({ Id }) => ({ Id, MessageId: 'm' })), Failed: [] };
          },
        }),
      },
      { name: 'Test/Api', topic: { topicArn: 'arn:aws:sns:us-east-1:1:ended', fifo: false } },
      { debug: log, info: log, warn: log, error: log },
    );
    const change = (sequence: string, id: string, row: any): any => ({
      dynamodb: {
        SequenceNumber: sequence,
        OldImage: { ...row, pk: { S: id }, state: { S: 'running' } },
        NewImage: { ...row, pk: { S: id } },
      },
    });
    const hostile = change('1', ID, itemOf(mutated, { pk: { S: ID } }));
    const { batchItemFailures } = await relay.handle({ Records: [hostile, change('2', 'neighbour', ROW)] });
    if (!published.includes('neighbour')) throw new Error('the neighbour was not told of');
    if (batchItemFailures.length > 0)
      throw new Error('nothing makes another row of it: it would stand in the way for a day');
    return published.includes(ID) ? accepted(logged) : refused(logged);
  },
};

export const delivery: Decoder = {
  name: 'a call to a webhook',
  runs: 2,
  valid: [
    {
      id: 'job.1',
      url: 'https://example.org/hook?a=b',
      completion: {
        api: 'Test/Api',
        id: 'job',
        status: 'succeeded',
        createdAt: '',
        updatedAt: '',
        expiresAt: '',
        result: SECRET,
      },
    },
  ],
  async feed(input) {
    const called: string[] = [];
    const caller = new Caller({
      resolve: async () => [{ address: '203.0.114.1', family: 4 }],
      isAllowed: (address) => address === '203.0.114.1',
      request: ((url: URL, options: any, answer: any) => {
        for (const value of Object.values(options.headers))
          if (/[\r\n\0]/.test(String(value))) throw new Error('a broken header');
        if (url.protocol !== 'https:' || url.username || url.password) throw new Error(`called ${url}`);
        called.push(url.href);
        return { on: () => {}, end: () => answer({ statusCode: 204, headers: {}, destroy: () => {} }) };
      }) as never,
      now: () => Date.parse('2026-11-24T10:00:00Z'),
      key: async () => keyOf(`whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`),
      timeout: 1,
    });
    try {
      await caller.call(checked(input), AbortSignal.timeout(5_000));
    } catch (thrown) {
      return refusedWith(thrown, 'PermanentError');
    }
    if (called.length !== 1) throw new Error('nobody was called');
    return accepted();
  },
};
