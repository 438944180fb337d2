import { scheduleOf } from '../../../lambda/runtime/producer/schedule';
import { producerOn } from '../../../lambda/runtime/producer/sender';
import { FakeService, FIFO_QUEUE, QUEUE, serviceError } from './fake-service';

afterEach(() => jest.useRealTimers());

const schedule = { groupName: 'orders', roleArn: 'arn:role', queueArn: 'arn:queue' };
const at = (seconds: number) => new Date(Date.parse('2026-11-24T10:00:00Z') + seconds * 1000);

test.each([
  [-5, undefined],
  [0, undefined],
  [0.5, 1],
  [900, 900],
])('in %d s SQS delays it by %p s', async (seconds, delay) => {
  const service = new FakeService();
  await producerOn(service, { queueUrl: QUEUE, schedule }).send(1, { at: at(seconds) });
  expect(service.accepted[0]!.DelaySeconds).toBe(delay);
  expect(service.schedules).toEqual([]);
});

test('later than SQS can delay it waits in a schedule that deletes itself, aimed at the queue', async () => {
  const service = new FakeService();
  const reply = await producerOn(service, { queueUrl: QUEUE, schedule }).send({ a: 1 }, { at: at(901.2) });
  expect(service.requests).toEqual([]);
  expect(service.schedules).toEqual([
    {
      Name: reply.messageId,
      GroupName: 'orders',
      ClientToken: reply.messageId,
      ScheduleExpression: 'at(2026-11-24T10:15:02)',
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: {
        Arn: 'arn:queue',
        RoleArn: 'arn:role',
        Input: '{"a":1}',
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
      },
    },
  ]);
});

test('what the scheduler cannot send has a dead-letter queue, and waits under the key of the worker', async () => {
  const service = new FakeService();
  const spec = { ...schedule, deadLetterQueueArn: 'arn:dead', kmsKeyArn: 'arn:key' };
  await producerOn(service, { queueUrl: QUEUE, schedule: spec }).send(1, { at: at(1000) });
  expect(service.schedules[0]).toMatchObject({
    KmsKeyArn: 'arn:key',
    Target: { DeadLetterConfig: { Arn: 'arn:dead' } },
  });
});

test('on FIFO even a second is a schedule, and keeps its group', async () => {
  const service = new FakeService();
  await producerOn(service, { queueUrl: FIFO_QUEUE, schedule }).send(1, { at: at(1), groupId: 'g' });
  expect(service.schedules[0].Target).toMatchObject({ Arn: 'arn:queue', SqsParameters: { MessageGroupId: 'g' } });
});

test('what SQS would refuse when it is time is refused at once', async () => {
  const service = new FakeService();
  const strict = { ...schedule, contentBasedDeduplication: false };
  const producer = producerOn(service, { queueUrl: FIFO_QUEUE, schedule: strict });
  await expect(producer.send(1, { at: at(60), groupId: 'g' })).rejects.toMatchObject({
    code: 'InvalidOptions',
    message: expect.stringMatching(/deduplicationId: got none/),
  });
  expect(service.schedules).toEqual([]);
  await producer.send(1, { at: at(60), groupId: 'g', deduplicationId: 'd' });
  expect(service.schedules).toHaveLength(1);
});

test('with attributes the schedule calls SendMessage itself, since a queue as its target takes none', async () => {
  const service = new FakeService();
  const producer = producerOn(service, { queueUrl: FIFO_QUEUE, schedule });
  const attributes = { kind: 'x', raw: new Uint8Array([1, 2]) };
  await producer.send(1, { at: at(60), groupId: 'g', deduplicationId: 'd', attributes, correlationId: 'c' });
  const { Arn, Input, SqsParameters } = service.schedules[0].Target;
  expect(Arn).toBe('arn:aws:scheduler:::aws-sdk:sqs:sendMessage');
  expect(SqsParameters).toBeUndefined();
  expect(JSON.parse(Input)).toEqual({
    QueueUrl: FIFO_QUEUE,
    MessageBody: '1',
    MessageGroupId: 'g',
    MessageDeduplicationId: 'd',
    MessageAttributes: {
      CorrelationId: { DataType: 'String', StringValue: 'c' },
      kind: { DataType: 'String', StringValue: 'x' },
      raw: { DataType: 'Binary', BinaryValue: 'AQI=' },
    },
  });
});

