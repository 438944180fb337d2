import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { kinesisEvent } from '../lambda/testing';
import { Handler, StreamSource, StreamWorker } from '../lib';
import { ENV, METRIC, SQS_CLIENT_FILE, STREAM_ENV } from '../lib/private/contract';

// As contract.test.ts does for queue workers: what the construct provisions, run by what the runtime became.
const outdir = mkdtempSync(join(tmpdir(), 'stream-contract-'));
const app = new App({ outdir });
const stack = new Stack(app, 'Stack');
new StreamWorker(stack, 'Clicks', {
  source: StreamSource.kinesis(new Stream(stack, 'Stream')),
  handler: Handler.fromEntry(join(__dirname, 'fixtures/stream-handler.ts')),
});
const { template } = app.synth().getStackByName('Stack');
const [worker, recovery] = ['ClicksFunction', 'ClicksRecovery'].map((prefix) => {
  const [, found] = Object.entries<any>(template.Resources).find(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(prefix),
  )!;
  return {
    asset: join(outdir, `asset.${found.Properties.Code.S3Key.replace('.zip', '')}`),
    variables: found.Properties.Environment.Variables as Record<string, unknown>,
  };
}) as [{ asset: string; variables: Record<string, unknown> }, { asset: string; variables: Record<string, unknown> }];

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** An endpoint that refuses at once stands for SQS being away. */
const NOWHERE = 'http://127.0.0.1:9';

const RUN = `
const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 };
require(process.argv[1] + '/index.js').handler(JSON.parse(process.argv[2]), context).then(
  (reply) => process.stderr.write(JSON.stringify({ reply })),
  ({ name, message }) => process.stderr.write(JSON.stringify({ error: name + ': ' + message })),
);
`;

const invoke = ({ asset, variables }: typeof worker, event: unknown) => {
  const known = Object.entries(variables).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : `${NOWHERE}/000000000000/${key}`,
  ]);
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', RUN, asset, JSON.stringify(event)], {
    encoding: 'utf8',
    env: {
      ...Object.fromEntries(known),
      AWS_ENDPOINT_URL: NOWHERE,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      AWS_MAX_ATTEMPTS: '1',
    },
  });
  return { ...JSON.parse(stderr), log: stdout };
};
const fates = (...all: string[]) =>
  kinesisEvent(all.map((fate, i) => ({ data: { fate }, partitionKey: fate, sequenceNumber: `${i}` })));

test('every variable that the runtime reads is set by the construct', () => {
  expect(Object.keys(worker.variables)).toEqual(
    expect.arrayContaining([ENV.worker, ENV.deadLetterQueueUrl, STREAM_ENV.spec]),
  );
});

test('the asset holds the client that is loaded when a record is dead', () => {
  expect(readdirSync(worker.asset)).toContain(SQS_CLIENT_FILE);
});

test('a batch that succeeds is passed, and counted under the name of the worker', () => {
  const { reply, log } = invoke(worker, fates('ok', 'ok'));
  expect(reply).toEqual({ batchItemFailures: [] });
  expect(JSON.parse(log)).toMatchObject({ [METRIC.dimension]: 'Stack/Clicks', [METRIC.processed]: 2 });
});

test('with SQS away the shard does not go past what should be dead', () => {
  expect(invoke(worker, fates('ok', 'dead', 'ok')).reply).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
});

test('a batch that cannot begin fails, so that Lambda splits it', () => {
  expect(invoke(worker, fates('retry', 'ok')).error).toBe(
    'BatchError: nothing before shardId-000000000000:0 could be passed: flaky',
  );
});

test('what cannot be recovered comes back', () => {
  const info = {
    shardId: 's',
    startSequenceNumber: '1',
    endSequenceNumber: '1',
    streamArn: 'arn:aws:kinesis:us-east-1:1:stream/s',
  };
  const { error } = invoke(recovery, { Records: [{ body: JSON.stringify({ KinesisBatchInfo: info }) }] });
  expect(error).toContain('ECONNREFUSED');
});
