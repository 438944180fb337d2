import { z } from 'zod';
import { type WorkerOptions, workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import { ENV } from '../../../lib/private/contract';
import { CONNECTED, FakeEdge } from '../../lambda/fake-edge';
import { FakeTable } from '../../lambda/idempotency/fake-table';
import { SECRET } from '../corpus';
import { accepted, type Decoder, type Fate, refused, refusedWith, textOf } from '../decoder';

const NEIGHBOUR = 'neighbour';
const BODY = { orderId: 'o-1', note: SECRET, lines: [{ sku: SECRET, count: 1 }] };
const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

const records = (...messages: Parameters<typeof sqsEvent>[0]) =>
  sqsEvent(messages, { sentAt: new Date('2026-11-24T10:00:00Z') }).Records;

/** As records come, with everything that they may have. */
const record = (body: unknown, more: object = {}) => ({
  ...records({
    messageId: 'hostile',
    body,
    attributes: { CorrelationId: 'c-1', CausationId: 'm-0', traceparent: TRACEPARENT },
    groupId: 'tenant',
  })[0]!,
  ...more,
});

const said = (edge: FakeEdge): string => {
  const reasons = edge.deadLetters.map(({ MessageAttributes }) => MessageAttributes!.DeadLetterReason!.StringValue);
  return textOf([...edge.lines, ...reasons]);
};

interface Handled {
  readonly edge: FakeEdge;
  readonly options?: Partial<WorkerOptions<any>>;
}

/** Handles a record with a good one behind it, which must not notice. */
async function besides(hostile: any, { edge, options }: Handled): Promise<Fate> {
  const done: string[] = [];
  const handler = workerOn<any>(edge, {
    ...options,
    process: async (message, context) => {
      // As handlers do: all of a context is looked at, and what was sent is merged into something.
      Object.assign({}, message);
      const { attributes, correlationId, causationId, traceparent, receiveCount, groupId, replayed } = context;
      context.log.info('seen', { attributes: Object.keys(attributes), correlationId, causationId, traceparent });
      context.log.info('seen', { receiveCount, groupId, replayed });
      done.push(context.messageId);
    },
  });
  const neighbour = records({ messageId: NEIGHBOUR, body: { orderId: 'o-2', note: 'n', lines: [] } })[0]!;
  let failed: string[];
  try {
    const { batchItemFailures } = await handler({ Records: [hostile, neighbour] }, lambdaContext());
    failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  } catch (thrown) {
    return refusedWith(thrown, /^TypeError: not an SQS event/);
  }
  const { messageId } = hostile;
  const twins = messageId === NEIGHBOUR;
  if (!twins && !done.includes(NEIGHBOUR)) throw new Error('the neighbour was not handled');
  if (!twins && failed.includes(NEIGHBOUR)) throw new Error('the neighbour was reported failed');
  if (failed.some((id) => id !== NEIGHBOUR && id !== messageId)) throw new Error('an unknown id was reported');
  const dead = edge.confirmed.length > 0;
  if (failed.includes(messageId)) return refused(said(edge));
  if (dead) return refused(said(edge));
  if (!done.includes(messageId)) throw new Error('neither handled, nor dead, nor reported failed');
  return accepted(said(edge));
}

export const sqsRecord: Decoder = {
  name: 'a record of SQS',
  runs: 3,
  valid: [record(BODY), record('null'), record(BODY, { messageAttributes: {} })],
  feed: (hostile) => besides(hostile, { edge: new FakeEdge() }),
};

const Order = z.object({
  orderId: z.string(),
  note: z.string().max(100),
  lines: z.array(z.record(z.string(), z.any())),
});

export const withSchema: Decoder = {
  name: 'a body that has a schema',
  valid: [record(BODY)],
  feed: (hostile) => besides(hostile, { edge: new FakeEdge(), options: { schema: Order } }),
};

/** Says what it got, as some libraries do. */
const quoting: WorkerOptions<any>['schema'] = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: any) =>
      value?.note === SECRET
        ? { value }
        : {
            issues: [
              { message: `note must be a text (was ${JSON.stringify(value?.note)})`, path: ['note'] },
              { message: `got ${String(JSON.stringify(value?.lines)).slice(0, 60)}...`, path: ['lines'] },
            ],
          },
  },
};

export const withQuotingSchema: Decoder = {
  name: 'a body whose schema quotes what it got',
  valid: [record(BODY)],
  feed: (hostile) => {
    const known = JSON.stringify({ orderId: 'o-2', note: 'n', lines: [] });
    const schema: WorkerOptions<any>['schema'] = {
      '~standard': {
        ...quoting!['~standard'],
        validate: (value) => (JSON.stringify(value) === known ? { value } : quoting!['~standard'].validate(value)),
      },
    };
    return besides(hostile, { edge: new FakeEdge(), options: { schema } });
  },
};

