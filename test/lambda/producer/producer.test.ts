import { inspect } from 'node:util';
import { z } from 'zod';
import { producerOn, publisherOn } from '../../../lambda/runtime/producer/sender';
import type { SendOptions } from '../../../lambda/runtime/producer/types';
import { FakeService, FIFO_QUEUE, QUEUE, refusal, serviceError, TOPIC, thrown } from './fake-service';

afterEach(() => jest.useRealTimers());

describe('requests', () => {
  test('calls of one turn share requests of ten, and each learns its own id', async () => {
    const service = new FakeService();
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const replies = await Promise.all(Array.from({ length: 25 }, (_, n) => producer.send(n)));
    expect(service.requests.map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(replies.map(({ messageId }) => messageId)).toEqual(Array.from({ length: 25 }, (_, n) => `m-${n + 1}`));
    expect(service.loads).toBe(1);
  });

  test('a single message does not wait for company', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const service = new FakeService();
    await producerOn(service, { queueUrl: QUEUE }).send(1);
    expect(service.requests).toHaveLength(1);
  });

  test('while requests are under way what comes waits five milliseconds for company, no longer', async () => {
    jest.useFakeTimers();
    const service = new FakeService();
    let release = () => {};
    service.before = (entries) =>
      entries[0]?.MessageBody === '0'
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const first = producer.send(0);
    await jest.advanceTimersByTimeAsync(1);
    void producer.send(1);
    await jest.advanceTimersByTimeAsync(3);
    const last = producer.send(2);
    expect(service.requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(2);
    await last;
    expect(service.requests.map(({ length }) => length)).toEqual([1, 2]);
    release();
    await first;
  });

  test('no more than sixteen are under way', async () => {
    const service = new FakeService();
    service.before = () => new Promise(setImmediate);
    await producerOn<number>(service, { queueUrl: QUEUE }).sendAll(Array.from({ length: 1000 }, (_, n) => n));
    expect(service.mostUnderWay).toBe(16);
  });

  test('one message that spoils a request is refused, and its neighbours go', async () => {
    const service = new FakeService();
    service.before = (entries) => {
      if (entries.some(({ MessageBody }) => MessageBody === '3')) throw serviceError('InvalidMessageContents');
    };
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => producer.send(n)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(service.bodies).toEqual([1, 2, 4]);
  });

  test('without a client nothing is tried twice', async () => {
    const service = new FakeService();
    service.queueCalls = async () => {
      service.loads++;
      throw new Error('no such file');
    };
    const error = await thrown(producerOn(service, { queueUrl: QUEUE }).send(1));
    expect(error).toMatchObject({
      name: 'SendError',
      mayHaveArrived: false,
      message: expect.stringContaining('no such file'),
    });
    expect(service.loads).toBe(1);
  });
});

describe('a failure', () => {
  test('names the message and says why, and holds nothing of its body where it prints', async () => {
    const service = new FakeService();
    service.fails = ({ Id }) => refusal(Id!, 'InvalidParameterValue', true);
    const error = await thrown(
      producerOn(service, { queueUrl: QUEUE }).send({ secret: 's3cret' }, { correlationId: 'c-1' }),
    );
    expect(error.message).toBe('the message (correlation id c-1) was not accepted: InvalidParameterValue: no');
    expect(error).toMatchObject({ code: 'InvalidParameterValue', correlationId: 'c-1', input: { secret: 's3cret' } });
    expect(inspect(error) + JSON.stringify(error)).not.toContain('s3cret');
  });

  test('for now is tried five times, with ever longer rests', async () => {
    jest.useFakeTimers();
    const service = new FakeService();
    const times: number[] = [];
    service.draw = () => 0.999_999;
    service.before = () => {
      times.push(Date.now());
      throw serviceError('ServiceUnavailable', 'server');
    };
    const error = thrown(producerOn(service, { queueUrl: QUEUE }).send(1));
    await jest.advanceTimersByTimeAsync(20_000);
    // And a turn of the event loop.
    expect(times.slice(1).map((time, i) => time - times[i]! - 1)).toEqual([100, 200, 400, 800]);
    expect(await error).toMatchObject({ code: 'ServiceUnavailable', mayHaveArrived: true });
  });

  /** Sends two messages to a service that takes none, and tells how often it saw each and what came of the first. */
  const doomed = async (service: FakeService) => {
    jest.useFakeTimers();
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const errors = Promise.all([thrown(producer.send(1)), thrown(producer.send(2))]);
    await jest.advanceTimersByTimeAsync(20_000);
    const sizes = service.requests.map(({ length }) => length);
    return { sizes, error: (await errors)[0] };
  };
  const FIVE_TIMES = [2, 2, 2, 2, 2];

  test.each<[string, boolean | undefined, number[]]>([
    ['InternalError', false, FIVE_TIMES],
    ['Surprise', false, FIVE_TIMES],
    ['Surprise', undefined, FIVE_TIMES],
    ['RequestThrottled', true, FIVE_TIMES],
    ['ServiceUnavailable', true, FIVE_TIMES],
    ['Surprise', true, [2]],
  ])('of single messages, %s, with the sender to blame: %s, is tried in requests of %p', async (code, fault, sizes) => {
    const service = new FakeService();
    service.fails = ({ Id }) => ({ Id, Code: code, Message: 'no', SenderFault: fault });
    const found = await doomed(service);
    expect(found.sizes).toEqual(sizes);
    expect(found.error).toMatchObject({ code, mayHaveArrived: false });
  });

  test.each<[boolean, number[]]>([
    [false, FIVE_TIMES],
    [true, [2]],
  ])('that says nothing of itself, with the sender to blame: %s, is named Unknown', async (SenderFault, sizes) => {
    const service = new FakeService();
    service.fails = ({ Id }) => ({ Id, Code: undefined, SenderFault });
    const found = await doomed(service);
    expect(found.sizes).toEqual(sizes);
    expect(found.error.message).toMatch(/ was not accepted: Unknown: no reason given$/);
  });

  test('is an answer that does not mention the message: it is tried again, and may have arrived', async () => {
    const service = new FakeService();
    service.fails = () => 'forgotten';
    const found = await doomed(service);
    expect(found.sizes).toEqual(FIVE_TIMES);
    expect(found.error).toMatchObject({
      code: 'NoAnswer',
      mayHaveArrived: true,
      message: expect.stringMatching(
        /was not accepted, but may have arrived: NoAnswer: the reply does not mention it$/,
      ),
    });
  });

  const ALONE = [2, 1, 1];
  test.each<[string, string | undefined, number | undefined, number[], boolean]>([
    ['InternalFailure', 'server', 500, FIVE_TIMES, true],
    ['InvalidReply', 'server', 502, FIVE_TIMES, true],
    ['TimeoutError', undefined, undefined, FIVE_TIMES, true],
    ['ThrottlingException', 'client', 400, FIVE_TIMES, false],
    ['Surprise', 'client', 429, FIVE_TIMES, false],
    ['AccessDenied', 'client', 403, [2], false],
    ['InvalidClientTokenId', 'client', 403, [2], false],
    ['Surprise', 'client', undefined, [2], false],
    ['CredentialsProviderError', undefined, undefined, [2], false],
    ['InvalidMessageContents', 'client', 400, ALONE, false],
    ['BatchRequestTooLong', 'client', 400, ALONE, false],
  ])('of a whole request, %s (%s, %s), is tried in requests of %p, and may have arrived: %s', async (...given) => {
    const [name, $fault, httpStatusCode, sizes, mayHaveArrived] = given;
    const service = new FakeService();
    const $metadata = httpStatusCode === undefined ? undefined : { httpStatusCode };
    service.before = () => {
      throw Object.assign(new Error('no'), { name, $fault, $metadata });
    };
    const found = await doomed(service);
    expect(found.sizes).toEqual(sizes);
    expect(found.error).toMatchObject({ code: name, mayHaveArrived });
  });

  test.each([undefined, null, 'gone'])('of a whole request that is %p is tried again', async (error) => {
    const service = new FakeService();
    service.before = () => {
      throw error;
    };
    expect((await doomed(service)).sizes).toEqual(FIVE_TIMES);
  });
});

describe('a schema', () => {
  const Order = z.object({ id: z.string(), at: z.coerce.date().default(new Date(0)) });

  test('refuses what the receivers would refuse, with the issues, and sends the message as it is', async () => {
    const service = new FakeService();
    const producer = producerOn(service, { queueUrl: QUEUE }, { schema: Order });
    const error = await thrown(producer.send({ id: 1 } as never));
    expect(error).toMatchObject({
      code: 'InvalidMessage',
      message: expect.stringContaining('does not match the schema: id:'),
    });
    await producer.send({ id: 'a' });
    expect(service.bodies).toEqual([{ id: 'a' }]);
  });

  test('judges what JSON makes of the message', async () => {
    const producer = producerOn(new FakeService(), { queueUrl: QUEUE }, { schema: z.object({ at: z.date() }) });
    expect(await thrown(producer.send({ at: new Date() }))).toMatchObject({ code: 'InvalidMessage' });
  });

  test('that takes its time does not change the order of a FIFO group', async () => {
    const service = new FakeService();
    const schema = z.number().refine(async (n) => {
      for (let turn = 0; turn < 10 - n; turn++) await null;
      return n !== 2;
    });
    const producer = producerOn(service, { queueUrl: FIFO_QUEUE }, { schema });
    const outcomes = await Promise.allSettled([0, 1, 2, 3].map((n) => producer.send(n, { groupId: 'g' })));
    expect(service.bodies).toEqual([0, 1]);
    expect(outcomes.map((outcome) => (outcome as any).reason?.code)).toEqual([
      undefined,
      undefined,
      'InvalidMessage',
      'GroupBlocked',
    ]);
  });
});

describe('what a message hands on', () => {
  const origin = { messageId: 'm-1', attributes: { CorrelationId: 'c-1', traceparent: '00-a-b-01' } };
  const sent = async (
    options: SendOptions,
    context?: typeof origin | { messageId: string; attributes: Record<string, never> },
    span?: string,
  ) => {
    const service = new FakeService({ _X_AMZN_TRACE_ID: 'Root=1' });
    service.span = span;
    const producer = producerOn(service, { queueUrl: QUEUE });
    await (context ? producer.with(context) : producer).send(1, options);
    const { MessageAttributes = {}, MessageSystemAttributes } = service.accepted[0]!;
    expect(MessageSystemAttributes).toEqual({ AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1' } });
    return Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]));
  };

  test('is its correlation, its trace and its id', async () => {
    expect(await sent({}, origin)).toEqual({ CorrelationId: 'c-1', CausationId: 'm-1', traceparent: '00-a-b-01' });
  });

  test('is its own id as correlation if nobody gave it one', async () => {
    expect(await sent({}, { messageId: 'm-1', attributes: {} })).toEqual({ CorrelationId: 'm-1', CausationId: 'm-1' });
  });

  test('gives way to a running span, and that to what is said', async () => {
    expect((await sent({}, origin, '00-span')).traceparent).toBe('00-span');
    const said = { traceparent: '00-said', correlationId: 'said', causationId: 'said too' };
    expect(await sent(said, origin, '00-span')).toEqual({
      CorrelationId: 'said',
      CausationId: 'said too',
      traceparent: '00-said',
    });
  });

  test('is nothing for the first of a line, which gets a correlation id of its own', async () => {
    expect(await sent({})).toEqual({ CorrelationId: 'id-1-0' });
  });
});

