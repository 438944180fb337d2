import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetFunctionEventInvokeConfigCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type Message, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { waitingIn } from '../../bin/local/waiting';

const directory = join(LOCAL, 'e2e-async-function');

let emulator: Emulator;
let out: Record<string, string>;
let sqs: SQSClient;
let lambda: LambdaClient;
let dynamodb: DynamoDBClient;

type Row = Record<string, AttributeValue>;

async function until<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  const end = Date.now() + 40_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined || Date.now() > end) return seen;
    await sleep(200);
  }
}

const row = async (id: string): Promise<Row | undefined> =>
  (
    await dynamodb.send(
      new GetItemCommand({ TableName: out.LedgerTable, Key: { pk: { S: id } }, ConsistentRead: true }),
    )
  ).Item;

/** The row once it is there, and says that it happened so often. */
const seen = (id: string, times = 1): Promise<Row | undefined> =>
  until(async () => {
    const item = await row(id);
    return item?.times?.N === String(times) ? item : undefined;
  });

const call = (to: string, id: string, fate: string, padding?: number): Promise<unknown> =>
  sqs.send(
    new SendMessageCommand({
      QueueUrl: out.CallerQueueUrl,
      MessageBody: JSON.stringify({ to, job: { id, fate }, padding }),
      MessageAttributes: { CorrelationId: { DataType: 'String', StringValue: `cause-of-${id}` } },
    }),
  );

const letters: Message[] = [];
const letter = (id: string): Promise<Message | undefined> =>
  until(async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: out.JobsDeadLetterQueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 300,
        MessageAttributeNames: ['All'],
      }),
    );
    letters.push(...Messages);
    return letters.find(({ Body }) => JSON.parse(Body!).requestPayload?.payload?.id === id);
  });

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  out = await deploy(emulator, {
    stack: 'AsyncFunctions',
    app: 'tsx test/e2e/fixtures/async-function/app.ts',
    directory,
  });
  sqs = new SQSClient(emulator.clientConfig);
  lambda = new LambdaClient(emulator.clientConfig);
  dynamodb = new DynamoDBClient(emulator.clientConfig);
}, 120_000);

afterAll(async () => {
  for (const client of [sqs, lambda, dynamodb]) client?.destroy();
  await emulator?.stop();
}, 20_000);

it('runs what a worker hands over, once, and carries on its correlation', async () => {
  await call('jobs', 'plain', 'done');
  const done = await seen('job#plain');
  expect(done).toMatchObject({
    correlationId: { S: 'cause-of-plain' },
    causationId: { S: expect.stringMatching(/.+/) },
  });
}, 60_000);

it('tries again what fails, as the same invocation', async () => {
  await call('jobs', 'flaky', 'flaky');
  const first = await seen('job#flaky', 1);
  const second = await seen('job#flaky', 2);
  expect(second).toBeDefined();
  if (first) expect(second!.correlationId).toEqual(first.correlationId);
}, 60_000);

it('has what fails to the end in the dead-letter queue, after its attempts, with the event and the error', async () => {
  await call('jobs', 'poison', 'fails');
  const record = JSON.parse((await letter('poison'))?.Body ?? '{}');
  expect(record).toMatchObject({
    requestContext: { condition: 'RetriesExhausted' },
    requestPayload: { payload: { id: 'poison', fate: 'fails' } },
    responsePayload: { errorMessage: 'attempt 2 failed' },
  });
  expect((await row('job#poison'))?.times).toEqual({ N: '2' });
}, 60_000);

it('has a permanent error there after one attempt, with its reason and its correlation', async () => {
  await call('jobs', 'none', 'hopeless');
  const { Body = '{}', MessageAttributes } = (await letter('none')) ?? {};
  expect(JSON.parse(Body)).toMatchObject({
    requestContext: { condition: 'PermanentError', functionArn: expect.stringContaining(out.JobsName!) },
    requestPayload: { payload: { id: 'none', fate: 'hopeless' } },
    responsePayload: { errorType: 'PermanentError', errorMessage: 'no such job' },
  });
  expect(MessageAttributes).toMatchObject({
    DeadLetterReason: { StringValue: 'no such job' },
    CorrelationId: { StringValue: 'cause-of-none' },
  });
  await sleep(3_000);
  expect((await row('job#none'))?.times).toEqual({ N: '1' });
}, 60_000);

