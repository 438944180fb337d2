import { discardedOf } from '../../../lambda/handlers/stream-recovery/discarded';
import { type Found, Recovery } from '../../../lambda/handlers/stream-recovery/recovery';
import { streamWorkerOn } from '../../../lambda/runtime/stream/stream-worker';
import { dynamodbEvent, kafkaEvent, kinesisEvent, lambdaContext } from '../../../lambda/testing';
import { FakeEdge } from '../../lambda/fake-edge';
import { replying } from '../../lambda/stream/run';
import { SECRET } from '../corpus';
import { accepted, type Decoder, type Fate, refused, refusedWith, textOf } from '../decoder';

const arrivedAt = new Date('2026-11-24T10:00:00Z');
const DATA = { orderId: 'o-1', note: SECRET };
const IMAGE = {
  id: { S: 'a' },
  note: { S: SECRET },
  count: { N: '12345678901234567890' },
  list: { L: [{ S: SECRET }, { NULL: true }, { BOOL: false }] },
  map: { M: { inner: { B: 'AQL/' } } },
  sets: { SS: ['x'] },
  numbers: { NS: ['1', '2.5'] },
};

/** All records of an event but those in a place of their own. */
interface Shape {
  readonly event: any;
  /** The records that may be mutated, of any kind of event. */
  readonly idsOf: (event: any) => unknown[];
}

const said = (edge: FakeEdge): string => {
  const reasons = edge.deadLetters.flatMap(({ MessageAttributes = {} }) =>
    Object.values(MessageAttributes).map(({ StringValue }) => StringValue),
  );
  return textOf([...edge.lines, ...reasons]);
};

/** Runs an event through a handler that looks at everything; all it came to must be named by the event. */
async function run({ event, idsOf }: Shape, parse?: (data: Buffer) => unknown): Promise<Fate> {
  const edge = replying();
  const handler = streamWorkerOn<any, any>(edge, {
    ...(parse && { parse }),
    process: async (message: any, context) => {
      Object.assign({}, message, message?.newImage);
      const { messageId, sequenceNumber, approximateArrival } = context;
      if (approximateArrival && Number.isNaN(approximateArrival.getTime())) throw new Error('an invalid date');
      context.log.info('seen', { messageId, sequenceNumber, headers: Object.keys(context.attributes) });
    },
  });
  try {
    const { batchItemFailures } = await handler(event, lambdaContext());
    const ids = new Set(idsOf(event).map((id) => JSON.stringify(id)));
    for (const { itemIdentifier } of batchItemFailures) {
      if (!ids.has(JSON.stringify(itemIdentifier))) throw new Error('what failed is not of the event');
    }
    return batchItemFailures.length + edge.deadLetters.length > 0 ? refused(said(edge)) : accepted(said(edge));
  } catch (thrown) {
    return refusedWith(thrown, /^TypeError: not (an event of a stream|the event that this handler)/);
  }
}

const sequences = (of: 'kinesis' | 'dynamodb') => (event: any) =>
  event.Records.map((it: any) => (of === 'kinesis' ? it.kinesis.sequenceNumber : it.dynamodb.SequenceNumber));

export const kinesis: Decoder = {
  name: 'an event of Kinesis',
  runs: 2,
  valid: [kinesisEvent([{ data: DATA }, { data: DATA, partitionKey: 'k' }], { arrivedAt })],
  feed: (event) => run({ event, idsOf: sequences('kinesis') }),
};

export const kinesisWithParser: Decoder = {
  name: 'an event of Kinesis that the handler parses',
  valid: [kinesisEvent([{ data: DATA }], { arrivedAt })],
  feed: (event) => run({ event, idsOf: sequences('kinesis') }, (data) => JSON.parse(data.toString())),
};

export const dynamodb: Decoder = {
  name: 'an event of DynamoDB',
  runs: 2,
  valid: [dynamodbEvent([{ keys: { id: 'a' } }, { keys: { id: 'b' } }], { arrivedAt })].map((event: any) => {
    event.Records[0].dynamodb.NewImage = IMAGE;
    event.Records[1].dynamodb.OldImage = IMAGE;
    return event;
  }),
  feed: (event) => run({ event, idsOf: sequences('dynamodb') }),
};

