import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { PublishBatchCommand, type PublishBatchRequestEntry, SNSClient } from '@aws-sdk/client-sns';
import { type Message, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { queueSize, receiveAll } from './queues';

const directory = join(LOCAL, 'e2e-fan-out');
const GROUPS = 5;
const STEPS = 12;

interface Event {
  readonly id: string;
  readonly type: string;
  readonly amount: number;
}

const events: readonly Event[] = Array.from({ length: 200 }, (_, i) => ({
  id: `event-${i}`,
  type: i % 3 === 0 ? 'order.placed' : i % 3 === 1 ? 'order.paid' : 'invoice.sent',
  amount: i,
}));
/** What the filter of Large means, said once more. */
const isLarge = ({ type, amount }: Event): boolean => type !== 'invoice.sent' && amount >= 101 && amount <= 150;

/** Sent to a worker that publishes them. */
const relayed: readonly Event[] = Array.from({ length: 50 }, (_, i) => ({
  id: `relayed-${i}`,
  type: 'order.relayed',
  amount: 95 + i,
}));
const all = [...events, ...relayed];

let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let sns: SNSClient;
let dynamodb: DynamoDBClient;
let ledger: Map<string, Record<string, AttributeValue>>;
let dead: Message[];

const size = (queueUrl: string | undefined): Promise<number> => queueSize(sqs, queueUrl);

async function publish(TopicArn: string | undefined, entries: readonly PublishBatchRequestEntry[]): Promise<void> {
  for (let i = 0; i < entries.length; i += 10) {
    const { Failed = [] } = await sns.send(
      new PublishBatchCommand({ TopicArn, PublishBatchRequestEntries: entries.slice(i, i + 10) }),
    );
    if (Failed.length > 0) throw new Error(`not published: ${JSON.stringify(Failed)}`);
  }
}

async function untilEmpty(): Promise<void> {
  const urls = ['Relay', 'Everything', 'Large', 'Broken', 'Ordered'].map((name) => out[`${name}QueueUrl`]);
  const end = Date.now() + 150_000;
  while (Date.now() < end) {
    const sizes = await Promise.all(urls.map(size));
    if (sizes.every((it) => it === 0)) return;
    await sleep(500);
  }
}

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, { stack: 'FanOut', app: 'tsx test/e2e/fixtures/fan-out/app.ts', directory });
  sqs = new SQSClient(emulator.clientConfig);
  sns = new SNSClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);

  await publish(
    out.EventsArn,
    events.map((event, i) => ({
      Id: String(i),
      Message: JSON.stringify(event),
      MessageAttributes: {
        type: { DataType: 'String', StringValue: event.type },
        amount: { DataType: 'Number', StringValue: String(event.amount) },
      },
    })),
  );
  await publish(
    out.StepsArn,
    // Round the groups, so that they interleave.
    Array.from({ length: GROUPS * STEPS }, (_, i) => ({
      group: `group-${i % GROUPS}`,
      step: Math.floor(i / GROUPS),
    })).map(({ group, step }) => ({
      Id: `${group}-${step}`,
      Message: JSON.stringify({ group, step }),
      MessageGroupId: group,
      MessageDeduplicationId: `${group}-${step}`,
    })),
  );
  Object.assign(process.env, emulator.env);
  const { producer } = await import('cdk-async-patterns/runtime');
  const orders = producer<Event>({ queueUrl: out.RelayQueueUrl! });
  await orders.sendAll(relayed, { each: ({ id }) => ({ correlationId: `cause-of-${id}` }) });
  await untilEmpty();
  ledger = new Map();
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName: out.LedgerTable })) {
    for (const item of Items) ledger.set(item.pk!.S!, item);
  }
  dead = await receiveAll(sqs, out.BrokenDeadLetterQueueUrl);
}, 300_000);

afterAll(async () => {
  for (const client of [sqs, sns, dynamodb]) client?.destroy();
  await emulator?.stop();
}, 20_000);

const copiesOf = (worker: string): Record<string, number> =>
  Object.fromEntries(
    [...ledger]
      .filter(([key]) => key.startsWith(`${worker}#`))
      .map(([key, { copies }]) => [key.slice(worker.length + 1), Number(copies?.N)]),
  );
const once = (some: readonly Event[]): Record<string, number> => Object.fromEntries(some.map(({ id }) => [id, 1]));

it('delivers every event to the worker that wants all, once', () => {
  expect(copiesOf('Everything')).toEqual(once(all));
});

it('delivers to a filtered worker exactly its share', () => {
  const share = all.filter(isLarge);
  expect(share).toHaveLength(33 + 44);
  expect(copiesOf('Large')).toEqual(once(share));
});

it('has every copy of the broken worker in its own dead-letter queue, with the reason', () => {
  expect(dead.map(({ Body }) => JSON.parse(Body!).id).sort()).toEqual(all.map(({ id }) => id).sort());
  const reasons = new Set(dead.map(({ MessageAttributes }) => MessageAttributes?.DeadLetterReason?.StringValue));
  expect([...reasons]).toEqual(['retries exhausted after 2 receives: broken on purpose']);
});

it('keeps the attributes that an event was published with, as far as the dead-letter queue', () => {
  for (const { Body, MessageAttributes } of dead) {
    const { type, amount } = JSON.parse(Body!) as Event;
    expect(MessageAttributes).toMatchObject({ type: { StringValue: type }, amount: { StringValue: String(amount) } });
  }
});

it('leaves the others undisturbed: nothing of theirs is dead or left', async () => {
  for (const name of ['Everything', 'Large', 'Ordered']) {
    expect(await size(out[`${name}QueueUrl`])).toBe(0);
    expect(await size(out[`${name}DeadLetterQueueUrl`])).toBe(0);
  }
  expect(await size(out.BrokenQueueUrl)).toBe(0);
});

it('keeps the order of each group from a FIFO topic to a FIFO worker', () => {
  for (let group = 0; group < GROUPS; group++) {
    const { steps } = ledger.get(`Ordered#group-${group}`) ?? {};
    expect(steps?.L?.map(({ N }) => Number(N))).toEqual(Array.from({ length: STEPS }, (_, step) => step));
  }
});

it('carries the correlation id from who sent the cause to who handles what came of it', () => {
  for (const { id } of relayed) {
    expect(ledger.get(`Everything#${id}`)?.correlationId).toEqual({ S: `cause-of-${id}` });
  }
});
