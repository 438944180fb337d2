import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { EventLog, NewEvent, RecordedEvent, ReplayProgress } from 'cdk-async-patterns/runtime';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { seededRandom } from '../../bin/local/random';
import { LOCAL } from '../../bin/local/run';
import { waitingIn } from '../../bin/local/waiting';
import { definition, type OrderEvents } from './fixtures/event-log/events';
import { balance, history, NO_BALANCE, NO_HISTORY } from './fixtures/event-log/projections';

const directory = join(LOCAL, 'e2e-event-log');
const AGGREGATES = 200;
const WRITERS = 20;
const EVENTS = 10_000;
/** Appended while a projection is rebuilt. */
const MEANWHILE = 500;
const LARGEST_BATCH = 20;
/** Messages that may wait for a projection: the local SQS is the slower the longer a queue is. */
const BACKLOG = 1_500;

const streams = Array.from({ length: AGGREGATES }, (_, i) => `order-${i}`);

let emulator: Emulator;
let out: Record<string, string>;
let dynamodb: DynamoDBClient;
let lambda: LambdaClient;
let sqs: SQSClient;
let s3: S3Client;
let log: EventLog<OrderEvents>;
let runtime: typeof import('cdk-async-patterns/runtime');

const conflicts: { expected: number; current: number }[] = [];
const seconds: Record<string, number> = {};
/** What the log has in the end, read stream by stream. */
const events = new Map<string, RecordedEvent<OrderEvents>[]>();
const progresses: ReplayProgress[] = [];
let auditReplay: ReplayProgress;
let backlog = 0;
let whileDropped: Map<string, unknown>;

const connect = () =>
  runtime.eventLog<OrderEvents>({ tableName: out.LogTable!, snapshotTableName: out.SnapshotTable! }, definition);

const eventsFor = (random: () => number, count: number, version: number): NewEvent<OrderEvents>[] =>
  Array.from({ length: count }, (_, i): NewEvent<OrderEvents> => {
    if (version + i === 0) return { type: 'OrderPlaced', data: { customer: `customer-${Math.floor(random() * 50)}` } };
    const cents = Math.floor(random() * 10_000);
    return random() < 0.8 ? { type: 'ItemAdded', data: { cents } } : { type: 'OrderPaid', data: { cents } };
  });

/** Each begins some orders. It decides on what it has seen, and again when somebody else was faster. */
async function write(writer: number, seed: number, take: (most: number) => number): Promise<void> {
  const random = seededRandom(seed * 1_000 + writer);
  const own = connect();
  for (let n = writer; ; n += WRITERS) {
    const stream = streams[n] ?? streams[Math.floor(random() * (random() < 0.2 ? 10 : AGGREGATES))]!;
    while (backlog > BACKLOG) await sleep(100);
    const count = take(1 + Math.floor(random() * LARGEST_BATCH));
    if (count === 0) return;
    let expectedVersion = await own.version(stream);
    for (;;) {
      try {
        await own.append(stream, eventsFor(random, count, expectedVersion), { expectedVersion });
        break;
      } catch (error) {
        if (!(error instanceof runtime.VersionConflictError)) throw error;
        conflicts.push({ expected: expectedVersion, current: error.currentVersion });
        expectedVersion = error.currentVersion;
      }
    }
  }
}

async function writeAll(seed: number, total: number): Promise<void> {
  let left = total;
  const take = (most: number): number => {
    const taken = Math.min(left, most);
    left -= taken;
    return taken;
  };
  let writing = true;
  const watch = async () => {
    while (writing) {
      backlog = Math.max(...(await Promise.all(['Balances', 'Histories'].map(waiting))));
      await sleep(200);
    }
  };
  const watched = watch();
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer, seed, take)));
  writing = false;
  await watched;
}

const waiting = (name: string): Promise<number> => waitingIn(sqs, out[`${name}QueueUrl`]!);

const rowsOf = async (TableName: string | undefined): Promise<Map<string, Record<string, AttributeValue>>> => {
  const rows = new Map<string, Record<string, AttributeValue>>();
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName })) {
    for (const item of Items) rows.set(item.pk!.S!, item);
  }
  return rows;
};

const statesOf = async (table: string): Promise<Map<string, unknown>> =>
  new Map([...(await rowsOf(out[table]))].map(([stream, { state }]) => [stream, JSON.parse(state!.S!)]));

async function drop(TableName: string | undefined): Promise<void> {
  const keys = [...(await rowsOf(TableName)).keys()];
  for (let i = 0; i < keys.length; i += 25) {
    const RequestItems = {
      [TableName!]: keys.slice(i, i + 25).map((pk) => ({ DeleteRequest: { Key: { pk: { S: pk } } } })),
    };
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
  }
}

