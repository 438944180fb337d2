import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { type AttributeValue, DynamoDBClient, PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { cleanEnv, LOCAL, ROOT } from '../../bin/local/run';
import { waitingIn } from '../../bin/local/waiting';

const directory = join(LOCAL, 'e2e-cli');
/** What is published, as it is published. */
const CLI = join(ROOT, 'lambda', 'dist', 'cli', 'index.js');

interface Listed {
  readonly kind: string;
  readonly path: string;
  readonly resources: Record<string, string>;
  readonly dead?: number;
  readonly state?: string;
}

let emulator: Emulator;
let sqs: SQSClient;
let lambda: LambdaClient;
let dynamodb: DynamoDBClient;
let cloudwatch: CloudWatchClient;
let listed: Listed[];
let pager: string;

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], { env: cleanEnv(emulator.env), stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ended(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  };
  const code = new Promise<number>((resolve) => child.once('exit', (exit) => resolve(exit ?? -1)));
  const [out, err] = await Promise.all([read(child.stdout!), read(child.stderr!)]);
  return { code: await code, out, err };
}

const cli = (...args: string[]) => ended(start(...args));
const json = async (...args: string[]): Promise<any> => {
  const { code, out, err } = await cli(...args, '--json');
  if (code !== 0) throw new Error(`exit code ${code}: ${err}${out}`);
  return JSON.parse(out);
};

const part = (path: string, name: string): string => listed.find((each) => each.path === path)!.resources[name]!;

async function until(look: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await look())) {
    if (Date.now() > end) throw new Error('it did not come so');
    await sleep(200);
  }
}

const deadOf = (path: string): Promise<number> => waitingIn(sqs, part(path, 'deadLetterQueue'));
const waitingOf = (path: string): Promise<number> => waitingIn(sqs, part(path, 'queue'));

async function send(path: string, bodies: readonly object[], groupOf?: (body: any) => string): Promise<void> {
  for (let i = 0; i < bodies.length; i += 10) {
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: part(path, 'queue'),
        Entries: bodies.slice(i, i + 10).map((body, j) => ({
          Id: String(j),
          MessageBody: JSON.stringify(body),
          ...(groupOf
            ? { MessageGroupId: groupOf(body), MessageDeduplicationId: JSON.stringify(body).replace(/\W/g, '-') }
            : {
                MessageAttributes: {
                  CorrelationId: { DataType: 'String', StringValue: `cause-of-${(body as { id: string }).id}` },
                },
              }),
        })),
      }),
    );
  }
}

const poison = (kind: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${kind}-${i}`, poison: kind }));

/** Sends poison, and waits until it is dead. */
async function kill(kind: string, count: number): Promise<void> {
  const before = await deadOf('Cli/Orders');
  await send('Cli/Orders', poison(kind, count));
  await until(async () => (await deadOf('Cli/Orders')) === before + count);
}

const heal = (kind: string): Promise<unknown> =>
  dynamodb.send(new PutItemCommand({ TableName: part('Cli/Ledger', 'table'), Item: { pk: { S: `healed#${kind}` } } }));

async function ledger(prefix: string): Promise<Map<string, Record<string, AttributeValue>>> {
  const rows = new Map<string, Record<string, AttributeValue>>();
  for await (const { Items = [] } of paginateScan(
    { client: dynamodb },
    { TableName: part('Cli/Ledger', 'table'), ConsistentRead: true },
  )) {
    for (const item of Items) if (item.pk!.S!.startsWith(prefix)) rows.set(item.pk!.S!, item);
  }
  return rows;
}

/** How soon a report to CloudWatch is out of the minute that an alarm looks at. */
const REPORT_MS = 2_000;

/**
 * The state of the alarm on dead letters, once CloudWatch has the metric. The emulator's SQS publishes none: here it is, from
 * what SQS says of the queue that the alarm names.
 */
async function alarmOf(path: string): Promise<string | undefined> {
  const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({}));
  const QueueName = part(path, 'deadLetterQueue').split('/').pop();
  const alarm = MetricAlarms.find(
    ({ MetricName, Dimensions }) =>
      MetricName === 'ApproximateNumberOfMessagesVisible' && Dimensions?.some(({ Value }) => Value === QueueName),
  )!;
  await sleep(REPORT_MS);
  const Timestamp = new Date(Date.now() - alarm.Period! * alarm.EvaluationPeriods! * 1_000 + REPORT_MS);
  await cloudwatch.send(
    new PutMetricDataCommand({
      Namespace: alarm.Namespace,
      MetricData: [
        { MetricName: alarm.MetricName, Dimensions: alarm.Dimensions, Timestamp, Value: await deadOf(path) },
      ],
    }),
  );
  const { MetricAlarms: after } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [alarm.AlarmName!] }));
  return after?.[0]?.StateValue;
}

