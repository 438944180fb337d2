import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, DynamoDBClient, PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Message, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { kinesisEventOf } from '../lambda/stream/kinesis-event';
import { pollShard } from '../lambda/stream/shard-poller';
import type { Step } from './fixtures/streams/handler';
import { receiveAll } from './queues';

const directory = join(LOCAL, 'e2e-streams');
const KEYS = 6;
const STEPS = 8;
const SHARD = 'shardId-000000000000';

/** Keys take turns, so that they interleave; most steps succeed. */
const script = (fates: Readonly<Record<string, Step['fate']>>): Step[] =>
  Array.from({ length: KEYS * STEPS }, (_, i) => {
    const key = `key-${i % KEYS}`;
    const step = Math.floor(i / KEYS);
    return { key, step, fate: fates[`${key}-${step}`] ?? 'ok' };
  });

const CLICKS = script({ 'key-0-2': 'permanent', 'key-1-3': 'flaky', 'key-2-0': 'flaky' });
// The hopeless one last: the local target counts no retries, and lets it hold up the shard until it is too old.
const CHANGES = script({ 'key-0-2': 'permanent', 'key-1-1': 'flaky', 'key-5-7': 'hopeless' });
const ORDERS = script({ 'key-0-2': 'permanent', 'key-1-3': 'flaky', 'key-1-4': 'flaky', 'key-3-1': 'hopeless' });

let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let kinesis: KinesisClient;
let dynamodb: DynamoDBClient;
let lambda: LambdaClient;
let ledger: Map<string, Record<string, AttributeValue>>;
const dead: Record<string, Message[]> = {};
const replies: number[] = [];
let splits = 0;

const put = async (StreamName: string, steps: readonly Step[]): Promise<void> => {
  const { FailedRecordCount } = await kinesis.send(
    new PutRecordsCommand({
      StreamName,
      Records: steps.map((step) => ({ PartitionKey: step.key, Data: Buffer.from(JSON.stringify(step)) })),
    }),
  );
  expect(FailedRecordCount).toBe(0);
};

/** Reads a shard and invokes the function as Lambda does: the local target takes no partial batches of streams. */
async function driveOrders(): Promise<void> {
  const arn = out.OrdersStreamArn!;
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ StreamARN: arn, ShardId: SHARD, ShardIteratorType: 'TRIM_HORIZON' }),
  );
  const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
  expect(Records).toHaveLength(ORDERS.length);
  await pollShard(
    {
      records: Records,
      sequenceNumberOf: ({ SequenceNumber }) => SequenceNumber!,
      async invoke(records) {
        const event = {
          Records: records.map((record) => kinesisEventOf(record, SHARD, arn)),
        };
        const { FunctionError, Payload } = await lambda.send(
          new InvokeCommand({ FunctionName: out.OrdersFunction, Payload: JSON.stringify(event) }),
        );
        const answer = JSON.parse(Buffer.from(Payload!).toString());
        if (FunctionError) {
          expect(answer.errorMessage).toMatch(/^nothing before .* could be passed: not this time$/);
          splits++;
          throw new Error(answer.errorMessage);
        }
        replies.push(answer.batchItemFailures.length);
        return answer;
      },
      async discard(records, attempts) {
        const [first, last] = [records[0]!, records.at(-1)!];
        await sqs.send(
          new SendMessageCommand({
            QueueUrl: out.OrdersOnFailureQueueUrl,
            // https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
            MessageBody: JSON.stringify({
              requestContext: {
                requestId: 'c9b8fa9f-5a7f-4af9-8f9c-0c604cde93a5',
                functionArn: out.OrdersFunction,
                condition: 'RetryAttemptsExhausted',
                approximateInvokeCount: attempts,
              },
              responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
              version: '1.0',
              timestamp: new Date().toISOString(),
              KinesisBatchInfo: {
                shardId: SHARD,
                startSequenceNumber: first.SequenceNumber,
                endSequenceNumber: last.SequenceNumber,
                approximateArrivalOfFirstRecord: first.ApproximateArrivalTimestamp,
                approximateArrivalOfLastRecord: last.ApproximateArrivalTimestamp,
                batchSize: records.length,
                streamArn: arn,
              },
            }),
          }),
        );
      },
    },
    { batchSize: 20, retryAttempts: 3 },
  );
}

async function readLedger(): Promise<void> {
  ledger = new Map();
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName: out.LedgerTable })) {
    for (const item of Items) ledger.set(item.pk!.S!, item);
  }
}

async function receive(name: string): Promise<void> {
  dead[name] = [...(dead[name] ?? []), ...(await receiveAll(sqs, out[`${name}DeadLetterQueueUrl`]))];
}

