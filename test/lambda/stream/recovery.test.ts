import type { _Record as DynamoDBRecord, DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { discardedOf, type Range } from '../../../lambda/handlers/stream-recovery/discarded';
import { type Found, GoneError, Recovery } from '../../../lambda/handlers/stream-recovery/recovery';
import { dynamodbPages, kinesisPages } from '../../../lambda/handlers/stream-recovery/streams';

const CONTEXTS = {
  requestContext: {
    requestId: 'c9b8fa9f-5a7f-xmpl-af9c-0c604cde93a5',
    functionArn: 'arn:aws:lambda:us-east-2:123456789012:function:myfunction',
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 11,
  },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  version: '1.0',
  timestamp: '2019-11-14T00:38:06.021Z',
};

// The shapes that AWS documents: https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
const STREAM = 'arn:aws:kinesis:us-east-2:123456789012:stream/mystream';
const ofKinesis = (start: string, end: string, more = {}) =>
  JSON.stringify({
    ...CONTEXTS,
    ...more,
    KinesisBatchInfo: {
      shardId: 'shardId-000000000001',
      startSequenceNumber: start,
      endSequenceNumber: end,
      approximateArrivalOfFirstRecord: '2019-11-14T00:38:04.835Z',
      approximateArrivalOfLastRecord: '2019-11-14T00:38:05.580Z',
      batchSize: start === end ? 1 : 3,
      streamArn: STREAM,
    },
  });
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
const TABLE_STREAM = 'arn:aws:dynamodb:us-east-2:123456789012:table/mytable/stream/2019-11-14T00:04:06.388';
const OF_DYNAMODB = JSON.stringify({
  ...CONTEXTS,
  DDBStreamBatchInfo: {
    shardId: 'shardId-00000001573689847184-864758bb',
    startSequenceNumber: '800000000003126276362',
    endSequenceNumber: '800000000003126276362',
    approximateArrivalOfFirstRecord: '2019-11-14T00:13:19Z',
    approximateArrivalOfLastRecord: '2019-11-14T00:13:19Z',
    batchSize: 1,
    streamArn: TABLE_STREAM,
  },
});
// https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
const CLUSTER = 'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2';
const OF_KAFKA = JSON.stringify({
  ...CONTEXTS,
  KafkaBatchInfo: {
    batchSize: 500,
    eventSourceArn: CLUSTER,
    bootstrapServers: '...',
    payloadSize: 2039086,
    recordsInfo: {
      'Topic-0': { firstRecordOffset: '49', lastRecordOffset: '52' },
      'Topic-1': { firstRecordOffset: '7', lastRecordOffset: '7' },
    },
  },
});

const found = (...numbers: number[]): Found[] =>
  numbers.map((n) => ({
    id: `shard:${n}`,
    sequenceNumber: String(n),
    partitionKey: `k${n}`,
    arrivedAt: 0,
    bytes: Buffer.from(`body ${n}`),
  }));

const world = (pages: (range: Range) => AsyncIterable<readonly Found[]>) => {
  const letters: SendMessageBatchRequestEntry[] = [];
  const asked: Range[] = [];
  const state = { refuse: (_: SendMessageBatchRequestEntry) => false };
  const log = { debug() {}, info() {}, warn() {}, error: jest.fn() };
  const recovery = new Recovery({
    queueUrl: 'https://sqs.test/dead',
    sqs: {
      async sendMessageBatch({ QueueUrl, Entries = [] }) {
        expect(QueueUrl).toBe('https://sqs.test/dead');
        const refused = Entries.filter(state.refuse);
        letters.push(...Entries.filter((entry) => !refused.includes(entry)));
        return {
          Successful: Entries.filter((entry) => !refused.includes(entry)).map(({ Id }) => ({
            Id,
            MessageId: 'm',
            MD5OfMessageBody: '',
          })),
          Failed: refused.map(({ Id }) => ({ Id, Code: 'no', SenderFault: true })),
        };
      },
    },
    pages: (range) => {
      asked.push(range);
      return pages(range);
    },
    log,
    random: () => 0.5,
    now: () => 1_000,
  });
  const attribute = (i: number, name: string) => letters[i]?.MessageAttributes?.[name]?.StringValue;
  return { recovery, letters, asked, state, log, attribute };
};
const holding = (...pages: Found[][]) =>
  world(async function* () {
    yield* pages;
  });

test('a record that was given up alone is dead with its body, its place and why', async () => {
  const { recovery, letters, asked, attribute } = holding(found(5, 6));
  expect(await recovery.recover(ofKinesis('5', '5'))).toBe(1);
  expect(asked).toEqual([
    { kind: 'kinesis', streamArn: STREAM, shardId: 'shardId-000000000001', start: '5', end: '5' },
  ]);
  expect(letters.map(({ MessageBody }) => MessageBody)).toEqual(['body 5']);
  expect(attribute(0, 'DeadLetterReason')).toBe(
    'retries exhausted after 11 attempts; the log of the worker has the error of shard:5',
  );
  expect(JSON.parse(attribute(0, 'DeadLetterContext')!)).toEqual({
    source: STREAM,
    shardId: 'shardId-000000000001',
    sequenceNumber: '5',
    partitionKey: 'k5',
    approximateArrival: '1970-01-01T00:00:00.000Z',
    deadTimestamp: 1_000,
    condition: 'RetryAttemptsExhausted',
    attempts: 11,
    batchSize: 1,
  });
});

test('of a batch that was given up whole each record is, page by page, and says that it may be a neighbour', async () => {
  const { recovery, letters, attribute } = holding(found(5, 6), [], found(9), found(10));
  expect(await recovery.recover(ofKinesis('5', '9'))).toBe(3);
  expect(letters.map(({ MessageBody }) => MessageBody)).toEqual(['body 5', 'body 6', 'body 9']);
  expect(attribute(1, 'DeadLetterReason')).toMatch(
    /^retries exhausted after 11 attempts; given up with a batch of 3, so it may be a neighbour of what failed/,
  );
});

test('sequence numbers are compared as the numbers that they are', async () => {
  const { recovery } = holding(found(9, 10, 11));
  expect(await recovery.recover(ofKinesis('9', '10'))).toBe(2);
});

test('another condition is named', async () => {
  const { recovery, attribute } = holding(found(5));
  await recovery.recover(ofKinesis('5', '5', { requestContext: { condition: 'MaximumRecordAgeExceeded' } }));
  expect(attribute(0, 'DeadLetterReason')).toMatch(/^MaximumRecordAgeExceeded; /);
});

test('a consumer’s records are read from its stream', async () => {
  const { recovery, asked } = holding(found(5));
  await recovery.recover(ofKinesis('5', '5').replace(STREAM, `${STREAM}/consumer/clicks:1`));
  expect(asked[0]?.streamArn).toBe(STREAM);
});

describe('what has left the stream', () => {
  const gone = () =>
    // biome-ignore lint/correctness/useYield: it fails before the first page.
    world(async function* () {
      throw new GoneError('trimmed');
    });

  test('leaves where it was, and says so', async () => {
    const { recovery, letters, attribute, log } = gone();
    const body = ofKinesis('5', '5');
    expect(await recovery.recover(body)).toBe(1);
    expect(letters[0]?.MessageBody).toBe(body);
    expect(attribute(0, 'DeadLetterEncoding')).toBe('location');
    expect(attribute(0, 'DeadLetterReason')).toBe(
      'retries exhausted after 11 attempts; what is missing left the stream before it could be read',
    );
    expect(log.error).toHaveBeenCalledTimes(1);
  });

  test('in part leaves both what is left and where the rest was', async () => {
    const { recovery, letters, attribute } = holding(found(6, 7));
    expect(await recovery.recover(ofKinesis('5', '7'))).toBe(3);
    expect(letters.map((_, i) => attribute(i, 'DeadLetterEncoding'))).toEqual([undefined, undefined, 'location']);
  });

  test('is not taken for what came after it', async () => {
    const { recovery, letters } = holding(found(80, 81));
    expect(await recovery.recover(ofKinesis('5', '7'))).toBe(1);
    expect(letters).toHaveLength(1);
  });
});

test.each([
  ['a refusal', (w: ReturnType<typeof world>) => (w.state.refuse = ({ MessageBody }) => MessageBody === 'body 6')],
])('%s of the dead-letter queue brings the message back', async (_, arrange) => {
  const w = holding(found(5, 6, 7));
  arrange(w);
  await expect(w.recovery.recover(ofKinesis('5', '7'))).rejects.toThrow('1 of 3 dead letters were not accepted');
});

test('an error of the stream that may pass brings the message back', async () => {
  // biome-ignore lint/correctness/useYield: it fails before the first page.
  const { recovery, letters } = world(async function* () {
    throw new Error('ProvisionedThroughputExceeded');
  });
  await expect(recovery.recover(ofKinesis('5', '5'))).rejects.toThrow('ProvisionedThroughputExceeded');
  expect(letters).toEqual([]);
});

test('of Kafka the place is all there is', async () => {
  const { recovery, letters, asked, attribute } = holding();
  expect(await recovery.recover(OF_KAFKA)).toBe(1);
  expect(asked).toEqual([]);
  expect(letters[0]?.MessageBody).toBe(OF_KAFKA);
  expect(attribute(0, 'DeadLetterReason')).toMatch(
    /retries exhausted after 11 attempts; given up with a batch of 500.*read it in its topic by the offsets$/,
  );
  expect(JSON.parse(attribute(0, 'DeadLetterContext')!)).toMatchObject({ source: CLUSTER, shardId: 'Topic-0,Topic-1' });
});

test.each<[string, string, RegExp]>([
  ['no JSON', 'x', /got no JSON/],
  ['null', 'null', /got no batch/],
  ['something else', '{"Records":[]}', /got no batch of Kinesis, DynamoDB or Kafka/],
  ['a batch without a shard', '{"KinesisBatchInfo":{"streamArn":"a"}}', /got undefined for shardId, expected text/],
])('a message that is %s comes back, and ends in the dead-letter queue as it is', async (_, body, message) => {
  await expect(holding().recovery.recover(body)).rejects.toThrow(message);
});

const collect = async (pages: AsyncIterable<readonly Found[]>) => {
  const all: Found[][] = [];
  for await (const page of pages) all.push([...page]);
  return all;
};
const clientOf = (answers: Record<string, unknown[]>) => {
  const asked: [string, any][] = [];
  const send = async (command: { constructor: { name: string }; input: unknown }) => {
    const { name } = command.constructor;
    asked.push([name, command.input]);
    const answer = answers[name]?.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? {};
  };
  return { client: { send } as unknown as KinesisClient & DynamoDBStreamsClient, asked };
};
const named = (name: string) => Object.assign(new Error('no'), { name });

describe('a shard of Kinesis', () => {
  const range = discardedOf(ofKinesis('5', '5')).from as Range;

  test('is read from the sequence number on, as much as was given up', async () => {
    const record = {
      SequenceNumber: '5',
      PartitionKey: 'k',
      Data: Buffer.from('body'),
      ApproximateArrivalTimestamp: new Date(7),
    };
    const { client, asked } = clientOf({
      GetShardIteratorCommand: [{ ShardIterator: 'i1' }],
      GetRecordsCommand: [{ Records: [], NextShardIterator: 'i2', MillisBehindLatest: 5 }, { Records: [record] }],
    });
    expect(await collect(kinesisPages(client, range))).toEqual([
      [],
      [
        {
          id: 'shardId-000000000001:5',
          sequenceNumber: '5',
          partitionKey: 'k',
          arrivedAt: 7,
          bytes: Buffer.from('body'),
        },
      ],
    ]);
    expect(asked[0]).toEqual([
      'GetShardIteratorCommand',
      {
        StreamARN: STREAM,
        ShardId: 'shardId-000000000001',
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        StartingSequenceNumber: '5',
      },
    ]);
    expect(asked[2]?.[1]).toEqual({ StreamARN: STREAM, ShardIterator: 'i2', Limit: 1 });
  });

  test('ends at its tip', async () => {
    const { client } = clientOf({
      GetShardIteratorCommand: [{ ShardIterator: 'i1' }],
      GetRecordsCommand: [{ Records: [], NextShardIterator: 'i2', MillisBehindLatest: 0 }],
    });
    expect(await collect(kinesisPages(client, range))).toEqual([[]]);
  });

  test.each([['ResourceNotFoundException'], ['InvalidArgumentException']])('is gone by %s', async (name) => {
    const { client } = clientOf({ GetShardIteratorCommand: [named(name)] });
    await expect(collect(kinesisPages(client, range))).rejects.toThrow(GoneError);
  });

  test.each([['AccessDeniedException'], ['ExpiredIteratorException']])('may be back after %s', async (name) => {
    const { client } = clientOf({
      GetShardIteratorCommand: [{ ShardIterator: 'i1' }],
      GetRecordsCommand: [named(name)],
    });
    await expect(collect(kinesisPages(client, range))).rejects.not.toThrow(GoneError);
  });
});

describe('a shard of DynamoDB', () => {
  const range = discardedOf(OF_DYNAMODB).from as Range;

  test('gives its records as Lambda would have', async () => {
    const record: DynamoDBRecord = {
      eventID: 'e',
      eventName: 'REMOVE',
      eventSource: 'aws:dynamodb',
      userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' },
      dynamodb: {
        Keys: { id: { B: new Uint8Array([0, 255]) } },
        SequenceNumber: '800000000003126276362',
        ApproximateCreationDateTime: new Date(1_573_690_399_000),
      },
    };
    const { client } = clientOf({
      GetShardIteratorCommand: [{ ShardIterator: 'i1' }],
      GetRecordsCommand: [{ Records: [record] }],
    });
    const [[only]] = (await collect(dynamodbPages(client, range))) as [[Found]];
    expect(only).toMatchObject({ id: 'e', partitionKey: '{"id":{"B":"AP8="}}', arrivedAt: 1_573_690_399_000 });
    expect(JSON.parse(only.bytes.toString())).toEqual({
      eventID: 'e',
      eventName: 'REMOVE',
      eventSource: 'aws:dynamodb',
      userIdentity: { principalId: 'dynamodb.amazonaws.com', type: 'Service' },
      dynamodb: {
        Keys: { id: { B: 'AP8=' } },
        SequenceNumber: '800000000003126276362',
        ApproximateCreationDateTime: 1_573_690_399,
      },
      eventSourceARN: TABLE_STREAM,
    });
  });

  test('ends at its tip, which it does not tell', async () => {
    const { client } = clientOf({
      GetShardIteratorCommand: [{ ShardIterator: 'i' }],
      GetRecordsCommand: Array(20).fill({ Records: [], NextShardIterator: 'i' }),
    });
    expect(await collect(dynamodbPages(client, range))).toHaveLength(5);
  });

  test('is gone when it is trimmed', async () => {
    const { client } = clientOf({ GetShardIteratorCommand: [named('TrimmedDataAccessException')] });
    await expect(collect(dynamodbPages(client, range))).rejects.toThrow(GoneError);
  });
});