/** How often each was handled. */
const timesOf = async (prefix: string): Promise<Record<string, number>> =>
  Object.fromEntries([...(await ledger(prefix))].map(([key, { times }]) => [key, Number(times?.N)]));
const once = (kind: string, count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`order#${kind}-${i}`, 1]));

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  const out = await deploy(emulator, { stack: 'Cli', app: 'tsx test/e2e/fixtures/cli/app.ts', directory });
  sqs = new SQSClient(emulator.clientConfig);
  lambda = new LambdaClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);
  cloudwatch = new CloudWatchClient(emulator.clientConfig);
  pager = out.PagerQueue!;
  listed = [
    ...((await json('ls', 'Cli')) as Listed[]),
    { kind: '', path: 'Cli/Ledger', resources: { table: out.LedgerTable! } },
  ];
}, 120_000);

afterAll(async () => {
  for (const client of [sqs, lambda, dynamodb, cloudwatch]) client?.destroy();
  await emulator?.stop();
}, 20_000);

it('ls finds the patterns by what the constructs left in the template, and says how they are', async () => {
  expect(listed.slice(0, 4).map(({ kind, path, state }) => [kind, path, state])).toEqual([
    ['CircuitBreaker', 'Cli/Provider', undefined],
    ['AsyncWorker', 'Cli/Orders', 'Enabled'],
    ['AsyncWorker', 'Cli/Steps', 'Enabled'],
    ['AsyncFunction', 'Cli/Jobs', undefined],
  ]);
  const { out } = await cli('ls', 'Cli');
  expect(out).toMatch(/^KIND +PATH +WAITING +IN FLIGHT +DEAD +INTAKE\n/);
  expect(out).toMatch(/^AsyncWorker +Cli\/Orders +0 +0 +0 +Enabled$/m);
}, 60_000);

it('peek shows reason, attributes and on request the body, and consumes nothing', async () => {
  await kill('peeked', 3);
  const { messages } = await json('peek', 'Cli/Orders', '--body');
  expect(messages).toHaveLength(3);
  expect(messages[0]).toMatchObject({
    reason: 'peeked is poison',
    correlationId: expect.stringMatching(/^cause-of-peeked-\d$/),
    attributes: { CorrelationId: expect.any(String) },
    body: expect.stringContaining('"poison":"peeked"'),
  });
  const again = await json('peek', 'Cli/Orders', '-n', '2');
  expect(again.messages).toHaveLength(2);
  expect(again.messages[0]).not.toHaveProperty('body');
  expect((await cli('peek', 'Cli/Orders')).out).not.toContain('"poison"');
  // All are in sight at once, for a redrive to come.
  expect((await json('ls', 'Cli'))[1]).toMatchObject({ path: 'Cli/Orders', dead: 3 });
}, 60_000);

it('redrive tries it dry', async () => {
  expect(await json('redrive', 'Cli/Orders', '--dry-run')).toMatchObject({
    dryRun: true,
    sent: { length: 3 },
    left: 0,
  });
  expect((await json('ls', 'Cli'))[1]).toMatchObject({ dead: 3 });
  expect(await waitingOf('Cli/Orders')).toBe(0);
}, 60_000);