const invoke = async (FunctionName: string | undefined, payload: object, InvocationType?: 'Event'): Promise<any> => {
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload), InvocationType }),
  );
  const text = Buffer.from(Payload ?? '').toString();
  if (FunctionError) throw new Error(text);
  return text === '' ? undefined : JSON.parse(text);
};

/** Waits until a projection has come as far as the log, and its queue is empty. */
async function settled(name: string, total: number): Promise<void> {
  const end = Date.now() + 240_000;
  for (;;) {
    const versions = [...(await rowsOf(out[`${name}Table`])).values()].map(({ version }) => Number(version?.N));
    const sum = versions.reduce((a, b) => a + b, 0);
    if (sum >= total && (await waiting(name)) === 0) return;
    if (Date.now() > end) throw new Error(`${name} has come to ${sum} of ${total}`);
    await sleep(250);
  }
}

/** Asks for a replay through the function that may, and has the replayer begin now, not within a minute. */
async function replay(subscriber: string, rate: number): Promise<ReplayProgress[]> {
  const { id } = await invoke(out.ApiFunction, { replay: subscriber, rate });
  await invoke(out.Replayer, { action: 'resume' }, 'Event');
  const seen: ReplayProgress[] = [];
  const end = Date.now() + 150_000;
  for (;;) {
    const progress: ReplayProgress = await invoke(out.Replayer, { action: 'status', id });
    seen.push(progress);
    if (progress.state !== 'open' || Date.now() > end) return seen;
    await sleep(250);
  }
}

const timed = async (name: string, task: () => Promise<unknown>): Promise<void> => {
  const start = performance.now();
  await task();
  seconds[name] = Math.round((performance.now() - start) / 100) / 10;
};

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, { stack: 'EventLog', app: 'tsx test/e2e/fixtures/event-log/app.ts', directory });
  dynamodb = new DynamoDBClient(emulator.clientConfig);
  lambda = new LambdaClient(emulator.clientConfig);
  sqs = new SQSClient(emulator.clientConfig);
  s3 = new S3Client({ ...emulator.clientConfig, forcePathStyle: true });
  Object.assign(process.env, emulator.env);
  runtime = await import('cdk-async-patterns/runtime');
  log = connect();

  // One order of former times, in the form that its code wrote, and two through a function that is connected.
  const former = runtime.eventLog<{ ItemAdded: { francs: number } }>({ tableName: out.LogTable! });
  await former.append('order-0', [{ type: 'ItemAdded', data: { francs: 12.5 } }], { expectedVersion: 'none' });
  for (const stream of ['order-1', 'order-2']) {
    const placed = [{ type: 'OrderPlaced', data: { customer: 'customer-0' } }];
    await invoke(out.ApiFunction, { append: stream, events: placed, expectedVersion: 0 });
  }
  await timed('written', () => writeAll(1, EVENTS - 3));
  await timed('projected', () => Promise.all(['Balances', 'Histories'].map((name) => settled(name, EVENTS))));

  await drop(out.BalancesTable);
  whileDropped = await statesOf('HistoriesTable');
  await timed('rebuilt', async () => {
    const writing = writeAll(2, MEANWHILE);
    progresses.push(...(await replay('Balances', 500)));
    await writing;
    await Promise.all(['Balances', 'Histories'].map((name) => settled(name, EVENTS + MEANWHILE)));
  });
  await timed('audited', async () => {
    auditReplay = (await replay('Audit', 500)).at(-1)!;
    while ((await waiting('Audit')) > 0) await sleep(250);
  });
  for (const stream of streams) {
    const read: RecordedEvent<OrderEvents>[] = [];
    for await (const event of log.read(stream)) read.push(event);
    events.set(stream, read);
  }
  console.info(`seconds: ${JSON.stringify(seconds)}, conflicts: ${conflicts.length}`);
}, 900_000);

afterAll(async () => {
  for (const client of [dynamodb, lambda, sqs, s3]) client?.destroy();
  await emulator?.stop();
}, 20_000);

const folded = <S>(initial: S, reducer: (state: S, event: RecordedEvent<OrderEvents>) => S): Map<string, S> =>
  new Map([...events].map(([stream, all]) => [stream, all.reduce(reducer, initial)]));

it('has every version of every stream once, without a gap', () => {
  for (const [stream, all] of events) {
    expect([stream, all.map(({ version }) => version)]).toEqual([stream, all.map((_, i) => i + 1)]);
  }
  expect([...events.values()].flat()).toHaveLength(EVENTS + MEANWHILE);
  expect(new Set([...events.values()].flat().map(({ id }) => id)).size).toBe(EVENTS + MEANWHILE);
});

it('tells who was slower at which version the stream is', () => {
  expect(conflicts.length).toBeGreaterThan(0);
  for (const { expected, current } of conflicts) expect(current).toBeGreaterThan(expected);
});

it('reads what was appended in a former form in the form of today', () => {
  expect(events.get('order-0')![0]).toMatchObject({ schemaVersion: 1, data: { cents: 1_250 } });
});

