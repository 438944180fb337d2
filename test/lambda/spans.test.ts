import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { PermanentError } from '../../lambda/runtime';
import { activeTraceparent } from '../../lambda/runtime/producer/trace';
import { type WorkerOptions, workerOn } from '../../lambda/runtime/worker';
import { lambdaContext, type SqsMessage, sqsEvent } from '../../lambda/testing';
import { ENV } from '../../lib/private/contract';
import { CONNECTED, FakeEdge } from './fake-edge';
import { FakeTable } from './idempotency/fake-table';

// The real API and SDK, as a layer would register them.
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const register = () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
};

afterEach(() => {
  for (const api of [context, propagation, trace]) api.disable();
  exporter.reset();
  jest.useRealTimers();
});

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const SENT = `00-${TRACE}-${SPAN}-01`;
const pause = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

const message = (messageId: string, attributes: Record<string, string> = {}): SqsMessage => ({
  messageId,
  body: JSON.stringify(messageId),
  attributes,
});

const workerWith = (
  process: WorkerOptions<string>['process'],
  options: Partial<WorkerOptions<string>> = {},
  env = {},
) => {
  const edge = new FakeEdge({ ...CONNECTED, ...env });
  edge.statements = new FakeTable();
  return { edge, handler: workerOn<string>(edge, { process, ...options }) };
};

const spanOf = (id: string) =>
  exporter.getFinishedSpans().find(({ attributes }) => attributes['messaging.message.id'] === id)!;

test('a record is handled inside a consumer span that is linked to the span of its sender', async () => {
  register();
  const { handler } = workerWith(() => undefined);
  await handler(sqsEvent([message('m', { traceparent: SENT, CorrelationId: 'order-7' })]), lambdaContext());
  const [span, ...others] = exporter.getFinishedSpans();
  expect(others).toEqual([]);
  expect(span).toMatchObject({
    name: 'process queue',
    kind: SpanKind.CONSUMER,
    attributes: {
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'queue',
      'messaging.message.id': 'm',
      'messaging.message.conversation_id': 'order-7',
    },
    links: [{ context: { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true } }],
    status: { code: SpanStatusCode.UNSET },
  });
});

test('what the handler sends carries the span that it runs in, on both sides of an await; neighbours have their own', async () => {
  register();
  const seen: Record<string, (string | undefined)[]> = {};
  const { handler } = workerWith(
    async (name) => {
      seen[name] = [activeTraceparent()];
      await pause();
      seen[name].push(activeTraceparent());
    },
    { concurrency: 2 },
  );
  await handler(sqsEvent(['a', 'b', 'c'].map((name) => message(name, { traceparent: SENT }))), lambdaContext());
  const ids = ['a', 'b', 'c'].map((name) => {
    const { traceId, spanId } = spanOf(name).spanContext();
    expect(seen[name]).toEqual([`00-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01`]);
    // A root, though it began where its predecessor ended.
    expect(spanOf(name).parentSpanContext).toBeUndefined();
    return spanId;
  });
  expect(new Set(ids).size).toBe(3);
  expect(activeTraceparent()).toBeUndefined();
});

test('the span is a child of the one that the invocation runs in, if it has one', async () => {
  register();
  const { handler } = workerWith(() => undefined);
  const parent = provider.getTracer('lambda').startSpan('invocation');
  await context.with(trace.setSpan(context.active(), parent), () => handler(sqsEvent([message('m')]), lambdaContext()));
  expect(spanOf('m').parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
});

test.each<[string, (name: string) => unknown]>([
  [
    'throws',
    () => {
      throw new TypeError('flaky');
    },
  ],
  [
    'rejects',
    async () => {
      await pause();
      throw new TypeError('flaky');
    },
  ],
])('the span of a handler that %s says so, and the outcome is what it would be without', async (_, process) => {
  register();
  const { handler } = workerWith(process);
  const reply = await handler(sqsEvent([message('m')]), lambdaContext());
  expect(reply.batchItemFailures).toEqual([{ itemIdentifier: 'm' }]);
  const { status, events, attributes } = spanOf('m');
  expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError: flaky' });
  expect(attributes['error.type']).toBe('TypeError');
  expect(events).toEqual([
    expect.objectContaining({
      name: 'exception',
      attributes: expect.objectContaining({ 'exception.type': 'TypeError', 'exception.message': 'flaky' }),
    }),
  ]);
});

test('whatever is thrown ends the span', async () => {
  register();
  const hostile = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('no');
    },
  });
  const { handler } = workerWith(() => Promise.reject(hostile));
  expect((await handler(sqsEvent([message('m')]), lambdaContext())).batchItemFailures).toHaveLength(1);
  expect(spanOf('m').status.code).toBe(SpanStatusCode.ERROR);
});