it('what is still poison comes back to the dead-letter queue, raises the alarm again, and the redrive ends', async () => {
  expect(await alarmOf('Cli/Orders')).toBe('ALARM');
  await cli('pause', 'Cli/Orders');
  // A poll that is under way still takes what comes.
  await sleep(2_000);
  expect(await json('redrive', 'Cli/Orders')).toMatchObject({ sent: { length: 3 }, failed: [], mayBeSeenTwice: [] });
  expect(await alarmOf('Cli/Orders')).toBe('OK');
  await cli('resume', 'Cli/Orders');
  await until(async () => (await deadOf('Cli/Orders')) === 3);
  expect(await alarmOf('Cli/Orders')).toBe('ALARM');
  const pages: string[] = [];
  await until(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: pager, MaxNumberOfMessages: 10 }));
    for (const { Body } of Messages) pages.push(JSON.parse(Body!).AlarmDescription);
    return pages.length === 2;
  });
  for (const page of pages) expect(page).toMatch(/dead-letter queue.*cdk-async/s);
}, 60_000);

it('redrive sends all, and what is healed is handled once', async () => {
  await heal('peeked');
  expect(await json('redrive', 'Cli/Orders')).toMatchObject({ sent: { length: 3 }, left: 0, failed: [] });
  await until(async () => Object.keys(await timesOf('order#peeked')).length === 3);
  expect(await timesOf('order#peeked')).toEqual(once('peeked', 3));
  expect(await deadOf('Cli/Orders')).toBe(0);
}, 60_000);

it('redrive sends by reason and by age, and leaves the others', async () => {
  await kill('early', 2);
  await sleep(6_000);
  const late = Date.now();
  await kill('late', 2);
  await heal('early');
  await heal('late');
  // Between the two, with room for a slow start.
  const age = `${Math.ceil((Date.now() - late) / 1000) + 5}s`;
  const byAge = await json('redrive', 'Cli/Orders', '--older-than', age, '--reason', '/^(early|late)/');
  expect(byAge.sent.map(({ reason }: { reason: string }) => reason)).toEqual(['early is poison', 'early is poison']);
  expect(byAge.left).toBe(2);
  await until(async () => Object.keys(await timesOf('order#early')).length === 2);
  expect(await json('redrive', 'Cli/Orders', '--reason', 'nobody')).toMatchObject({ sent: [], left: 2 });
  expect(await json('redrive', 'Cli/Orders', '--reason', 'late')).toMatchObject({ sent: { length: 2 }, left: 0 });
  await until(async () => Object.keys(await timesOf('order#late')).length === 2);
  expect(await deadOf('Cli/Orders')).toBe(0);
}, 60_000);

it('redrive mends bodies on the way, and leaves what the transform does not want', async () => {
  await kill('broken', 4);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'mend.mjs');
  writeFileSync(file, `export default (order) => (order.id.endsWith('3') ? undefined : { ...order, fixed: true });\n`);
  expect(await json('redrive', 'Cli/Orders', '--transform', file)).toMatchObject({ sent: { length: 3 }, left: 1 });
  await until(async () => Object.keys(await timesOf('order#broken')).length === 3);
  expect(await timesOf('order#broken')).toEqual(once('broken', 3));
  expect(await deadOf('Cli/Orders')).toBe(1);
}, 60_000);

it('purge asks, and with nobody to ask deletes nothing but with --yes', async () => {
  expect(await cli('purge', 'Cli/Orders')).toMatchObject({ code: 2 });
  expect(await deadOf('Cli/Orders')).toBe(1);
  expect(await json('purge', 'Cli/Orders', '--yes')).toEqual({ path: 'Cli/Orders', purged: 1 });
  expect(await deadOf('Cli/Orders')).toBe(0);
}, 60_000);

