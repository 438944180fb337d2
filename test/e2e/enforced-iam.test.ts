import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { rebuildBalances } from '../../bin/local/accounts/rebuild';
import { collect } from '../../bin/local/collect';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { authorisationsIn, denialsIn } from '../../bin/local/enforced-iam/authorisations';
import { makeCaller } from '../../bin/local/iam';
import { sendLoads } from '../../bin/local/patterns';
import { type Reference, referenceOf } from '../../bin/local/reference';
import { LOCAL } from '../../bin/local/run';

const directory = join(LOCAL, 'e2e-enforced-iam');

let emulator: Emulator;
let reference: Reference;
let problems: Record<string, readonly string[]>;

beforeAll(async () => {
  emulator = await startEmulator({ directory, enforceIam: true });
  await bootstrap(emulator, directory);
  reference = referenceOf(await deploy(emulator, { stack: 'Reference', directory }));
  const bookkeepers = await sendLoads(emulator, reference, 3, { few: true });
  const pages = await collect(emulator, reference, bookkeepers, { timeoutSeconds: 90 });
  const rebuilt = await rebuildBalances(emulator, reference);
  problems = Object.fromEntries(
    Object.entries({ ...pages, rebuilt }).map(([pattern, page]) => [pattern, page.problems]),
  );
}, 240_000);

afterAll(() => emulator?.stop(), 20_000);

it('accounts for everything that was sent, in every pattern of the reference app', () => {
  expect(problems).toEqual({
    messages: [],
    orderEvents: [],
    invoices: [],
    readings: [],
    receipts: [],
    accounts: [],
    rebuilt: [],
  });
});

it('lacks no permission: nothing is denied, no function logs that anything was', () => {
  expect(denialsIn(emulator.iamRecord!)).toEqual([]);
  const log = readFileSync(emulator.log, 'utf8').split('\n');
  expect(log.filter((line) => /AccessDenied|not authorized|AuthorizationError/i.test(line))).toEqual([]);
});

it('asked for every call, and refuses who has no permission', async () => {
  const asked = new Set(authorisationsIn(emulator.iamRecord!).map(({ action }) => action));
  for (const action of ['sqs:SendMessage', 'sns:Publish', 'dynamodb:PartiQLInsert', 's3:PutObject']) {
    expect(asked).toContain(action);
  }
  const sqs = new SQSClient({ ...emulator.clientConfig, credentials: await makeCaller(emulator, 'nobody') });
  const sent = sqs.send(new SendMessageCommand({ QueueUrl: reference.workers.orders.queueUrl, MessageBody: '{}' }));
  await expect(sent).rejects.toThrow('is not authorized to perform: sqs:SendMessage');
  sqs.destroy();
});
