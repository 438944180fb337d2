import { z } from 'zod';
import { asyncFunctionOn } from '../../../lambda/runtime/async-function/async-function';
import { lambdaContext } from '../../../lambda/testing';
import { ENV, EVENT, FUNCTION_ENV } from '../../../lib/private/contract';
import { FakeFunctionEdge } from '../../lambda/async-function/fake-function-edge';
import { SECRET } from '../corpus';
import { accepted, type Decoder, refused, refusedWith, textOf } from '../decoder';

const PAYLOAD = { key: 'k', note: SECRET };
const STORED = JSON.stringify(PAYLOAD);
const origin = {
  correlationId: 'c-1',
  causationId: 'm-0',
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  sentAt: Date.parse('2026-11-24T10:00:00Z'),
};
const pointer = [
  'software.amazon.payloadoffloading.PayloadS3Pointer',
  { s3BucketName: 'payloads', s3Key: 'orders/k-1' },
];

export const asyncEvent: Decoder = {
  name: 'an asynchronous event',
  runs: 3,
  valid: [
    PAYLOAD,
    { [EVENT.origin]: origin, [EVENT.payload]: PAYLOAD },
    { [EVENT.origin]: { ...origin, stored: STORED.length }, [EVENT.payload]: pointer },
  ],
  async feed(event) {
    const edge = new FakeFunctionEdge(
      { queueUrl: 'https://sqs.test/dead' },
      { [ENV.payloads]: JSON.stringify([{ bucket: 'payloads', prefix: 'orders/' }]) },
    );
    edge.storeCalls = async () => ({
      putObject: async () => {},
      getObject: async ({ Bucket, Key }: any) => {
        if (Bucket !== 'payloads' || !Key.startsWith('orders/') || Key.includes('..'))
          throw new Error(`read ${Bucket}/${Key}`);
        return STORED;
      },
      sha256: () => '',
    });
    let seen = 0;
    const handler = asyncFunctionOn<any, unknown>(edge, {
      schema: z.looseObject({ key: z.string() }),
      process: async (payload, context) => {
        seen++;
        Object.assign({}, payload);
        const { correlationId, causationId, traceparent, sentAt, attributes } = context;
        if (sentAt && Number.isNaN(sentAt.getTime())) throw new Error('an invalid date');
        context.log.info('seen', { correlationId, causationId, traceparent, sentAt, attributes });
      },
    });
    const said = () => {
      const reasons = edge.queued.flatMap(({ Entries }) =>
        Entries.flatMap(({ MessageAttributes }: any) =>
          Object.values<any>(MessageAttributes).map((it) => it.StringValue),
        ),
      );
      return textOf([...edge.lines, ...reasons]);
    };
    try {
      await handler(event, lambdaContext());
    } catch (thrown) {
      // Lambda tries again, and brings it to the destination itself in the end.
      return refusedWith(thrown, 'RangeError', /^Error: its body was not fetched/);
    }
    if (seen + edge.queued.length !== 1) throw new Error('neither handled nor dead, or both');
    return seen === 1 ? accepted(said()) : refused(said());
  },
};

/** What a construct says of where failures go, written otherwise. */
export const failureDestination: Decoder = {
  name: 'the failure destination of a function',
  valid: [{ [FUNCTION_ENV.failure]: JSON.stringify({ queueUrl: 'https://sqs.test/dead' }) }],
  async feed(env) {
    const texts = Object.fromEntries(Object.entries(env ?? {}).filter(([, value]) => typeof value === 'string'));
    const edge = new FakeFunctionEdge(undefined, texts as Record<string, string>);
    const process = () => {
      throw Object.assign(new Error('no'), { [Symbol.for('cdk-async-patterns.PermanentError')]: true });
    };
    try {
      await asyncFunctionOn<any, unknown>(edge, { process })(PAYLOAD, lambdaContext());
    } catch (thrown) {
      return refusedWith(thrown, /^Error: (environment variable|no$)/);
    }
    const moved = edge.queued.length + edge.published.length + edge.invoked.length;
    if (moved !== 1) throw new Error('it is gone');
    return accepted(edge.lines);
  },
};
