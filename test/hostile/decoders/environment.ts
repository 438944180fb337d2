import { asyncFunctionOn } from '../../../lambda/runtime/async-function/async-function';
import { readConfig } from '../../../lambda/runtime/config';
import { eventLogOn } from '../../../lambda/runtime/event-log/event-log';
import { jobsApiOn } from '../../../lambda/runtime/jobs/api';
import { readConnection } from '../../../lambda/runtime/producer/connection';
import { producerOn, publisherOn } from '../../../lambda/runtime/producer/sender';
import { streamWorkerOn } from '../../../lambda/runtime/stream/stream-worker';
import { workerOn } from '../../../lambda/runtime/worker';
import { kinesisEvent, lambdaContext, sqsEvent } from '../../../lambda/testing';
import { BREAKER_ENV, CONNECTION_ENV, ENV, JOBS_ENV, PACE_ENV, STREAM_ENV } from '../../../lib/private/contract';
import { FakeFunctionEdge } from '../../lambda/async-function/fake-function-edge';
import { World as LogWorld } from '../../lambda/event-log/world';
import { CONNECTED, FakeEdge } from '../../lambda/fake-edge';
import { JOBS_SPEC } from '../../lambda/jobs/spec';
import { World as JobsWorld, proxyEvent } from '../../lambda/jobs/world';
import { FakeService } from '../../lambda/producer/fake-service';
import { accepted, type Decoder, type Fate, refused, refusedWith } from '../decoder';

// What a construct writes into the environment nobody else does; but the construct may be of another version, and somebody
// may have changed it in the console. What cannot be read is said by its name, and no message is lost for it.

/** A process has texts in its environment, and nothing else. */
const texts = (env: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((env ?? {}) as object).filter(([name, value]) => name !== '' && typeof value === 'string'),
  );

const WORKER = {
  ...CONNECTED,
  [ENV.maxReceiveCount]: '5',
  [ENV.backoff]: JSON.stringify({ initial: 5, max: 300, factor: 2, jitter: true }),
  [ENV.envelopes]: JSON.stringify(['arn:aws:sns:us-east-1:1:t']),
  [ENV.payloads]: JSON.stringify([{ bucket: 'b', prefix: 'p/' }]),
  AWS_LAMBDA_LOG_LEVEL: 'INFO',
};

export const workerEnvironment: Decoder = {
  name: 'the environment of a worker',
  runs: 2,
  valid: [WORKER],
  async feed(mutated) {
    const env = texts(mutated);
    // Where messages go is for SQS to judge.
    const edge = new FakeEdge({
      ...env,
      [ENV.queueUrl]: CONNECTED[ENV.queueUrl]!,
      [ENV.deadLetterQueueUrl]: CONNECTED[ENV.deadLetterQueueUrl]!,
    });
    try {
      const handler = workerOn<any>(edge, {
        process: (message) => {
          if (message === 'bad') throw new Error('bad');
        },
      });
      const { batchItemFailures } = await handler(
        sqsEvent([
          { messageId: 'bad', body: '"bad"', receiveCount: 2 },
          { messageId: 'good', body: '"good"' },
        ]),
        lambdaContext(),
      );
      const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
      if (failed.includes('good')) throw new Error('a good one failed');
      const dead = edge.deadLetters.length > 0;
      if (!failed.includes('bad') && !dead) throw new Error('it is lost');
      for (const seconds of edge.visibility.values()) {
        if (!(Number.isInteger(seconds) && seconds >= 0 && seconds <= 43_200))
          throw new Error(`comes back after ${seconds} seconds`);
      }
      return accepted(edge.lines);
    } catch (thrown) {
      return refusedWith(thrown, /^Error: (environment variable ASYNC_|worker )/);
    }
  },
};

/** Reads one variable, of which there is to be said what is wrong. */
const variable = (name: string, value: object, use: (env: Record<string, string>) => unknown): Decoder => ({
  name: `the variable ${name}`,
  valid: [{ [name]: JSON.stringify(value) }],
  async feed(mutated): Promise<Fate> {
    try {
      await use(texts(mutated));
    } catch (thrown) {
      if (!(thrown as Error).message.includes('ASYNC_')) throw thrown;
      return refused();
    }
    return accepted();
  },
});

