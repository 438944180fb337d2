import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { queueSize } from './queues';

const directory = join(LOCAL, 'e2e-idempotency');
const CHARGES = 300;
const COPIES = 3;
const KILLERS = 12;

let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let dynamodb: DynamoDBClient;
let effects: Record<string, any>[];
let keys: Record<string, any>[];

const scan = async (TableName: string): Promise<Record<string, any>[]> => {
  const items: Record<string, any>[] = [];
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName })) items.push(...Items);
  return items;
};

const size = (queueUrl: string | undefined): Promise<number> => queueSize(sqs, queueUrl);

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, { stack: 'Idempotency', app: 'tsx test/e2e/fixtures/idempotency/app.ts', directory });
  sqs = new SQSClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);

  const charges = Array.from({ length: CHARGES * COPIES }, (_, i) => ({
    id: `charge-${i % CHARGES}`,
    kills: i % CHARGES < KILLERS,
  }));
  for (let i = 0; i < charges.length; i += 10) {
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: out.QueueUrl,
        Entries: charges.slice(i, i + 10).map((charge, j) => ({ Id: String(j), MessageBody: JSON.stringify(charge) })),
      }),
    );
  }
  const end = Date.now() + 150_000;
  while ((await size(out.QueueUrl!)) > 0 && Date.now() < end) await sleep(500);
  effects = await scan(out.EffectsTable!);
  keys = await scan(out.KeysTable!);
}, 300_000);

afterAll(async () => {
  sqs?.destroy();
  dynamodb?.destroy();
  await emulator?.stop();
}, 20_000);

it('records one effect for each of 300 charges, each sent three times', () => {
  expect(effects).toHaveLength(CHARGES);
  expect(effects.filter(({ effects: count }) => count?.N !== '1')).toEqual([]);
});

it('kept its word while the function killed its own process', () => {
  const killed = effects.filter(({ kills }) => Number(kills?.N) > 0);
  expect(killed).toHaveLength(KILLERS);
});

it('has every key done, and no message left or dead', async () => {
  expect(keys).toHaveLength(CHARGES);
  expect(keys.filter(({ state }) => state.S !== 'done')).toEqual([]);
  expect(await size(out.QueueUrl!)).toBe(0);
  expect(await size(out.DeadLetterQueueUrl!)).toBe(0);
});
