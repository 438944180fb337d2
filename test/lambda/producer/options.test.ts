import { producerOn } from '../../../lambda/runtime/producer/sender';
import type { SendOptions } from '../../../lambda/runtime/producer/types';
import { FakeService, FIFO_QUEUE, QUEUE, thrown } from './fake-service';

describe('options that cannot be', () => {
  const fifo = { queueUrl: FIFO_QUEUE };
  const standard = { queueUrl: QUEUE };
  test.each<[string, { queueUrl: string }, SendOptions, RegExp]>([
    ['no group on FIFO', fifo, {}, /groupId: got none, expected one: this queue is FIFO/],
    ['a tenant on FIFO', fifo, { tenant: 't', groupId: 'g' }, /tenant: is for standard queues, expected groupId/],
    ['a delay on FIFO', fifo, { groupId: 'g', delay: 1 }, /delay: a FIFO queue delays no single message/],
    [
      'a group elsewhere',
      standard,
      { groupId: 'g' },
      /groupId: is for FIFO, and this queue is not; a fair queue takes a tenant/,
    ],
    ['a deduplication id elsewhere', standard, { deduplicationId: 'd' }, /deduplicationId: is for FIFO/],
    [
      'a tenant of 129 characters',
      standard,
      { tenant: 't'.repeat(129) },
      /tenant: got 129 characters, expected 1 to 128 visible/,
    ],
    ['a tenant with a space', standard, { tenant: 'a b' }, /tenant: got 3 characters/],
    ['an empty group', fifo, { groupId: '' }, /groupId: got 0 characters/],
    [
      'a delay of 901 s',
      standard,
      { delay: 901 },
      /delay: got 901, expected whole seconds, 0 to 900; at takes later times/,
    ],
    ['a negative delay', standard, { delay: -1 }, /delay: got -1/],
    ['half a second', standard, { delay: 0.5 }, /delay: got 0.5/],
    ['a delay and a time', standard, { delay: 1, at: new Date() }, /got both/],
    ['a time that is none', standard, { at: new Date('x') }, /at: got Invalid Date, expected a valid Date/],
    [
      'a late time without schedules',
      standard,
      { at: new Date('2026-12-24T10:00:00Z') },
      /at: got 2026-12-24T10:00:00.000Z, which SQS cannot wait for, and no schedule group; enable schedules/,
    ],
    [
      'a late time on FIFO without schedules',
      fifo,
      { groupId: 'g', at: new Date('2026-11-24T10:00:01Z') },
      /no schedule group/,
    ],
    [
      'a name of ours',
      standard,
      { attributes: { CorrelationId: 'x' } },
      /attribute CorrelationId: is set by the producer/,
    ],
    ['a name of Amazon', standard, { attributes: { 'aws.x': 'x' } }, /attribute aws.x: expected a name/],
    ['a name with two dots', standard, { attributes: { 'a..b': 'x' } }, /expected a name/],
    ['an empty value', standard, { attributes: { a: '' } }, /attribute a: got an empty text/],
    ['a value that is no number', standard, { attributes: { a: Number.NaN } }, /attribute a: got NaN/],
    ['no bytes', standard, { attributes: { a: new Uint8Array() } }, /attribute a: got no bytes/],
    ['a control character', standard, { attributes: { a: '\u0001' } }, /attribute a: got characters/],
    ['half a character', standard, { correlationId: '\ud800' }, /correlationId: got characters/],
    [
      'ten attributes beside ours',
      standard,
      { attributes: Object.fromEntries([...'abcdefghij'].map((name) => [name, 1])) },
      /attributes: got 10 and 1 of the producer's, expected at most 10/,
    ],
  ])('%s', async (_, connection, options, message) => {
    const service = new FakeService();
    const error = await thrown(producerOn<number>(service, connection).send(1, options));
    expect(error).toMatchObject({ name: 'SendError', code: 'InvalidOptions', message: expect.stringMatching(message) });
    expect(service.requests).toEqual([]);
  });

  test('nine attributes beside ours, a tenant of 128 characters and a delay of 900 s are taken', async () => {
    const service = new FakeService();
    const attributes = { ...Object.fromEntries([...'abcdefgh'].map((name) => [name, 1])), i: new Uint8Array([1]) };
    await producerOn<number>(service, { queueUrl: QUEUE }).send(1, { attributes, tenant: 't'.repeat(128), delay: 900 });
    expect(service.accepted[0]).toMatchObject({ DelaySeconds: 900, MessageGroupId: 't'.repeat(128) });
    expect(service.accepted[0]!.MessageAttributes).toMatchObject({
      a: { DataType: 'Number', StringValue: '1' },
      i: { DataType: 'Binary' },
    });
  });
});

test.each([
  ['undefined', undefined, /got undefined/],
  ['a function', () => {}, /got function/],
  ['a big integer', 1n, /cannot be written as JSON/],
])('%s is no message', async (_, message, reason) => {
  const error = await thrown(producerOn<unknown>(new FakeService(), { queueUrl: QUEUE }).send(message));
  expect(error).toMatchObject({ code: 'InvalidMessage', message: expect.stringMatching(reason) });
});

test('a body holds only characters that SQS takes, and reads as what was sent', async () => {
  const service = new FakeService();
  const message = '\u0000 \ud800 \uFFFE \uFFFF ok';
  await producerOn<string>(service, { queueUrl: QUEUE }).send(message);
  expect(service.accepted[0]!.MessageBody).toMatch(/^[\x20-\x7e]+$/);
  expect(service.bodies).toEqual([message]);
});

test.each([
  [1_048_576, true],
  [1_048_577, false],
])('a message of %d bytes with attributes: taken is %s', async (bytes, isTaken) => {
  const service = new FakeService();
  const overhead = 'CorrelationId'.length + 'String'.length + 'c'.length + 2;
  const sent = producerOn<string>(service, { queueUrl: QUEUE }).send('x'.repeat(bytes - overhead), {
    correlationId: 'c',
  });
  if (isTaken) await sent;
  else
    expect(await thrown(sent)).toMatchObject({
      code: 'MessageTooLong',
      message: expect.stringContaining('a payload store takes larger'),
    });
});
