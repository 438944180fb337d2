import { afterSends, flushAll, hasSends } from '../../../lambda/runtime/producer/pending';
import { producerOn } from '../../../lambda/runtime/producer/sender';
import { FakeService, FIFO_QUEUE, never, QUEUE, refusal, serviceError, thrown } from './fake-service';

afterEach(() => jest.useRealTimers());

describe('a signal', () => {
  test('that has fired sends nothing', async () => {
    const service = new FakeService();
    const error = await thrown(producerOn(service, { queueUrl: QUEUE }).send(1, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'Aborted', mayHaveArrived: false });
    expect(service.requests).toEqual([]);
  });

  test('withdraws what waits, and gives up on what is under way, while others go on', async () => {
    const service = new FakeService();
    let release = () => {};
    service.before = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const producer = producerOn<number>(service, { queueUrl: FIFO_QUEUE });
    const controller = new AbortController();
    const options = { groupId: 'g', signal: controller.signal };
    const sends = [thrown(producer.send(0, options)), thrown(producer.send(1, options))];
    const other = producer.send(2, { groupId: 'g' });
    while (service.underWay === 0) await new Promise(setImmediate);
    controller.abort();
    expect((await Promise.all(sends)).map(({ mayHaveArrived }) => mayHaveArrived)).toEqual([true, false]);
    service.before = () => {};
    release();
    await other;
    expect(service.bodies).toEqual([0, 2]);
  });

  test('stops sendAll although its source does not answer, and names what was taken', async () => {
    const service = new FakeService();
    service.before = never;
    const controller = new AbortController();
    const source = async function* () {
      yield 1;
      setImmediate(() => controller.abort(new Error('enough')));
      await never();
    };
    const error = await thrown(
      producerOn<number>(service, { queueUrl: QUEUE }).sendAll(source(), { signal: controller.signal }),
    );
    expect(error).toMatchObject({
      name: 'SendAllError',
      sent: 0,
      cause: { message: 'enough' },
      errors: [{ code: 'Aborted', index: 0 }],
    });
  });
});

describe('sendAll', () => {
  test('that fails stops taking, closes its source and says how many went', async () => {
    const service = new FakeService();
    service.before = (entries) => {
      if (entries.length === 10) return;
      throw serviceError('AccessDenied');
    };
    let closed = false;
    const source = function* () {
      try {
        yield* Array.from({ length: 10 }, (_, n) => n);
        yield undefined as never;
        yield 11;
      } finally {
        closed = true;
      }
    };
    const error = await thrown(producerOn<number>(service, { queueUrl: QUEUE }).sendAll(source()));
    expect(error).toMatchObject({ name: 'SendAllError', sent: 10, errors: [{ index: 10, code: 'InvalidMessage' }] });
    expect(error.message).toMatch(
      /^stopped after 10 were accepted and 1 were not: message 10 was not accepted: InvalidMessage/,
    );
    expect(closed).toBe(true);
  });

  test('of a source that throws sends what it had, and passes on why', async () => {
    const service = new FakeService();
    const source = function* () {
      yield 1;
      throw new Error('disk');
    };
    const error = await thrown(producerOn<number>(service, { queueUrl: QUEUE }).sendAll(source()));
    expect(error).toMatchObject({ sent: 1, errors: [], cause: { message: 'disk' } });
    expect(service.bodies).toEqual([1]);
  });

  test('on FIFO sends no later message of a group of which one failed, and goes on with the others', async () => {
    const service = new FakeService();
    service.fails = ({ Id, MessageBody }) => (MessageBody === '1' ? refusal(Id!, 'Bad', true) : undefined);
    const source = async function* () {
      for (const n of [1, 2, 3, 4, 5]) {
        yield n;
        while (service.underWay > 0 || hasSends()) await new Promise(setImmediate);
      }
    };
    const failed: unknown[] = [];
    const tally = await producerOn<number>(service, { queueUrl: FIFO_QUEUE }).sendAll(source(), {
      each: (n) => ({ groupId: n % 2 === 1 ? 'odd' : 'even' }),
      onFailure: ({ index, code }) => failed.push([index, code]),
    });
    expect(tally).toEqual({ sent: 2, failed: 3 });
    expect(service.bodies).toEqual([2, 4]);
    expect(failed).toEqual([
      [0, 'Bad'],
      [2, 'GroupBlocked'],
      [4, 'GroupBlocked'],
    ]);
  });

  test('takes no more than 16 MiB before it is accepted, and all in the end', async () => {
    const service = new FakeService();
    let taken = 0;
    let most = 0;
    const source = function* () {
      while (taken < 40) {
        most = Math.max(most, ++taken - service.accepted.length);
        yield 'x'.repeat(1_000_000);
      }
    };
    expect(await producerOn<string>(service, { queueUrl: QUEUE }).sendAll(source())).toEqual({ sent: 40, failed: 0 });
    expect(most).toBe(17);
  });

  test('whose onFailure throws stops', async () => {
    const service = new FakeService();
    service.fails = ({ Id }) => refusal(Id!, 'Bad', true);
    const onFailure = () => {
      throw new Error('I have seen enough');
    };
    const error = await thrown(producerOn<number>(service, { queueUrl: QUEUE }).sendAll([1], { onFailure }));
    expect(error).toMatchObject({ sent: 0, cause: { message: 'I have seen enough' }, errors: [{ index: 0 }] });
  });
});