describe('a publisher', () => {
  test('publishes ten a request, with group and attributes', async () => {
    const service = new FakeService();
    const publisher = publisherOn<number>(service, { topicArn: `${TOPIC}.fifo` });
    await publisher.send(1, { groupId: 'g', deduplicationId: 'd', attributes: { kind: 'x' }, correlationId: 'c' });
    expect(service.published).toEqual([
      {
        TopicArn: `${TOPIC}.fifo`,
        PublishBatchRequestEntries: [
          {
            Id: '0',
            Message: '1',
            MessageAttributes: {
              CorrelationId: { DataType: 'String', StringValue: 'c' },
              kind: { DataType: 'String', StringValue: 'x' },
            },
            MessageGroupId: 'g',
            MessageDeduplicationId: 'd',
          },
        ],
      },
    ]);
  });

  test('takes 256 KiB, and no delay', async () => {
    const publisher = publisherOn<string>(new FakeService(), { topicArn: TOPIC });
    expect(await thrown(publisher.send('x'.repeat(262_144)))).toMatchObject({ code: 'MessageTooLong' });
    expect(await thrown(publisher.send('x', { delay: 1 } as never))).toMatchObject({
      message: expect.stringContaining('SNS delivers at once'),
    });
  });
});

describe('a connection by name', () => {
  test.each(['orderEvents', 'order-events', 'Order Events', 'ORDER_EVENTS'])(
    '%s is ASYNC_PRODUCER_ORDER_EVENTS',
    async (name) => {
      const service = new FakeService({
        ASYNC_PRODUCER_ORDER_EVENTS: JSON.stringify({ queueUrl: FIFO_QUEUE, fifo: true }),
      });
      await producerOn<number>(service, name).send(1, { groupId: 'g' });
      expect(service.bodies).toEqual([1]);
    },
  );

  test('that is missing is found in Lambda at once, elsewhere at the first use, and the error names the call to add', async () => {
    const message = /ASYNC_PRODUCER_ORDERS, expected .*add worker\.connectProducer\(fn, 'orders'\)/;
    expect(() => producerOn(new FakeService({ AWS_LAMBDA_FUNCTION_NAME: 'f' }), 'orders')).toThrow(message);
    await expect(producerOn(new FakeService(), 'orders').send(1)).rejects.toThrow(message);
    await expect(publisherOn(new FakeService(), 'orders').send(1)).rejects.toThrow(
      /topic\.connectPublisher\(fn, 'orders'\)/,
    );
  });

  test.each(['', '{', '{}', 'null', '{"queueUrl":1}'])('of %p is refused', async (value) => {
    const service = new FakeService({ ASYNC_PRODUCER_ORDERS: value });
    await expect(producerOn(service, 'orders').send(1)).rejects.toThrow(
      /expected JSON with queueUrl as the construct writes it/,
    );
  });
});