it('takes a failed event again as it lies there', async () => {
  const { requestPayload } = JSON.parse((await letter('poison'))?.Body ?? '{}');
  await lambda.send(
    new InvokeCommand({
      FunctionName: out.JobsName,
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify({ ...requestPayload, payload: { id: 'again', fate: 'done' } })),
    }),
  );
  expect(await seen('job#again')).toMatchObject({ correlationId: { S: 'cause-of-poison' } });
}, 60_000);

it('hands over what is larger than an event, at every attempt', async () => {
  await call('jobs', 'large', 'done', 3_000_000);
  expect(await seen('job#large')).toMatchObject({ padding: { S: '3000000' } });

  await call('jobs', 'large-poison', 'flaky', 2_000_000);
  expect(await seen('job#large-poison', 2)).toMatchObject({ padding: { S: '2000000' } });
}, 60_000);

it('refuses what is too large where there is no store, and says so', async () => {
  await call('announced', 'too-large', 'done', 300_000);
  const reason = await until(async () => {
    const { Messages: [message] = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: out.CallerDeadLetterQueueUrl,
        VisibilityTimeout: 0,
        MessageAttributeNames: ['All'],
      }),
    );
    return message?.MessageAttributes?.DeadLetterReason?.StringValue;
  });
  expect(reason).toMatch(/MessageTooLong: got an event of 300\d+ bytes, expected at most 229376/);
  expect(await row('job#too-large')).toBeUndefined();
}, 60_000);

it('takes events that nobody wrapped', async () => {
  await lambda.send(
    new InvokeCommand({
      FunctionName: out.JobsName,
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify({ id: 'bare', fate: 'done' })),
    }),
  );
  expect(await seen('job#bare')).toBeDefined();
}, 60_000);

it('tells everyone who listens to a topic of failures, Lambda’s and permanent ones', async () => {
  await call('announced', 'spent', 'fails');
  await call('announced', 'unknown', 'hopeless');
  expect(await seen('heard#spent')).toMatchObject({ condition: { S: 'RetriesExhausted' } });
  expect(await seen('heard#unknown')).toMatchObject({
    condition: { S: 'PermanentError' },
    responsePayload: { S: expect.stringContaining('no such job') },
  });
  expect((await row('job#unknown'))?.times).toEqual({ N: '1' });
}, 60_000);

it('leaves permanent errors to Lambda where successes are told of: they reach another function after the retries', async () => {
  await call('celebrated', 'lost', 'hopeless');
  expect(await seen('salvaged#lost')).toMatchObject({
    condition: { S: 'RetriesExhausted' },
    requestPayload: { S: expect.stringContaining('"id":"lost"') },
    responsePayload: { S: expect.stringContaining('no such job') },
  });
  expect((await row('job#lost'))?.times).toEqual({ N: '2' });
}, 60_000);

// The local target delivers no records of successes. What Lambda is told is there, and a record as Lambda documents it is
// understood by who gets it.
it('has told Lambda where records of successes and failures go', async () => {
  const config = await lambda.send(
    new GetFunctionEventInvokeConfigCommand({ FunctionName: out.CelebratedName, Qualifier: '$LATEST' }),
  );
  expect(config).toMatchObject({
    MaximumRetryAttempts: 1,
    MaximumEventAgeInSeconds: 21_600,
    DestinationConfig: {
      OnSuccess: { Destination: out.ListenerQueueArn },
      OnFailure: { Destination: out.SalvageArn },
    },
  });
});

it('has a worker that understands a record of a success', async () => {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: out.ListenerQueueUrl,
      MessageBody: JSON.stringify({
        version: '1.0',
        timestamp: '2026-11-24T10:00:00.000Z',
        requestContext: {
          requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e',
          functionArn: `${out.CelebratedName}:$LATEST`,
          condition: 'Success',
          approximateInvokeCount: 1,
        },
        requestPayload: { 'cdk-async-patterns': {}, payload: { id: 'fine', fate: 'done' } },
        responseContext: { statusCode: 200, executedVersion: '$LATEST' },
        responsePayload: { done: 'fine' },
      }),
    }),
  );
  expect(await seen('heard#fine')).toMatchObject({
    condition: { S: 'Success' },
    responsePayload: { S: '{"done":"fine"}' },
  });
}, 60_000);

it('leaves nothing of the worker’s behind', async () => {
  expect(await until(async () => ((await waitingIn(sqs, out.CallerQueueUrl!)) === 0 ? 0 : undefined))).toBe(0);
  expect(await waitingIn(sqs, out.CallerDeadLetterQueueUrl!)).toBe(1);
}, 60_000);
