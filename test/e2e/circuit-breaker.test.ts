import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetEventSourceMappingCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { queueSize } from './queues';

const directory = join(LOCAL, 'e2e-breaker');
const MESSAGES = 400;
/** It goes down when it has taken so many payments. */
const HEALTHY = 50;
const DOWN_MS = 60_000;

type Payer = 'Guarded' | 'Bare';

/** The dependency: takes payments, but not while it is down. */
class Payments {
  readonly paid: Record<Payer, string[]> = { Guarded: [], Bare: [] };
  readonly refused: Record<Payer, number> = { Guarded: 0, Bare: 0 };
  downAt: number | undefined;
  private readonly server: Server = createServer((request, response) => {
    const [, payer, id] = request.url!.split('/') as [string, Payer, string];
    if (payer === 'Guarded' && this.paid.Guarded.length >= HEALTHY) this.downAt ??= Date.now();
    if (this.isDown) this.refused[payer]++;
    else this.paid[payer].push(id);
    response.statusCode = this.isDown ? 503 : 200;
    setTimeout(() => response.end(), 20);
  });

  get isDown(): boolean {
    return this.downAt !== undefined && Date.now() - this.downAt < DOWN_MS;
  }

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

const payments = new Payments();
/** What the controller says that it made of the worker's mapping, in its order: a half-open breaker may close too soon to be met. */
let changes: object[];
let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let lambda: LambdaClient;

const size = (queueUrl: string | undefined): Promise<number> => queueSize(sqs, queueUrl);

const send = async (QueueUrl: string | undefined): Promise<void> => {
  for (let i = 0; i < MESSAGES; i += 10) {
    const Entries = Array.from({ length: 10 }, (_, j) => ({
      Id: String(j),
      MessageBody: JSON.stringify({ id: `payment-${i + j}` }),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
};

const mapping = async (): Promise<string> => {
  const { State, ScalingConfig } = await lambda.send(new GetEventSourceMappingCommand({ UUID: out.GuardedMapping }));
  return `${State} ${ScalingConfig?.MaximumConcurrency}`;
};

const logged = async (): Promise<any[]> => {
  const logs = new CloudWatchLogsClient(emulator.clientConfig);
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: out.ControllerLogGroup }));
  logs.destroy();
  return events.flatMap(({ message = '' }) => (message.startsWith('{') ? [JSON.parse(message)] : []));
};

const operate = async (action: string): Promise<any> => {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: out.Controller, Payload: JSON.stringify({ action }) }),
  );
  const reply = JSON.parse(Buffer.from(Payload!).toString());
  if (FunctionError) throw new Error(reply.errorMessage);
  return reply;
};

beforeAll(async () => {
  process.env.PAYMENTS_URL = await payments.listen();
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, { stack: 'Breaker', app: 'tsx test/e2e/fixtures/breaker/app.ts', directory });
  sqs = new SQSClient(emulator.clientConfig);
  lambda = new LambdaClient(emulator.clientConfig);

  await Promise.all([send(out.GuardedQueueUrl), send(out.BareQueueUrl)]);
  const end = Date.now() + 170_000;
  while ((await size(out.GuardedQueueUrl)) + (await size(out.BareQueueUrl)) > 0 && Date.now() < end) {
    await sleep(250);
  }
  changes = (await logged())
    .filter(({ message, mapping }) => message === 'event source mapping changed' && mapping === out.GuardedMapping)
    .map(({ enabled, maxConcurrency }) => ({ enabled, maxConcurrency }));
}, 300_000);

afterAll(async () => {
  sqs?.destroy();
  lambda?.destroy();
  payments.close();
  await emulator?.stop();
}, 20_000);

it('pays all 400 though payments were down for 60 s and a message has three receives', async () => {
  expect(payments.downAt).toBeDefined();
  expect(new Set(payments.paid.Guarded).size).toBe(MESSAGES);
  expect(payments.paid.Guarded).toHaveLength(MESSAGES);
  expect(await size(out.GuardedQueueUrl)).toBe(0);
  expect(await size(out.GuardedDeadLetterQueueUrl)).toBe(0);
});

it('calls them a handful of times meanwhile, where a worker without a breaker calls for every receive', async () => {
  const { Guarded, Bare } = payments.refused;
  const dead = await size(out.BareDeadLetterQueueUrl);
  console.log(
    `calls while payments were down for 60 s: ${Guarded} with a circuit breaker, ${Bare} without one\n` +
      `of ${MESSAGES} messages paid: ${payments.paid.Guarded.length} and ${payments.paid.Bare.length}; dead: 0 and ${dead}`,
  );
  expect(dead).toBeGreaterThan(100);
  expect(Bare).toBe(3 * dead);
  // Three batches of ten were under way at once; the rest are probes, of one call each.
  expect(Guarded).toBeLessThanOrEqual(40);
});

it('paused the worker, probed with a trickle, and put everything back', async () => {
  expect(changes[0]).toEqual({ enabled: false });
  expect(changes).toContainEqual({ enabled: true, maxConcurrency: 2 });
  expect(changes.at(-1)).toEqual({ enabled: true, maxConcurrency: 3 });
  expect(await mapping()).toBe('Enabled 3');
});

it('does what operators say', async () => {
  expect(await operate('status')).toMatchObject({ circuitBreaker: 'Breaker/Payments', state: 'closed', held: false });
  expect(await operate('open')).toMatchObject({ state: 'open', held: true });
  expect(await mapping()).toBe('Disabled 3');
  expect(await operate('close')).toMatchObject({ state: 'closed', held: true });
  expect(await mapping()).toBe('Enabled 3');
  expect(await operate('auto')).toMatchObject({ state: 'closed', held: false });
  await expect(operate('opne')).rejects.toThrow('action: got "opne"');
});
