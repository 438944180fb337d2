import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetEventSourceMappingCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { BackpressureError } from '../../lambda/runtime';
import { lambdaSenderEdge } from '../../lambda/runtime/producer/edge';
import { producerOn } from '../../lambda/runtime/producer/sender';
import { queueSize } from './queues';

const directory = join(LOCAL, 'e2e-leveling');
const PACE = 160;
/** The 20,000 take two minutes at a pace that two cores and the local target can follow. */
const MESSAGES = Number(process.env.LEVELING_MESSAGES ?? 20_000);
const PRODUCERS = 50;
const LIMIT = 30;
const WARM_UP = 640;
const TENANT_PACE = 5;
const TENANT_SECONDS = 30;
const SENT_BY_TENANT = { loud: 25, steady: 7, quiet: 6 };

interface Call {
  readonly id: string;
  /** When the handler ran, and when it was called. Milliseconds since the epoch. */
  readonly started: number;
  readonly at: number;
}

const downstream = new Worker(join(__dirname, 'fixtures', 'leveling', 'downstream.mjs'));
const ask = async (message: 'report' | 'forget'): Promise<Call[]> => {
  downstream.postMessage(message);
  return (await once(downstream, 'message'))[0];
};

let calls: Call[] = [];
/** Seconds to drain, as the gauge told them, by seconds since the beginning. */
const drains: { readonly at: number; readonly drain: number }[] = [];
/** Calls of the queue that gives each tenant its own pace. */
let tenantCalls: Call[] = [];
let sentIn = 0;
let refusal: unknown;
let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let lambda: LambdaClient;
let dynamodb: DynamoDBClient;

const size = (queueUrl: string | undefined): Promise<number> => queueSize(sqs, queueUrl);

const row = async () =>
  (await dynamodb.send(new GetItemCommand({ TableName: out.Table, Key: { pk: { S: 'pace' } } }))).Item ?? {};

/** One sends five times what it may, the others a little more than they may: as in the simulation, on a smaller scale. */
async function sendOfTenants(): Promise<void> {
  await ask('forget');
  for (let second = 0; second < TENANT_SECONDS; second++) {
    for (const [tenant, count] of Object.entries(SENT_BY_TENANT)) {
      for (let i = 0; i < count; i += 10) {
        const Entries = Array.from({ length: Math.min(10, count - i) }, (_, j) => ({
          Id: String(j),
          MessageBody: JSON.stringify({ id: `${second}.${i + j}`, tenant }),
        }));
        await sqs.send(new SendMessageBatchCommand({ QueueUrl: out.TenantsQueueUrl, Entries }));
      }
    }
    await sleep(1_000);
  }
  tenantCalls = await ask('report');
}

const sendTen = (idOf: (i: number) => string) =>
  sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: out.QueueUrl,
      Entries: Array.from({ length: 10 }, (_, i) => ({ Id: String(i), MessageBody: JSON.stringify({ id: idOf(i) }) })),
    }),
  );

/** A process that starts is late at its first slots; that is no matter of the pace. */
async function warmUp(): Promise<void> {
  for (let i = 0; i < WARM_UP; i += 10) await sendTen((j) => `warm-${i + j}`);
  while ((await ask('report')).length < WARM_UP) await sleep(200);
  await sleep(2_000);
  await ask('forget');
}

/** Sends its messages, ten at a time, at its part of five times the pace. */
async function produce(producer: number): Promise<void> {
  const each = MESSAGES / PRODUCERS;
  const start = performance.now();
  for (let i = 0; i < each; i += 10) {
    const due = start + (i * PRODUCERS * 1_000) / (5 * PACE);
    await sleep(Math.max(0, due - performance.now()));
    await sendTen((j) => `m${producer * each + i + j}`);
  }
}

/** What a function that is connected to the queue does, while that is behind. */
async function sendOneMore(): Promise<unknown> {
  const edge = {
    ...lambdaSenderEdge(),
    tableCalls: async () => ({ getItem: (input: any) => dynamodb.send(new GetItemCommand(input)) }),
  };
  const connection = { queueUrl: out.QueueUrl!, backpressure: { table: out.Table!, limit: LIMIT } };
  return producerOn(edge, connection)
    .send({ id: 'too much' })
    .catch((error) => error);
}

/** The most and the fewest in any window of so many seconds between the first second and the last. */
function windows(times: number[], seconds: number): { most: number; fewest: number } {
  times.sort((a, b) => a - b);
  const [first, last] = [times[0]!, times.at(-1)!];
  let [most, fewest, end] = [0, Number.POSITIVE_INFINITY, 0];
  times.forEach((start, i) => {
    while (end < times.length && times[end]! < start + seconds * 1_000) end++;
    most = Math.max(most, end - i);
    if (start > first + 1_000 && start + seconds * 1_000 < last - 1_000) fewest = Math.min(fewest, end - i);
  });
  return { most, fewest };
}

const operate = async (payload: object): Promise<any> => {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: out.Controller, Payload: JSON.stringify(payload) }),
  );
  const reply = JSON.parse(Buffer.from(Payload!).toString());
  if (FunctionError) throw new Error(reply.errorMessage);
  return reply;
};

const mapping = async (): Promise<string> => {
  const { State, ScalingConfig } = await lambda.send(new GetEventSourceMappingCommand({ UUID: out.Mapping }));
  return `${State} ${ScalingConfig?.MaximumConcurrency}`;
};

