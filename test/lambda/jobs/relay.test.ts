import type { DynamoDBRecord } from 'aws-lambda/trigger/dynamodb-stream';
import { Relay } from '../../../lambda/handlers/job-completions/relay';
import type { SenderEdge } from '../../../lambda/runtime/producer/edge';
import type { CompletionsSpec } from '../../../lib/private/contract';

const SPEC: CompletionsSpec = {
  name: 'Test/Api',
  topic: { topicArn: 'arn:aws:sns:us-east-1:123456789012:ended', fifo: false },
  webhook: { queueUrl: 'https://sqs.test/hooks', fifo: false },
};

let published: any[];
let calls: any[];
let refuse: (message: string) => boolean;
beforeEach(() => {
  published = [];
  calls = [];
  refuse = () => false;
});

const relay = (spec: CompletionsSpec = SPEC) =>
  new Relay(
    {
      env: {},
      now: () => 0,
      random: () => 0,
      uuid: () => crypto.randomUUID(),
      traceparent: () => undefined,
      queueCalls: async () => ({
        sendMessageBatch: async ({ Entries = [] }) => {
          calls.push(...Entries.map(({ MessageBody }) => JSON.parse(MessageBody!)));
          return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: 'm', MD5OfMessageBody: '' })), Failed: [] };
        },
      }),
      topicCalls: async () => ({
        publishBatch: async ({ PublishBatchRequestEntries = [] }) => {
          const bad = PublishBatchRequestEntries.filter(({ Message }) => refuse(Message!));
          const good = PublishBatchRequestEntries.filter((entry) => !bad.includes(entry));
          published.push(...good);
          return {
            Successful: good.map(({ Id }) => ({ Id, MessageId: 'm' })),
            Failed: bad.map(({ Id }) => ({ Id, Code: 'AuthorizationError', SenderFault: true })),
          };
        },
      }),
    } as unknown as SenderEdge,
    spec,
    { debug() {}, info() {}, warn() {}, error() {} },
  );

const item = (id: string, state: string, more: object = {}): any => ({
  pk: { S: id },
  state: { S: state },
  owner: { S: 'alice' },
  created: { N: '0' },
  changed: { N: '1' },
  expires: { N: '2' },
  ended: { N: '1' },
  ...more,
});
const change = (id: string, from: any, to: any): DynamoDBRecord => ({
  eventName: 'MODIFY',
  dynamodb: { OldImage: from, NewImage: to, SequenceNumber: `s-${id}` },
});

test('tells of a job that has ended, with its result, and not whose it is', async () => {
  const record = change('a', item('a', 'running'), item('a', 'succeeded', { result: { S: '{"n":1}' } }));
  expect(await relay().handle({ Records: [record] })).toEqual({ batchItemFailures: [] });
  expect(published).toHaveLength(1);
  expect(JSON.parse(published[0].Message)).toMatchObject({
    api: 'Test/Api',
    id: 'a',
    status: 'succeeded',
    result: { n: 1 },
  });
  expect(published[0].MessageAttributes.status).toEqual({ DataType: 'String', StringValue: 'succeeded' });
  expect(published[0].Message).not.toContain('alice');
  expect(calls).toEqual([]);
});

const silent: [string, DynamoDBRecord][] = [
  ['a start', change('a', item('a', 'accepted'), item('a', 'running'))],
  ['progress', change('a', item('a', 'running'), item('a', 'running'))],
  ['what ended before', change('a', item('a', 'succeeded'), item('a', 'succeeded'))],
  ['a new job', change('a', undefined, item('a', 'accepted'))],
  ['one that is forgotten', change('a', item('a', 'failed'), undefined)],
];
test.each(silent)('does not tell of %s', async (_, record) => {
  await relay().handle({ Records: [record] });
  expect(published).toEqual([]);
});

test('calls back whom the caller named, and who wants to hear of all', async () => {
  const record = change('a', item('a', 'running'), item('a', 'failed', { callback: { S: 'https://caller.example/' } }));
  await relay({ ...SPEC, topic: undefined, url: 'https://all.example/' }).handle({ Records: [record] });
  expect(calls.map(({ url }) => url)).toEqual(['https://all.example/', 'https://caller.example/']);
  expect(calls[0]).toMatchObject({ id: 'a.1', completion: { id: 'a', status: 'failed' } });
});

test('a result too large for a topic is left out, and that is said', async () => {
  const record = change(
    'a',
    item('a', 'running'),
    item('a', 'succeeded', { result: { S: JSON.stringify('x'.repeat(200_000)) } }),
  );
  await relay().handle({ Records: [record] });
  expect(JSON.parse(published[0].Message)).toMatchObject({ status: 'succeeded', resultOmitted: true });
});

test('so is one that lies in a payload store', async () => {
  const stored = { S: '{"bucket":"b","key":"k","size":400000}' };
  await relay().handle({ Records: [change('a', item('a', 'running'), item('a', 'succeeded', { stored }))] });
  expect(JSON.parse(published[0].Message)).toMatchObject({ status: 'succeeded', resultOmitted: true });
  expect(published[0].Message).not.toContain('bucket');
});

test('what is not accepted comes again, from the first on', async () => {
  const Records = ['a', 'b', 'c'].map((id) => change(id, item(id, 'running'), item(id, 'succeeded')));
  refuse = (message) => JSON.parse(message).id === 'b';
  expect(await relay().handle({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: 's-b' }] });
});