const kindOf = (kind: 'producer' | 'publisher' | 'invoker' | 'log', value: object): Decoder =>
  variable(`${CONNECTION_ENV[kind]}ORDERS`, value, (env) => readConnection(kind, 'orders', env));

export const producerConnection = kindOf('producer', { queueUrl: 'https://sqs.test/1/q', fifo: false });
export const publisherConnection = kindOf('publisher', { topicArn: 'arn:aws:sns:us-east-1:1:t', fifo: false });
export const invokerConnection = kindOf('invoker', {
  functionArn: 'arn:aws:lambda:us-east-1:1:function:f',
  maxBytes: 1_000,
});
export const logConnection = kindOf('log', { table: 'log', snapshots: 'snapshots', savesSnapshots: true });

export const jobsVariable = variable(JOBS_ENV.api, JOBS_SPEC, async (env) => {
  const world = new JobsWorld();
  (world.edge.sender as any).env = { ...env, AWS_LAMBDA_FUNCTION_NAME: 'f' };
  const schema = { '~standard': { version: 1, vendor: 'x', validate: (value: unknown) => ({ value }) } } as const;
  await jobsApiOn(world.edge, { schema })(proxyEvent({ method: 'GET', id: 'j'.repeat(32) }), lambdaContext(2_000));
});

export const streamVariable = variable(STREAM_ENV.spec, { window: false }, async (env) => {
  const { [STREAM_ENV.spec]: spec } = env;
  if (spec === undefined) throw new Error(`no ${STREAM_ENV.spec}`);
  const edge = new FakeEdge({ ...CONNECTED, [STREAM_ENV.spec]: spec });
  await streamWorkerOn<any, any>(edge, { process: () => {} })(kinesisEvent([{ data: 1 }]), lambdaContext());
});

export const payloadsOfFunction = variable(ENV.payloads, [{ bucket: 'b', prefix: 'p/' }], async (env) => {
  const { [ENV.payloads]: payloads } = env;
  if (payloads === undefined) throw new Error(`no ${ENV.payloads}`);
  const edge = new FakeFunctionEdge(undefined, { [ENV.payloads]: payloads });
  await asyncFunctionOn<any, unknown>(edge, { process: () => {} })({}, lambdaContext());
});

const ofWorker = (name: string, of: 'circuitBreaker' | 'pace' | 'idempotency' | 'jobs', value: object): Decoder =>
  variable(name, value, (env) => {
    const { [name]: text } = env;
    if (text === undefined) throw new Error(`no ${name}`);
    if (typeof readConfig({ [name]: text })[of]?.table !== 'string') throw new Error('a worker without its table');
  });

export const breakerVariable = ofWorker(BREAKER_ENV.spec, 'circuitBreaker', { name: 'B', table: 't', window: 60 });
export const paceVariable = ofWorker(PACE_ENV.spec, 'pace', { table: 't', lookahead: 900 });
export const idempotencyVariable = ofWorker(ENV.idempotency, 'idempotency', { table: 't', retention: 60 });
export const jobsOfWorker = ofWorker(JOBS_ENV.worker, 'jobs', JOBS_SPEC);

export const senders: Decoder = {
  name: 'connections, used',
  valid: [
    {
      queueUrl: 'https://sqs.test/123456789012/orders',
      topicArn: 'arn:aws:sns:eu-west-1:123456789012:orders',
      table: 'log',
    },
  ],
  async feed(connection) {
    const service = new FakeService();
    const results = await Promise.allSettled([
      (async () => producerOn(service, connection).send({ a: 1 }))(),
      (async () => publisherOn(service, connection).send({ a: 1 }))(),
      (async () => eventLogOn(new LogWorld().edge(), { tableName: connection.table }).version('a'))(),
    ]);
    return results.every(({ status }) => status === 'fulfilled') ? accepted() : refused();
  },
};