beforeAll(async () => {
  const [port] = await once(downstream, 'message');
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  process.env.DOWNSTREAM_URL = `http://127.0.0.1:${port}`;
  process.env.PACE = String(PACE);
  process.env.SOON = String(Date.now() + 15_000);
  out = await deploy(emulator, { stack: 'Leveling', app: 'tsx test/e2e/fixtures/leveling/app.ts', directory });
  sqs = new SQSClient(emulator.clientConfig);
  lambda = new LambdaClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);
  await warmUp();
  for (let i = 0; i < 90 && !(await row()).pace?.S?.includes(`"count":${PACE}`); i++) await sleep(1_000);

  const start = performance.now();
  const since = () => (performance.now() - start) / 1_000;
  const sending = Promise.all(Array.from({ length: PRODUCERS }, (_, producer) => produce(producer))).then(async () => {
    sentIn = since();
    await sleep(6_000);
    refusal = await sendOneMore();
  });
  do {
    await sleep(1_000);
    drains.push({ at: since(), drain: Number((await row()).drain?.N ?? 0) });
    if (drains.length % 5 === 0) calls = await ask('report');
  } while (calls.length < MESSAGES && since() < MESSAGES / PACE + 60);
  await sending;
  await sleep(2_000);
  calls = await ask('report');
  await sendOfTenants();
}, 360_000);

afterAll(async () => {
  sqs?.destroy();
  lambda?.destroy();
  dynamodb?.destroy();
  await downstream.terminate();
  await emulator?.stop();
}, 20_000);

it('the scheduler has changed the pace without a deployment', async () => {
  expect(await operate({ action: 'status' })).toMatchObject({
    changed: true,
    pace: { kind: 'rate', count: PACE, per: 1 },
  });
});

it(`hands on all ${MESSAGES} messages, once, that 50 producers send at five times the pace`, async () => {
  expect(calls).toHaveLength(MESSAGES);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(MESSAGES);
  expect(await size(out.QueueUrl)).toBe(0);
  expect(await size(out.DeadLetterQueueUrl)).toBe(0);
});

it('at the pace, in any ten seconds', async () => {
  const started = windows(
    calls.map((call) => call.started),
    10,
  );
  const arrived = windows(
    calls.map(({ at }) => at),
    10,
  );
  const { taken } = await row();
  const seconds = (Math.max(...calls.map(({ at }) => at)) - Math.min(...calls.map(({ at }) => at))) / 1_000;
  console.log(
    `${MESSAGES} messages, sent in ${sentIn.toFixed(0)} s, handled in ${seconds.toFixed(1)} s at a pace of ${PACE} a second\n` +
      `in any 10 s: ${started.fewest} to ${started.most} handlers began, ${arrived.fewest} to ${arrived.most} calls arrived\n` +
      `slots taken: ${taken?.N}, of which ${WARM_UP} before`,
  );
  const pace = 10 * PACE;
  for (const { fewest, most } of [started, arrived]) {
    expect(fewest).toBeGreaterThanOrEqual(0.98 * pace);
    expect(most).toBeLessThanOrEqual(1.02 * pace);
  }
  expect(Number(taken?.N)).toBe(MESSAGES + WARM_UP);
});

it('gives each tenant its pace, however much another sends', () => {
  const of = (tenant: string) =>
    tenantCalls.filter(({ id }) => id.startsWith(`${tenant}-`)).map(({ started }) => started);
  const begin = Math.min(...tenantCalls.map(({ started }) => started));
  const end = begin + (TENANT_SECONDS - 2) * 1_000;
  const rates = Object.keys(SENT_BY_TENANT).map((tenant) => {
    // Once the functions run.
    const from = begin + 5_000;
    return of(tenant).filter((at) => at >= from && at < end).length / ((end - from) / 1_000);
  });
  console.log(`calls a second by tenant, at ${TENANT_PACE} each: ${rates.map((rate) => rate.toFixed(2)).join(', ')}`);
  for (const rate of rates) expect(Math.abs(rate - TENANT_PACE)).toBeLessThanOrEqual(0.05 * TENANT_PACE);
});

it('tells how long the backlog takes, and has producers come again then', () => {
  const end = MESSAGES / PACE;
  const told = drains.filter(({ at }) => at > sentIn + 10 && at < end - 10);
  expect(told.length).toBeGreaterThan(0);
  // The gauge is up to five seconds old, and no slots are lost.
  for (const { at, drain } of told) expect(Math.abs(drain - (end - at))).toBeLessThan(10);
  expect(refusal).toBeInstanceOf(BackpressureError);
  expect(Math.abs((refusal as BackpressureError).retryAfter - (end - sentIn - 6 - LIMIT))).toBeLessThan(10);
});

it('closes and opens when it is told', async () => {
  expect(await operate({ action: 'pace', pace: { kind: 'closed' } })).toMatchObject({ pace: { kind: 'closed' } });
  expect(await mapping()).toBe('Disabled 16');
  await operate({ action: 'reconcile' });
  expect(await operate({ action: 'reset' })).toMatchObject({ changed: false, pace: { count: 100 } });
  expect(await mapping()).toBe('Enabled 16');
  await expect(operate({ action: 'pace', pace: 'fast' })).rejects.toThrow('pace: got "fast", expected a rate');
});