test('a record that is given up at the deadline ends its span with it, once', async () => {
  jest.useFakeTimers();
  register();
  const { handler } = workerWith(() => pause(60_000));
  const reply = handler(sqsEvent([message('m')]), lambdaContext(10_000));
  await jest.advanceTimersByTimeAsync(120_000);
  expect((await reply).batchItemFailures).toHaveLength(1);
  expect(exporter.getFinishedSpans()).toHaveLength(1);
  expect(spanOf('m').attributes['error.type']).toBe('DeadlineError');
});

test('a worker with idempotency has spans of what runs, and of nothing else', async () => {
  register();
  const env = { [ENV.idempotency]: JSON.stringify({ table: 'keys', retention: 3600 }) };
  const { handler } = workerWith(() => undefined, { idempotencyKey: (name) => name.slice(0, 1) }, env);
  await handler(sqsEvent([message('a1'), message('b1')]), lambdaContext());
  await handler(sqsEvent([message('a1')]), lambdaContext());
  expect(exporter.getFinishedSpans().map(({ attributes }) => attributes['messaging.message.id'])).toEqual(['a1', 'b1']);
});

test('spans begin with the invocation after the API is registered, and nothing is loaded before', async () => {
  const { edge, handler } = workerWith(() => undefined);
  await handler(sqsEvent([message('m')]), lambdaContext());
  expect(edge.spanLoads).toBe(0);
  register();
  await handler(sqsEvent([message('n')]), lambdaContext());
  expect(edge.spanLoads).toBe(1);
  expect(exporter.getFinishedSpans()).toHaveLength(1);
});

test.each([
  [
    'gives no tracer',
    {
      getTracer: () => {
        throw new Error('no');
      },
    },
  ],
  [
    'starts no span',
    {
      getTracer: () => ({
        startActiveSpan: () => {
          throw new Error('no');
        },
      }),
    },
  ],
  [
    'has a broken span',
    {
      getTracer: () => ({
        startActiveSpan: (_name: string, _options: object, run: (span: object) => unknown) => run({}),
      }),
    },
  ],
])('a provider that %s changes nothing for the messages', async (_, broken) => {
  trace.setGlobalTracerProvider(broken as never);
  const ran: string[] = [];
  const { edge, handler } = workerWith((name) => {
    ran.push(name);
    if (name === 'dead') throw new PermanentError('no good');
  });
  const reply = await handler(sqsEvent([message('m'), message('dead')]), lambdaContext());
  expect(reply.batchItemFailures).toEqual([]);
  expect(ran).toEqual(['m', 'dead']);
  expect(edge.deadLetters).toHaveLength(1);
});

describe('a traceparent', () => {
  const run = async (traceparent: string) => {
    register();
    const { edge, handler } = workerWith((_, { log }) => log.info('ran'));
    await handler(sqsEvent([message('m', { traceparent })]), lambdaContext());
    return { links: spanOf('m').links, line: edge.logs('INFO')[0]! };
  };

  test('that is well-formed puts its trace on every line', async () => {
    const { line } = await run(SENT);
    expect(line.traceId).toBe(TRACE);
  });

  test.each([
    ['of another version', `01-${TRACE}-${SPAN}-01`],
    ['of a version that is none', `ff-${TRACE}-${SPAN}-01`],
    ['with a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['with a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['in capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['with more at its end', `${SENT}-x`],
    ['with a line break at its end', `${SENT}\n`],
    ['with something before it', ` ${SENT}`],
    ['without flags', `00-${TRACE}-${SPAN}`],
    ['with too long a trace', `00-${TRACE}0-${SPAN}-01`],
    ['that is very long', '0'.repeat(200_000)],
  ])('%s is ignored: no link, no trace on the lines', async (_, traceparent) => {
    const { links, line } = await run(traceparent);
    expect(links).toEqual([]);
    expect(line).not.toHaveProperty('traceId');
  });

  test('that is not sampled is linked as such', async () => {
    const { links } = await run(`00-${TRACE}-${SPAN}-00`);
    expect(links[0]!.context.traceFlags).toBe(0);
  });
});