it('redrive, interrupted in the middle, loses nothing, and the next one does the rest', async () => {
  const count = 120;
  await kill('many', count);
  await heal('many');
  const child = start('redrive', 'Cli/Orders', '--rate', '40', '--json');
  const end = ended(child);
  await until(async () => (await deadOf('Cli/Orders')) < count - 20);
  child.kill('SIGINT');
  const { code, out } = await end;
  const tally = JSON.parse(out);
  expect(code).toBe(130);
  expect(tally).toMatchObject({ interrupted: true, failed: [], mayBeSeenTwice: [] });
  expect(tally.sent.length).toBeGreaterThanOrEqual(20);
  expect(tally.sent.length).toBeLessThan(count);
  expect(await deadOf('Cli/Orders')).toBe(count - tally.sent.length);
  expect(await json('redrive', 'Cli/Orders')).toMatchObject({ sent: { length: count - tally.sent.length } });
  await until(async () => Object.keys(await timesOf('order#many')).length === count);
  expect(await timesOf('order#many')).toEqual(once('many', count));
}, 90_000);

it('redrive killed outright loses nothing either: what was in hand shows again', async () => {
  await kill('killed', 40);
  await heal('killed');
  const child = start('redrive', 'Cli/Orders', '--rate', '15');
  const end = ended(child);
  await until(async () => (await deadOf('Cli/Orders')) <= 30);
  child.kill('SIGKILL');
  await end;
  await until(async () => (await waitingOf('Cli/Orders')) === 0);
  const handled = Object.keys(await timesOf('order#killed')).length;
  expect(handled).toBeGreaterThanOrEqual(10);
  expect(handled + (await deadOf('Cli/Orders'))).toBeGreaterThanOrEqual(40);
}, 90_000);

it('redrive keeps the order of each group of a FIFO queue', async () => {
  const steps = Array.from({ length: 3 * 8 }, (_, i) => ({ group: `g${i % 3}`, step: Math.floor(i / 3) }));
  await send('Cli/Steps', steps, ({ group }) => group);
  await until(async () => (await deadOf('Cli/Steps')) === steps.length);
  await heal('steps');
  expect(await json('redrive', 'Cli/Steps')).toMatchObject({ sent: { length: steps.length }, failed: [] });
  await until(async () => (await waitingOf('Cli/Steps')) === 0);
  const rows = await ledger('steps#');
  expect(rows.size).toBe(3);
  for (const { steps: done } of rows.values()) {
    expect(done?.L?.map(({ N }) => Number(N))).toEqual(Array.from({ length: 8 }, (_, step) => step));
  }
  expect(await deadOf('Cli/Steps')).toBe(0);
}, 60_000);

it('redrive invokes an asynchronous function again with the events as they were', async () => {
  await lambda.send(
    new InvokeCommand({
      FunctionName: part('Cli/Jobs', 'function'),
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify({ id: 'j', poison: 'job' })),
    }),
  );
  await until(async () => (await deadOf('Cli/Jobs')) === 1);
  expect((await json('peek', 'Cli/Jobs')).messages[0].reason).toBe('job is poison');
  await heal('job');
  expect(await json('redrive', 'Cli/Jobs')).toMatchObject({ sent: { length: 1 } });
  await until(async () => Object.keys(await timesOf('job#j')).length === 1);
  expect(await deadOf('Cli/Jobs')).toBe(0);
}, 60_000);

it('pause stops the intake, and resume starts it again', async () => {
  expect(await json('pause', 'Cli/Orders')).toEqual({ path: 'Cli/Orders', state: 'Disabled' });
  await sleep(2_000);
  await send('Cli/Orders', [{ id: 'paused' }]);
  await sleep(3_000);
  expect(await timesOf('order#paused')).toEqual({});
  expect((await json('ls', 'Cli'))[1]).toMatchObject({ state: 'Disabled' });
  expect(await json('resume', 'Cli/Orders')).toEqual({ path: 'Cli/Orders', state: 'Enabled' });
  await until(async () => (await timesOf('order#paused'))['order#paused'] === 1);
}, 60_000);

