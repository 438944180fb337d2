import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';

const directory = join(LOCAL, 'e2e-payload-store');
const MIB = 1_048_576;
const KIB = 1_024;

let emulator: Emulator;
let out: Record<string, string>;
let dynamodb: DynamoDBClient;
let scheduler: SchedulerClient;
let s3: S3Client;

/** What the fixture makes of an order to send. */
const textOf = (id: string, length: number): string => id.repeat(Math.ceil(length / id.length)).slice(0, length);

async function row(worker: string, id: string): Promise<Record<string, AttributeValue> | undefined> {
  do {
    const { Item } = await dynamodb.send(
      new GetItemCommand({ TableName: out.LedgerTable, Key: { pk: { S: `${worker}#${id}` } } }),
    );
    if (Item) return Item;
    await sleep(300);
  } while (Date.now() < deadline);
  return undefined;
}

const received = (id: string, length: number) => ({
  copies: { N: '1' },
  chars: { N: String(length) },
  sha256: { S: createHash('sha256').update(textOf(id, length)).digest('hex') },
});

const objects = async (Prefix: string | undefined): Promise<number[]> => {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: out.BucketName, Prefix }));
  return Contents.map(({ Size }) => Size!);
};

let due: number;
/** For all that is awaited: what has not come by then does not come. */
let deadline: number;
const later = new Date(Date.now() + 3_600_000);

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, { stack: 'Payloads', app: 'tsx test/e2e/fixtures/payload-store/app.ts', directory });
  dynamodb = new DynamoDBClient(emulator.clientConfig);
  scheduler = new SchedulerClient(emulator.clientConfig);
  s3 = new S3Client({ ...emulator.clientConfig, forcePathStyle: true });

  Object.assign(process.env, emulator.env);
  const { producer } = await import('cdk-async-patterns/runtime');
  const orders = producer({ queueUrl: out.SenderQueueUrl! });
  due = Date.now() + 2_000;
  deadline = Date.now() + 45_000;
  await orders.sendAll([
    { to: 'steps', id: 'soon', length: 10, at: new Date(due).toISOString() },
    { to: 'documents', id: 'small', length: 10 },
    { to: 'documents', id: 'large', length: 2 * MIB },
    { to: 'events', id: 'published', length: 600 * KIB },
    { to: 'events', id: 'little', length: 10 },
    { to: 'documents', id: 'later', length: 10, at: later.toISOString() },
  ]);
}, 180_000);

afterAll(async () => {
  for (const client of [dynamodb, scheduler, s3]) client?.destroy();
  await emulator?.stop();
}, 20_000);

it('carries 2 MiB through SQS, which takes one', async () => {
  expect(await row('Documents', 'large')).toMatchObject(received('large', 2 * MIB));
}, 60_000);

it.each(['Raw', 'Enveloped'])(
  'carries 600 KiB through SNS, which takes 256: %s',
  async (worker) => {
    expect(await row(worker, 'published')).toMatchObject(received('published', 600 * KIB));
  },
  60_000,
);

it('opens the envelope of a message that is none but its own', async () => {
  expect(await row('Enveloped', 'little')).toMatchObject(received('little', 10));
}, 60_000);

it('stores what is large, for who gets it, and nothing else', async () => {
  expect(await row('Documents', 'small')).toMatchObject(received('small', 10));
  expect(await objects(out.DocumentsPrefix)).toEqual([JSON.stringify({ id: 'large', text: '' }).length + 2 * MIB]);
  expect(await objects(out.EventsPrefix)).toEqual([JSON.stringify({ id: 'published', text: '' }).length + 600 * KIB]);
  expect(await objects(undefined)).toHaveLength(2);
}, 60_000);

it('keeps what is to come in an hour in a schedule that deletes itself, with a dead-letter queue', async () => {
  const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({}));
  const [only, ...more] = Schedules.filter(({ Target }) => Target?.Arn === out.DocumentsQueueArn);
  expect(more).toEqual([]);
  const schedule = await scheduler.send(new GetScheduleCommand({ GroupName: only?.GroupName, Name: only?.Name }));
  expect(schedule).toMatchObject({
    ScheduleExpression: `at(${new Date(Math.ceil(later.getTime() / 1000) * 1000).toISOString().slice(0, 19)})`,
    ActionAfterCompletion: 'DELETE',
    Target: {
      Input: JSON.stringify({ id: 'later', text: textOf('later', 10) }),
      RoleArn: expect.stringMatching(/:role\/Payloads-DocumentsSchedulesRole/),
      DeadLetterConfig: { Arn: out.DocumentsDeadLetterQueueArn },
    },
  });
  expect(schedule.GroupName).toMatch(/Documents-Schedules/);
}, 60_000);

it('sends to a FIFO worker at a time, from a schedule, and not before', async () => {
  const item = await row('Steps', 'soon');
  expect(item).toMatchObject(received('soon', 10));
  expect(Number(item?.receivedAt?.N)).toBeGreaterThanOrEqual(due);
}, 60_000);
