import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetEventSourceMappingCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { producerOn } from '../../lambda/runtime/producer/sender';

const directory = join(LOCAL, 'e2e-leveling');
const PACE = Number(process.env.LEVELING_PACE ?? 160);
const MESSAGES = Number(process.env.LEVELING_MESSAGES ?? 20_000);
const PRODUCERS = 50;
const LIMIT = 30;
const WARM_UP = 640;

/** The downstream: notes when it was called. */
class Downstream {
  readonly calls: { readonly at: number; readonly id: string }[] = [];
  private readonly server: Server = createServer((request, response) => {
    this.calls.push({ at: performance.now(), id: request.url!.slice(1) });
    response.end();
  });

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const downstream = new Downstream();
/** Seconds to drain, as the gauge told them. */
const drains: number[] = [];
let sentIn = 0;
let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let lambda: LambdaClient;
let dynamodb: DynamoDBClient;

const size = async (QueueUrl: string | undefined): Promise<number> => {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  return Number(Attributes.ApproximateNumberOfMessages) + Number(Attributes.ApproximateNumberOfMessagesNotVisible);
};

const row = async () =>
  (await dynamodb.send(new GetItemCommand({ TableName: out.Table, Key: { pk: { S: 'pace' } } }))).Item ?? {};

async function warmUp(): Promise<void> {
  for (let i = 0; i < WARM_UP; i += 10) {
    const Entries = Array.from({ length: 10 }, (_, j) => ({ Id: String(j), MessageBody: `{"id":"warm-${i + j}"}` }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: out.QueueUrl, Entries }));
  }
  while (downstream.calls.length < WARM_UP) await sleep(100);
  downstream.calls.length = 0;
  await sleep(2_000);
}

/** Sends its messages, ten at a time, at its part of five times the pace. */
async function produce(producer: number): Promise<void> {
  const each = MESSAGES / PRODUCERS;
  const start = performance.now();
  for (let i = 0; i < each; i += 10) {
    const due = start + (i * PRODUCERS * 1_000) / (5 * PACE);
    await sleep(Math.max(0, due - performance.now()));
    const Entries = Array.from({ length: 10 }, (_, j) => ({
      Id: String(j),
      MessageBody: JSON.stringify({ id: `m${producer * each + i + j}` }),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: out.QueueUrl, Entries }));
  }
}

/** The most and the fewest calls in any window of so many seconds after the first second and before the last. */
function windows(seconds: number): { most: number; fewest: number } {
  const times = downstream.calls.map(({ at }) => at).sort((a, b) => a - b);
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
  process.env.DOWNSTREAM_URL = await downstream.listen();
  process.env.PACE = String(PACE);
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, { stack: 'Leveling', app: 'tsx test/e2e/fixtures/leveling/app.ts', directory });
  sqs = new SQSClient(emulator.clientConfig);
  lambda = new LambdaClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);

  // A process that starts is late at its first slots; that is no matter of the pace.
  await warmUp();
  const start = performance.now();
  const sending = Promise.all(Array.from({ length: PRODUCERS }, (_, producer) => produce(producer))).then(() => {
    sentIn = (performance.now() - start) / 1_000;
  });
  const end = start + (MESSAGES / PACE) * 1_000 + 60_000;
  while (downstream.calls.length < MESSAGES && performance.now() < end) {
    await sleep(1_000);
    drains.push(Number((await row()).drain?.N ?? 0));
  }
  await sending;
  await sleep(2_000);
}, 300_000);

afterAll(async () => {
  sqs?.destroy();
  lambda?.destroy();
  dynamodb?.destroy();
  downstream.close();
  await emulator?.stop();
}, 20_000);

it(`hands on all ${MESSAGES} messages, once, that 50 producers send at five times the pace`, async () => {
  expect(downstream.calls).toHaveLength(MESSAGES);
  expect(new Set(downstream.calls.map(({ id }) => id)).size).toBe(MESSAGES);
  expect(await size(out.QueueUrl)).toBe(0);
  expect(await size(out.DeadLetterQueueUrl)).toBe(0);
});

it('at the pace, within 2 % over any ten seconds, and never above it by more than a burst', async () => {
  const { most, fewest } = windows(10);
  const { taken } = await row();
  const seconds = (downstream.calls.at(-1)!.at - downstream.calls[0]!.at) / 1_000;
  console.log(
    `${MESSAGES} messages, sent in ${sentIn.toFixed(0)} s, handled in ${seconds.toFixed(1)} s\n` +
      `calls at the downstream in any 10 s: ${fewest} to ${most}, at a pace of ${10 * PACE}\n` +
      `slots taken: ${taken?.N}`,
  );
  expect(fewest).toBeGreaterThanOrEqual(10 * PACE * 0.98);
  expect(most).toBeLessThanOrEqual(10 * PACE * 1.02);
});
void producerOn, operate, mapping, LIMIT, drains;