it('breaker open stops the workers that it guards, close lets them go on', async () => {
  const state = async () => (await json('ls', 'Cli'))[1].state;
  expect(await json('breaker', 'open', 'Cli/Provider')).toMatchObject({ path: 'Cli/Provider', state: 'open' });
  await until(async () => (await state()) === 'Disabled');
  expect(await json('breaker', 'close', 'Cli/Provider')).toMatchObject({ state: 'closed' });
  await until(async () => (await state()) === 'Enabled');
  expect(await json('breaker', 'auto', 'Cli/Provider')).toMatchObject({ state: 'closed' });
}, 60_000);

it('tail follows one cause through the logs', async () => {
  await send('Cli/Orders', [{ id: 'traced' }]);
  await until(async () => (await cli('tail', 'Cli', 'cause-of-traced')).out.includes('looking at it'));
  const { out } = await cli('tail', 'Cli', 'cause-of-traced', '--json');
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.every(({ path, message }) => path === 'Cli/Orders' && message.includes('cause-of-traced'))).toBe(true);
}, 60_000);

it('jobs lists what was handed in, shows one, and cancels one that runs', async () => {
  await send('Cli/Desk', [{ id: 'quick' }, { id: 'endless' }]);
  const states = async (): Promise<string[]> =>
    (await json('jobs', 'list', 'Cli/Api')).jobs.map(({ status }: { status: string }) => status).sort();
  await until(async () => (await states()).join() === 'running,succeeded');
  const { jobs } = await json('jobs', 'list', 'Cli/Api', '--state', 'succeeded');
  expect(jobs).toHaveLength(1);
  expect(await json('jobs', 'get', 'Cli/Api', jobs[0].id)).toMatchObject({
    path: 'Cli/Api',
    status: 'succeeded',
    result: { rendered: 'quick' },
    owner: expect.stringMatching(/^client:/),
  });
  const [running] = (await json('jobs', 'list', 'Cli/Api', '--state', 'running')).jobs;
  expect(await json('jobs', 'cancel', 'Cli/Api', running.id)).toMatchObject({ status: 'cancelled' });
  expect(await cli('jobs', 'cancel', 'Cli/Api', running.id)).toMatchObject({ code: 0 });
  expect(await cli('jobs', 'cancel', 'Cli/Api', jobs[0].id)).toMatchObject({ code: 1 });
  expect(await states()).toEqual(['cancelled', 'succeeded']);
  await until(async () => (await waitingOf('Cli/Renderer')) === 0);
}, 60_000);

it('replay sends events again, says how far it is, and is cancelled', async () => {
  await until(async () => Object.keys(await timesOf('seen#')).length === 2);
  const cancelled = await json('replay', 'start', 'Cli/Log', '--subscriber', 'Seen', '--from', '1h');
  expect(cancelled).toMatchObject({ path: 'Cli/Log', subscriber: 'Seen', state: 'open' });
  expect(await json('replay', 'cancel', 'Cli/Log', cancelled.id)).toMatchObject({ state: 'cancelled' });
  expect(await cli('replay', 'start', 'Cli/Log', '--subscriber', 'Nobody')).toMatchObject({
    code: 1,
    err: expect.stringContaining('subscriber: got Nobody'),
  });
  const following = json('replay', 'start', 'Cli/Log', '--subscriber', 'Seen', '--types', 'Asked', '-f');
  await until(async () => (await json('replay', 'list', 'Cli/Log')).replays.length === 2);
  // As the schedule does every minute.
  await lambda.send(
    new InvokeCommand({ FunctionName: part('Cli/Log', 'replayer'), Payload: Buffer.from('{"action":"resume"}') }),
  );
  const done = await following;
  expect(done).toMatchObject({ state: 'done', sent: 2, passed: 2, total: 2 });
  expect(await json('replay', 'status', 'Cli/Log', done.id)).toMatchObject({ state: 'done' });
  await until(async () => Object.keys(await timesOf('replayed#')).length === 2);
}, 90_000);