it('rebuilds a dropped projection while others write, equal to a fold over the log', async () => {
  expect(await statesOf('BalancesTable')).toEqual(folded(NO_BALANCE, balance));
});

it('has the other projection equal too, which never went back', async () => {
  expect(await statesOf('HistoriesTable')).toEqual(folded(NO_HISTORY, history));
  expect(whileDropped.size).toBe(AGGREGATES);
});

it('shows how far a replay is, and that it is done', () => {
  const last = progresses.at(-1)!;
  expect(last).toMatchObject({ subscriber: 'Balances', state: 'done' });
  expect(last.sent).toBeGreaterThanOrEqual(EVENTS);
  expect(last.total).toBeGreaterThanOrEqual(EVENTS);
  const sent = progresses.map((each) => each.sent);
  expect(sent).toEqual([...sent].sort((a, b) => a - b));
  expect(sent.some((each) => each > 0 && each < last.sent)).toBe(true);
});

it('replays to one subscriber what it gets, marked as replayed, and to no other', async () => {
  const came = await rowsOf(out.AuditTable);
  // The first of order-0 is of former times.
  const placed = streams.filter((stream) => events.get(stream)![0]!.type === 'OrderPlaced');
  expect(placed).toHaveLength(AGGREGATES - 1);
  expect([...came.keys()].sort()).toEqual([...placed].sort());
  // The replay to Balances has not come here, nor this one while it was live.
  for (const { live, replayed } of came.values()) {
    expect([live, replayed]).toEqual([{ L: [{ N: '1' }] }, { L: [{ N: '1' }] }]);
  }
  expect(auditReplay).toMatchObject({ state: 'done', sent: placed.length });
});

it('archives every event once, in the order of time', async () => {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: out.Archive })) {
    keys.push(...Contents.map(({ Key }) => Key!));
  }
  const bodies = await Promise.all(
    keys.sort().map(async (Key) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: out.Archive, Key }));
      return (await Body!.transformToString()).trim().split('\n');
    }),
  );
  const archived = bodies.flat().map((line) => JSON.parse(line));
  expect(archived).toHaveLength(EVENTS + MEANWHILE);
  for (const stream of streams) {
    const own = archived.filter(({ streamId }) => streamId === stream).map(({ version }) => version);
    expect([stream, own]).toEqual([stream, own.map((_, i) => i + 1)]);
  }
  for (const key of keys) expect(key).toMatch(/^events\/\d{4}\/\d\d\/\d\d\/\d\d\//);
});

it('leaves nothing in any dead-letter queue, and no replay open', async () => {
  for (const name of ['Balances', 'Histories', 'Audit']) {
    expect(await waitingIn(sqs, out[`${name}DeadLetterQueueUrl`]!)).toBe(0);
  }
  expect(await waitingIn(sqs, out.MissedUrl!)).toBe(0);
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName: out.ReplayTable, Key: { id: { S: progresses[0]!.id } } }),
  );
  expect(Item?.ttl).toBeDefined();
});

it('remembers aggregates, and loads them as a fold has them', async () => {
  const orders = log.aggregate({ initial: NO_BALANCE, reducer: balance, snapshotEvery: 10, name: 'balance' });
  const expected = folded(NO_BALANCE, balance);
  for (const stream of streams.slice(0, 20)) {
    // The second time from a snapshot.
    for (let time = 0; time < 2; time++) {
      expect(await orders.load(stream)).toEqual({
        state: expected.get(stream),
        version: events.get(stream)!.length,
      });
    }
  }
  expect((await rowsOf(out.SnapshotTable)).size).toBe(20);
});

it('notices an event that is changed round the runtime, names it, and publishes it to nobody', async () => {
  const [{ data, ...event }] = events.get('order-199') as [RecordedEvent<OrderEvents>];
  const Key = { pk: { S: event.streamId }, sk: { S: '0000000000000001' } };
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: out.LogTable, Key }));
  const forged = { ...Item, data: { S: JSON.stringify({ ...data, customer: 'somebody else' }) } };
  await dynamodb.send(new PutItemCommand({ TableName: out.LogTable, Item: forged }));
  const end = Date.now() + 30_000;
  let line: string | undefined;
  while (line === undefined && Date.now() < end) {
    await sleep(250);
    line = readFileSync(emulator.log, 'utf8')
      .split('\n')
      .find((each) => each.includes('an event was changed or deleted'));
  }
  expect(JSON.parse(line!)).toMatchObject({ level: 'ERROR', streamId: 'order-199', version: '0000000000000001' });
  for (const name of ['Balances', 'Histories', 'Audit']) expect(await waiting(name)).toBe(0);
  expect(await statesOf('HistoriesTable')).toEqual(folded(NO_HISTORY, history));
}, 60_000);
