import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import type { SQSRecord } from 'aws-lambda';
import { pointerOf } from '../lambda/runtime/producer/pointer';
import { type SqsMessage, sqsEvent } from '../lambda/testing';
import { AsyncWorker, Handler } from '../lib';
import {
  DYNAMODB_CLIENT_FILE,
  ENV,
  METRIC,
  OPEN_FILE,
  S3_CLIENT_FILE,
  SPANS_FILE,
  SQS_CLIENT_FILE,
} from '../lib/private/contract';

// What the construct provisions, run by what the runtime became: the bundle from the cloud assembly, in a process of its own,
// with the environment of the template, as Lambda would.
const outdir = mkdtempSync(join(tmpdir(), 'contract-'));
const app = new App({ outdir });
const stack = new Stack(app, 'Stack');
new AsyncWorker(stack, 'Orders', {
  handler: Handler.fromEntry(join(__dirname, 'fixtures/handler.ts')),
  maxReceiveCount: 3,
});
const { template } = app.synth().getStackByName('Stack');
const fn = Object.values<any>(template.Resources).find(({ Type }) => Type === 'AWS::Lambda::Function').Properties;
const asset = join(outdir, `asset.${fn.Code.S3Key.replace('.zip', '')}`);
const variables: Record<string, unknown> = fn.Environment.Variables;

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** An endpoint that refuses at once stands for SQS being away. */
const NOWHERE = 'http://127.0.0.1:9';

const RUN = `
const [file, name] = process.argv[1].split(':');
const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 };
require(file)[name](JSON.parse(process.argv[2]), context).then((reply) => process.stderr.write(JSON.stringify(reply)));
`;

const invoke = (messages: SqsMessage[], env: Record<string, string> = {}, edit = (_: SQSRecord) => {}) => {
  const event = sqsEvent(messages);
  event.Records.forEach(edit);
  const [module, name] = fn.Handler.split('.');
  const references = Object.entries(variables).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : `${NOWHERE}/000000000000/${key}`,
  ]);
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['-e', RUN, `${join(asset, `${module}.js`)}:${name}`, JSON.stringify(event)],
    {
      encoding: 'utf8',
      env: {
        ...Object.fromEntries(references),
        AWS_ENDPOINT_URL: NOWHERE,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
        AWS_MAX_ATTEMPTS: '1',
        ...env,
      },
    },
  );
  return {
    reply: JSON.parse(stderr),
    lines: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
};

test('every variable that the runtime reads is set by the construct, those of an option only with it', () => {
  const { idempotency, payloads, envelopes, ...always } = ENV;
  expect(Object.keys(variables)).toEqual(expect.arrayContaining(Object.values(always)));
  for (const name of [idempotency, payloads, envelopes]) expect(variables).not.toHaveProperty(name);
});

test('the asset holds the handler, its source map, and the clients that it loads when it needs them', () => {
  expect(readdirSync(asset).sort()).toEqual(
    [DYNAMODB_CLIENT_FILE, OPEN_FILE, S3_CLIENT_FILE, SPANS_FILE, SQS_CLIENT_FILE, 'index.js', 'index.js.map'].sort(),
  );
});

test('a batch that succeeds is acknowledged, and counted under the name of the worker', () => {
  const { reply, lines } = invoke([{ body: { fate: 'ok' } }]);
  expect(reply).toEqual({ batchItemFailures: [] });
  expect(lines).toEqual([
    expect.objectContaining({ [METRIC.dimension]: 'Stack/Orders', [METRIC.processed]: 1, [METRIC.retried]: 0 }),
  ]);
});

test('with SQS away nothing is acknowledged that failed', () => {
  const { reply, lines } = invoke(['ok', 'retry', 'dead'].map((fate) => ({ body: { fate }, messageId: fate })));
  expect(reply.batchItemFailures).toEqual([{ itemIdentifier: 'retry' }, { itemIdentifier: 'dead' }]);
  expect(lines.map(({ message }) => message)).toEqual(
    expect.arrayContaining(['dead letters not sent', 'backoff not set']),
  );
});

test('the last receive is the one that the construct told', () => {
  const { lines } = invoke([{ body: { fate: 'retry' }, receiveCount: 3 }]);
  expect(lines).toContainEqual(
    expect.objectContaining({ message: 'message is dead', reason: 'retries exhausted after 3 receives: flaky' }),
  );
});

test('a worker that was told of envelopes and of a payload store opens both with what lies beside its bundle', () => {
  const topic = 'arn:aws:sns:us-east-1:123456789012:orders';
  const env = { [ENV.envelopes]: JSON.stringify([topic]), [ENV.payloads]: JSON.stringify([{ bucket: 'b' }]) };
  const envelope = { Type: 'Notification', MessageId: 'x', TopicArn: topic, Timestamp: '2026-01-01T00:00:00Z' };
  const { reply, lines } = invoke(
    [
      { messageId: 'enveloped', body: { ...envelope, Message: '{"fate":"ok"}' } },
      { messageId: 'stored', body: pointerOf({ bucket: 'b', key: 'k' }) },
    ],
    env,
    ({ messageId, messageAttributes }) => {
      if (messageId !== 'stored') return;
      const lists = { stringListValues: [], binaryListValues: [] };
      messageAttributes.ExtendedPayloadSize = { dataType: 'Number', stringValue: '5', ...lists };
    },
  );
  // S3 is away like all of AWS here.
  expect(reply).toEqual({ batchItemFailures: [{ itemIdentifier: 'stored' }] });
  expect(lines[0].error.message).toMatch(/^its body was not fetched from b\/k: .*ECONNREFUSED/);
});

test('where OpenTelemetry is set up, spans come from what lies beside the bundle too', () => {
  const preload = `
    const span = { end: () => process.stdout.write('{"message":"ended"}\\n') };
    const startActiveSpan = (name, options, run) => run(span);
    globalThis[Symbol.for('opentelemetry.js.api.1')] = { trace: { getTracer: () => ({ startActiveSpan }) } };
  `;
  const file = join(outdir, 'preload.cjs');
  writeFileSync(file, preload);
  const { reply, lines } = invoke([{ body: { fate: 'ok' } }], { NODE_OPTIONS: `--require=${file}` });
  expect(reply).toEqual({ batchItemFailures: [] });
  expect(lines.map(({ message }) => message)).toContain('ended');
});

test('a stack trace names the source, not the bundle', () => {
  const { lines } = invoke([{ body: { fate: 'retry' } }]);
  expect(lines[0].error.stack).toMatch(/fixtures\/handler\.ts:6/);
});