export const ownParser: Decoder = {
  name: 'a body that the handler parses',
  valid: [record(BODY)],
  feed: (hostile) => besides(hostile, { edge: new FakeEdge(), options: { parse: (body) => JSON.parse(body) } }),
};

export const idempotent: Decoder = {
  name: 'a record with an idempotency key',
  valid: [record(BODY)],
  feed: (hostile) => {
    const edge = new FakeEdge({ ...CONNECTED, [ENV.idempotency]: '{"table":"keys","retention":3600}' });
    edge.statements = new FakeTable();
    return besides(hostile, { edge, options: { idempotencyKey: (message) => message.orderId } });
  },
};

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:orders';
const envelope = (message: unknown, more: object = {}) => ({
  Type: 'Notification',
  MessageId: 'sns-1',
  TopicArn: TOPIC,
  Subject: 'x',
  Message: JSON.stringify(message),
  Timestamp: '2026-11-24T10:00:00.000Z',
  MessageAttributes: {
    kind: { Type: 'String', Value: 'order' },
    CorrelationId: { Type: 'String', Value: 'c-1' },
    bytes: { Type: 'Binary', Value: 'AQL/' },
  },
  ...more,
});

export const snsEnvelope: Decoder = {
  name: 'an envelope of SNS',
  runs: 2,
  valid: [
    record(envelope(BODY), { messageAttributes: {} }),
    record(envelope(BODY, { MessageAttributes: undefined }), { messageAttributes: {} }),
  ],
  feed: (hostile) => {
    const edge = new FakeEdge({ ...CONNECTED, [ENV.envelopes]: JSON.stringify([TOPIC]) });
    return besides(hostile, { edge, options: { schema: z.looseObject({}) } });
  },
};

const STORED = JSON.stringify(BODY);
const pointer = (key: string) => [
  'software.amazon.payloadoffloading.PayloadS3Pointer',
  { s3BucketName: 'payloads', s3Key: key },
];
const marked = (name: string) => ({
  messageAttributes: {
    [name]: { dataType: 'Number', stringValue: String(STORED.length), stringListValues: [], binaryListValues: [] },
  },
});

export const claimCheck: Decoder = {
  name: 'a pointer to a stored body',
  runs: 3,
  valid: [
    record(pointer('orders/k-1'), marked('ExtendedPayloadSize')),
    record(pointer('orders/k-1'), marked('SQSLargePayloadSize')),
    record(
      envelope(pointer('orders/k-1'), {
        MessageAttributes: { ExtendedPayloadSize: { Type: 'Number', Value: String(STORED.length) } },
      }),
      {
        messageAttributes: {},
      },
    ),
  ],
  feed: (hostile) => {
    const places = [{ bucket: 'payloads', prefix: 'orders/' }];
    const edge = new FakeEdge({
      ...CONNECTED,
      [ENV.payloads]: JSON.stringify(places),
      [ENV.envelopes]: JSON.stringify([TOPIC]),
    });
    edge.getObject = async ({ Bucket, Key }) => {
      if (Bucket !== 'payloads' || !Key!.startsWith('orders/') || Key!.length === 'orders/'.length)
        throw new Error(`read outside of its place: ${Bucket}/${Key}`);
      if (Key!.split('/').some((part) => part === '..' || part === '.')) throw new Error('a path was read');
      return Key === 'orders/k-1' ? STORED : Promise.reject(Object.assign(new Error('no'), { name: 'NoSuchKey' }));
    };
    return besides(hostile, { edge });
  },
};

export const sqsEventWhole: Decoder = {
  name: 'an event of SQS',
  runs: 2,
  valid: [sqsEvent([{ body: BODY }, { body: BODY }]), sqsEvent([{ body: BODY }, { body: BODY }], { fifo: true })],
  async feed(event) {
    const edge = new FakeEdge();
    const ids = new Set<unknown>(Array.isArray(event?.Records) ? event.Records.map((it: any) => it?.messageId) : []);
    try {
      const { batchItemFailures } = await workerOn<any>(edge, { process: async () => {} })(event, lambdaContext());
      // An id that Lambda does not know fails the batch as a whole.
      if (batchItemFailures.some(({ itemIdentifier }) => !ids.has(itemIdentifier))) throw new Error('an unknown id');
      return edge.deadLetters.length + batchItemFailures.length > 0 ? refused(said(edge)) : accepted(said(edge));
    } catch (thrown) {
      return refusedWith(thrown, /^TypeError: not an SQS event/);
    }
  },
};