test.each([false, true])(
  'words that the scheduler would replace come through (with attributes: %s)',
  (withAttributes) => {
    const text = 'at <aws.scheduler.scheduled-time>';
    const entry = {
      Id: '',
      MessageBody: JSON.stringify(text),
      MessageAttributes: {},
      MessageGroupId: undefined,
      MessageDeduplicationId: undefined,
      DelaySeconds: undefined,
    };
    const { Target } = scheduleOf({ entry, isFirst: !withAttributes }, schedule, QUEUE, 'n', 0);
    expect(Target!.Input).not.toContain('<aws.');
    const body = withAttributes ? JSON.parse(Target!.Input!).MessageBody : Target!.Input;
    expect(JSON.parse(body)).toBe(text);
  },
);

test('a schedule that cannot be made for now is tried again, as the same', async () => {
  jest.useFakeTimers();
  const service = new FakeService();
  let failures = 2;
  const tokens: unknown[] = [];
  service.failSchedule = () => {
    tokens.push(failures);
    if (failures-- > 0) throw serviceError('ThrottlingException');
  };
  const sent = producerOn(service, { queueUrl: QUEUE, schedule }).send(1, { at: at(1000) });
  await jest.advanceTimersByTimeAsync(10_000);
  await sent;
  expect(tokens).toHaveLength(3);
  expect(service.schedules).toHaveLength(1);
});

test('a schedule that is refused is an error that names the message', async () => {
  const service = new FakeService();
  service.failSchedule = () => {
    throw serviceError('AccessDeniedException');
  };
  const sent = producerOn(service, { queueUrl: QUEUE, schedule }).send(1, { at: at(1000) });
  await expect(sent).rejects.toMatchObject({ name: 'SendError', code: 'AccessDeniedException', mayHaveArrived: false });
});

test('what is too large for a schedule is refused, unless a payload store takes it', async () => {
  const service = new FakeService();
  const large = 'x'.repeat(300_000);
  const options = { at: at(1000) };
  await expect(producerOn(service, { queueUrl: QUEUE, schedule }).send(large, options)).rejects.toMatchObject({
    code: 'MessageTooLong',
  });
  const payloads = { bucket: 'b', threshold: 262_144 };
  await producerOn(service, { queueUrl: QUEUE, schedule, payloads }).send(large, options);
  expect(service.objects.size).toBe(1);
  expect(JSON.parse(service.schedules[0].Target.Input).MessageAttributes.ExtendedPayloadSize).toEqual({
    DataType: 'Number',
    StringValue: '300002',
  });
});

const DAY = 86_400;
const stored = { bucket: 'b', threshold: 10, maxWait: 2 * DAY };

test.each([
  ['as long as its body is kept', 'x'.repeat(20), 2 * DAY, undefined],
  ['longer than its body is kept', 'x'.repeat(20), 2 * DAY + 1, 'InvalidOptions'],
  ['for a year, with a body that travels', 'x', 365 * DAY, undefined],
])('a message may wait in a schedule %s: %#', async (_, body, seconds, code) => {
  const service = new FakeService();
  const sent = producerOn(service, { queueUrl: QUEUE, schedule, payloads: stored }).send(body, { at: at(seconds) });
  await (code === undefined
    ? sent
    : expect(sent).rejects.toMatchObject({ code, message: expect.stringMatching(/at most 172800 seconds/) }));
  expect(service.schedules).toHaveLength(code === undefined ? 1 : 0);
  expect(service.objects.size).toBe(code === undefined && body.length > 10 ? 1 : 0);
});