export const kafka: Decoder = {
  name: 'an event of Kafka',
  runs: 2,
  valid: [kafkaEvent([{ value: DATA, key: 'k' }, { value: DATA }], { arrivedAt })].map((event: any) => {
    for (const list of Object.values<any>(event.records)) list[0].headers = [{ trace: [97, -98, 99] }];
    return event;
  }),
  feed: (event) =>
    run({
      event,
      idsOf: ({ records }) =>
        Object.entries<any>(records ?? {}).flatMap(([partition, list]) =>
          (Array.isArray(list) ? list : []).map((it: any) => ({ partition, offset: it?.offset })),
        ),
    }),
};

export const tumblingWindow: Decoder = {
  name: 'a tumbling window',
  valid: [
    {
      ...kinesisEvent([{ data: { count: 1 } }], { arrivedAt }),
      window: { start: '2026-11-24T10:00:00Z', end: '2026-11-24T10:02:00Z' },
      state: { value: { sum: 1 } },
      shardId: 'shardId-1',
      eventSourceARN: 'arn:aws:kinesis:us-east-1:1:stream/s',
      isFinalInvokeForWindow: true,
      isWindowTerminatedEarly: false,
    },
  ],
  async feed(event) {
    const edge = new FakeEdge();
    const handler = streamWorkerOn<any, any>(edge, {
      window: {
        initial: () => ({ sum: 0 }),
        reduce: (state, message) => ({ sum: (state?.sum ?? 0) + (message?.count ?? 0) }),
        end: (_, context) => context.log.info('ended', { window: context.window, shardId: context.shardId }),
      },
    });
    try {
      const { batchItemFailures } = await handler(event, lambdaContext());
      return batchItemFailures.length + edge.deadLetters.length > 0 ? refused(said(edge)) : accepted(said(edge));
    } catch (thrown) {
      return refusedWith(thrown, /^TypeError: not (an event of a stream|the event that this handler)/);
    }
  },
};

const NOTICE = {
  requestContext: {
    requestId: 'r-1',
    functionArn: 'arn:aws:lambda:us-east-2:1:function:f',
    condition: 'RetryAttemptsExhausted',
    approximateInvokeCount: 11,
  },
  version: '1.0',
  timestamp: '2026-11-24T10:00:00Z',
};
const BATCH = {
  shardId: 'shardId-1',
  startSequenceNumber: '1',
  endSequenceNumber: '3',
  batchSize: 3,
  streamArn: 'arn:aws:kinesis:us-east-2:1:stream/s/consumer/c:1',
};

export const recoveryNotice: Decoder = {
  name: 'what Lambda tells of what it has given up',
  runs: 2,
  valid: [
    JSON.stringify({ ...NOTICE, KinesisBatchInfo: BATCH }),
    JSON.stringify({ ...NOTICE, DDBStreamBatchInfo: BATCH }),
    JSON.stringify({
      ...NOTICE,
      KafkaBatchInfo: { batchSize: 3, eventSourceArn: 'arn:kafka', recordsInfo: { 'orders-0': { firstOffset: '1' } } },
    }),
  ],
  async feed(input) {
    const body = typeof input === 'string' ? input : 'none';
    const sent: any[] = [];
    const lines: unknown[] = [];
    const log = (message: string, fields: unknown): void => void lines.push({ message, fields });
    const found = ['1', '2', '3'].map(
      (sequenceNumber): Found => ({ id: `shard:${sequenceNumber}`, sequenceNumber, bytes: Buffer.from(SECRET) }),
    );
    const recovery = new Recovery({
      queueUrl: 'https://sqs.test/dead',
      sqs: {
        sendMessageBatch: async ({ Entries = [] }) => {
          sent.push(...Entries);
          return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: '', MD5OfMessageBody: '' })), Failed: [] };
        },
      },
      async *pages() {
        yield found;
      },
      log: { debug: log, info: log, warn: log, error: log },
      now: () => Date.parse('2026-11-24T10:00:00Z'),
      random: () => 0.5,
    });
    try {
      discardedOf(body);
      const letters = await recovery.recover(body);
      if (letters < 1 || letters !== sent.length) throw new Error('nothing was put anywhere');
      const attributes = sent.flatMap(({ MessageAttributes }) => Object.values<any>(MessageAttributes));
      return accepted(lines, ...attributes.map(({ StringValue }) => StringValue));
    } catch (thrown) {
      return refusedWith(thrown, /^TypeError: not what Lambda sends to a destination/);
    }
  },
};