const stepsOf = (worker: string, key: string): number[] =>
  (ledger.get(`${worker}#${key}`)?.steps?.L ?? []).map(({ N }) => Number(N));
const attemptsAt = (worker: string, { key, step }: Step): number =>
  Number(ledger.get(`${worker}#${key}-${step}`)?.attempts?.N ?? 0);
const lost = (steps: readonly Step[]): Step[] =>
  steps.filter(({ fate }) => fate === 'permanent' || fate === 'hopeless');
const isThrough = (worker: string, steps: readonly Step[]): boolean =>
  steps.every((it) => lost(steps).includes(it) || stepsOf(worker, it.key).includes(it.step)) &&
  (dead[worker]?.length ?? 0) >= lost(steps).length;

const WORKERS = [
  ['Clicks', CLICKS],
  ['Changes', CHANGES],
  ['Orders', ORDERS],
] as const;

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  const outputs = await deploy(emulator, { stack: 'Streams', app: 'tsx test/e2e/fixtures/streams/app.ts', directory });
  out = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name.replace(/Out$/, ''), value]));
  sqs = new SQSClient(emulator.clientConfig);
  kinesis = new KinesisClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);
  lambda = new LambdaClient(emulator.clientConfig);

  for (const { key, step, fate } of CHANGES) {
    await dynamodb.send(
      new PutItemCommand({
        TableName: out.ItemsTable,
        Item: { key: { S: key }, step: { N: String(step) }, fate: { S: fate } },
      }),
    );
  }
  await put(out.ClicksStream!, CLICKS);
  await put(out.OrdersStream!, ORDERS);
  await driveOrders();
  const end = Date.now() + 90_000;
  do {
    await sleep(500);
    await Promise.all([readLedger(), ...WORKERS.map(([name]) => receive(name))]);
  } while (Date.now() < end && !WORKERS.every(([name, steps]) => isThrough(name, steps)));
}, 240_000);

afterAll(async () => {
  for (const client of [sqs, kinesis, dynamodb, lambda]) client?.destroy();
  await emulator?.stop();
}, 20_000);

describe.each(WORKERS)('%s', (name, steps) => {
  it('does every step but those that cannot be done, those of a key in their order', () => {
    for (let i = 0; i < KEYS; i++) {
      const key = `key-${i}`;
      const wanted = steps.filter((it) => it.key === key && !lost(steps).includes(it)).map(({ step }) => step);
      // What comes back may be done again; the first time is what counts.
      expect([...new Set(stepsOf(name, key))]).toEqual(wanted);
    }
  });

  it('retries what fails for now until it is done', () => {
    for (const step of steps.filter(({ fate }) => fate === 'flaky')) expect(attemptsAt(name, step)).toBeGreaterThan(2);
  });

  it('has in its dead-letter queue what cannot be done, with body, place and reason, and nothing else', () => {
    const bodies = dead[name]!.map(({ Body }) => JSON.parse(Body!));
    const taken = bodies.map((body) =>
      name === 'Changes'
        ? { key: body.dynamodb.NewImage.key.S, step: Number(body.dynamodb.NewImage.step.N) }
        : { key: body.key, step: body.step },
    );
    const wanted = lost(steps).map(({ key, step }) => ({ key, step }));
    expect(taken).toHaveLength(wanted.length);
    expect(taken).toEqual(expect.arrayContaining(wanted));
    for (const { MessageAttributes } of dead[name]!) {
      const { sequenceNumber, partitionKey } = JSON.parse(MessageAttributes!.DeadLetterContext!.StringValue!);
      expect(sequenceNumber).toMatch(/^\d+$/);
      expect(partitionKey).toContain('key-');
    }
  });

  it('says why: by the handler’s word, or when Lambda gave it up', () => {
    const reasons = dead[name]!.map(({ MessageAttributes }) => MessageAttributes!.DeadLetterReason!.StringValue!);
    for (const step of lost(steps)) {
      if (step.fate === 'permanent') {
        expect(reasons).toContain(`step ${step.step} of ${step.key} can never be taken`);
        // In a larger batch it may be under way again and again while what lies before it fails. It is buried once.
        if (name !== 'Orders') expect(attemptsAt(name, step)).toBe(1);
      } else {
        expect(reasons).toContainEqual(
          expect.stringMatching(/^(retries exhausted|MaxRecordAgeExceeded) after \d+ attempts; the log/),
        );
        expect(attemptsAt(name, step)).toBeGreaterThan(1);
      }
    }
  });
});

it('partial batches move the checkpoint, and a batch that fails at its first record is split', () => {
  expect(replies).toContain(1);
  expect(splits).toBeGreaterThan(0);
});