describe('the end of an invocation', () => {
  test('waits for what is on its way, without a pause for company', async () => {
    const service = new FakeService();
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    void producer.send(1);
    expect(hasSends()).toBe(true);
    expect(await flushAll()).toEqual([]);
    expect(hasSends()).toBe(false);
    expect(service.bodies).toEqual([1]);
  });

  test('gives up when it must, names what it gave up, and leaves nothing for the next', async () => {
    const service = new FakeService();
    service.before = never;
    const producer = producerOn<number>(service, { queueUrl: FIFO_QUEUE });
    void producer.send(1, { groupId: 'g' });
    void producer.send(2, { groupId: 'g' });
    const controller = new AbortController();
    const flushed = flushAll(controller.signal);
    while (service.underWay === 0) await new Promise(setImmediate);
    controller.abort();
    expect(await flushed).toMatchObject([
      { code: 'Aborted', mayHaveArrived: true },
      { code: 'Aborted', mayHaveArrived: false },
    ]);
    service.before = () => {};
    await producer.send(3, { groupId: 'g' });
    expect(service.bodies).toEqual([3]);
  });

  test('what was given up and is answered late does not disturb the order of what came after', async () => {
    const service = new FakeService();
    const answers: (() => void)[] = [];
    service.before = () => new Promise<void>((resolve) => answers.push(resolve));
    const producer = producerOn<number>(service, { queueUrl: FIFO_QUEUE });
    const arrived = async (count: number) => {
      while (answers.length < count) await new Promise(setImmediate);
    };
    const given = thrown(producer.send(1, { groupId: 'g' }));
    await arrived(1);
    await producer.flush({ signal: AbortSignal.abort() }).catch(() => {});
    await given;
    const after = [2, 3].map((n) => producer.send(n, { groupId: 'g' }));
    // Without a pause for company, so that a message that goes too early goes at once.
    const flushed = producer.flush();
    await arrived(2);
    answers[0]!();
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    expect(answers).toHaveLength(2);
    answers[1]!();
    await arrived(3);
    answers[2]!();
    await Promise.all([...after, flushed]);
    expect(service.bodies).toEqual([1, 2, 3]);
  });

  test('requests that are never answered take no room from the next invocation', async () => {
    const service = new FakeService();
    service.before = never;
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    const given = Array.from({ length: 160 }, (_, n) => thrown(producer.send(n)));
    while (service.underWay < 16) await new Promise(setImmediate);
    await producer.flush({ signal: AbortSignal.abort() }).catch(() => {});
    await Promise.all(given);
    service.before = () => {};
    await producer.send(160);
    expect(service.bodies).toEqual([160]);
  });

  test('flush of one producer throws what it could not send', async () => {
    const service = new FakeService();
    service.fails = ({ Id }) => refusal(Id!, 'Bad', true);
    const producer = producerOn<number>(service, { queueUrl: QUEUE });
    void producer.send(1);
    await expect(producer.flush()).rejects.toMatchObject({ code: 'Bad' });
    void producer.send(1);
    void producer.send(2);
    await expect(producer.flush()).rejects.toMatchObject({
      name: 'AggregateError',
      errors: [{ code: 'Bad' }, { code: 'Bad' }],
    });
  });

  test('a handler is not done before what it has sent with its context is accepted', async () => {
    const service = new FakeService();
    service.before = () => new Promise(setImmediate);
    const context = { messageId: 'm', attributes: {} };
    void producerOn<number>(service, { queueUrl: QUEUE }).with(context).send(1);
    expect(await afterSends('result', context)).toBe('result');
    expect(service.bodies).toEqual([1]);
  });

  test('a handler whose message was refused has failed, though it did not wait for it', async () => {
    const service = new FakeService();
    service.fails = ({ Id }) => refusal(Id!, 'Bad', true);
    const context = { messageId: 'm', attributes: {} };
    const bound = producerOn<number>(service, { queueUrl: QUEUE }).with(context);
    const handled = (async () => {
      void bound.send(1);
    })();
    await expect(afterSends(handled, context)).rejects.toMatchObject({ code: 'Bad', causationId: 'm' });
  });

  test('a handler that sends nothing is not made to wait', () => {
    const result = {};
    expect(afterSends(result, { messageId: 'm', attributes: {} })).toBe(result);
  });
});
