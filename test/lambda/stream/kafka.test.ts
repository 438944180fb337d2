import { PermanentError } from '../../../lambda/runtime';
import { kafkaEvent } from '../../../lambda/testing';
import { FakeEdge } from '../fake-edge';
import { failuresOf, replying, run, STREAMING } from './run';

// The shape that AWS documents: https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
const DOCUMENTED = {
  eventSource: 'aws:kafka',
  eventSourceArn: 'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  bootstrapServers:
    'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092,b-1.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092',
  records: {
    'mytopic-0': [
      {
        topic: 'mytopic',
        partition: 0,
        offset: 15,
        timestamp: 1545084650987,
        timestampType: 'CREATE_TIME',
        key: 'abcDEFghiJKLmnoPQRstuVWXyz1234==',
        value: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
        headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
      },
    ],
  },
} as const;
// https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html has no eventSourceArn.
const { eventSourceArn, ...withoutArn } = DOCUMENTED;
const SELF_MANAGED = { ...withoutArn, eventSource: 'SelfManagedKafka' };

test.each([
  ['MSK', DOCUMENTED, eventSourceArn],
  ['a self-managed cluster', SELF_MANAGED, DOCUMENTED.bootstrapServers],
])('the event that AWS documents for %s is read', async (_, event, source) => {
  const edge = replying();
  let seen: any;
  const process = (message: unknown, context: unknown) => {
    seen = { message, context };
    throw new PermanentError('no');
  };
  await run(edge, { process, parse: (data: Buffer) => data.toString() }, structuredClone(event) as never);
  expect(seen.message).toBe('Hello, this is a test.');
  expect({
    messageId: seen.context.messageId,
    shardId: seen.context.shardId,
    sequenceNumber: seen.context.sequenceNumber,
    arrival: seen.context.approximateArrival,
    attributes: { ...seen.context.attributes },
  }).toEqual({
    messageId: 'mytopic-0:15',
    shardId: 'mytopic-0',
    sequenceNumber: '15',
    arrival: new Date(1545084650987),
    attributes: { headerKey: 'headerValue' },
  });
  const [letter] = edge.deadLetters;
  expect(letter?.MessageBody).toBe('Hello, this is a test.');
  expect(JSON.parse(letter?.MessageAttributes?.DeadLetterContext?.StringValue ?? '')).toMatchObject({
    source,
    shardId: 'mytopic-0',
    sequenceNumber: '15',
  });
});

const failOn =
  (...which: number[]) =>
  (n: number) => {
    if (which.includes(n)) throw new Error('flaky');
  };

test('each partition has its own checkpoint, and all that is not passed is named', async () => {
  const event = kafkaEvent([
    { value: 0, partition: 0, offset: 10, key: 'a' },
    { value: 1, partition: 0, offset: 11, key: 'b' },
    { value: 2, partition: 0, offset: 12, key: 'c' },
    { value: 3, partition: 1, offset: 10, key: 'a' },
    { value: 4, partition: 1, offset: 11, key: 'b' },
    { value: 5, topic: 'other', offset: 3, key: 'a' },
  ]);
  expect(failuresOf(await run(new FakeEdge(STREAMING), { process: failOn(1, 4) }, event))).toEqual([
    { partition: 'topic-0', offset: 11 },
    { partition: 'topic-0', offset: 12 },
    { partition: 'topic-1', offset: 11 },
  ]);
});

test('a partition that fails at its first record does not hold up the reply of the others', async () => {
  const event = kafkaEvent([
    { value: 0, partition: 0, offset: 1, key: 'a' },
    { value: 1, partition: 1, offset: 1, key: 'a' },
  ]);
  expect(failuresOf(await run(new FakeEdge(STREAMING), { process: failOn(0) }, event))).toEqual([
    { partition: 'topic-0', offset: 1 },
  ]);
  await expect(run(new FakeEdge(STREAMING), { process: failOn(0, 1) }, event)).rejects.toThrow(
    'nothing before topic-0:1 could be passed: flaky',
  );
});

const spans = async (event: ReturnType<typeof kafkaEvent>) => {
  const log: string[] = [];
  await run(
    replying(),
    {
      async process(n) {
        log.push(`start ${n}`);
        await Promise.resolve();
        log.push(`end ${n}`);
      },
    },
    event,
  );
  return (first: number, second: number) => log.indexOf(`end ${first}`) < log.indexOf(`start ${second}`);
};

test('records of a key come in their order, those without one in the order of their partition', async () => {
  const isBefore = await spans(
    kafkaEvent([
      { value: 0, key: 'a' },
      { value: 1, key: 'a' },
      { value: 2 },
      { value: 3 },
      { value: 4, partition: 1 },
      { value: 5, key: '' },
    ]),
  );
  expect(isBefore(0, 1)).toBe(true);
  expect(isBefore(2, 3)).toBe(true);
  for (const other of [2, 4, 5]) expect(isBefore(0, other)).toBe(false);
});

test('a tombstone is the message null', async () => {
  const seen: unknown[] = [];
  const event = kafkaEvent([{ key: 'gone' }]);
  (event.records['topic-0']![0] as any).value = null;
  await run(replying(), { process: (message, { partitionKey }) => void seen.push([message, partitionKey]) }, event);
  expect(seen).toEqual([[null, 'gone']]);
});

test('a dead tombstone has a body that says so', async () => {
  const edge = replying();
  const process = () => {
    throw new PermanentError('no');
  };
  await run(edge, { process }, kafkaEvent([{ key: 'gone' }]));
  expect(edge.deadLetters[0]).toMatchObject({
    MessageBody: 'empty',
    MessageAttributes: { DeadLetterEncoding: { StringValue: 'empty' } },
  });
});

test('a key of any length leaves room for a letter', async () => {
  const edge = replying();
  const process = () => {
    throw new PermanentError('no');
  };
  await run(edge, { process }, kafkaEvent([{ key: '\u0001'.repeat(900_000), value: 'x'.repeat(1_036_000) }]));
  const { MessageAttributes, MessageBody } = edge.deadLetters[0]!;
  expect(JSON.parse(MessageAttributes?.DeadLetterContext?.StringValue ?? '').partitionKey).toHaveLength(1024);
  expect(MessageBody).toHaveLength(1_036_000);
});
