import { z } from 'zod';
import { type Change, PermanentError } from '../../../lambda/runtime';
import { unmarshall, unmarshallItem } from '../../../lambda/runtime/stream/unmarshall';
import { dynamodbEvent } from '../../../lambda/testing';
import { failuresOf, replying, run } from './run';

const collect = async (event: ReturnType<typeof dynamodbEvent>): Promise<Change[]> => {
  const seen: Change[] = [];
  await run(replying(), { process: (change) => void seen.push(change) }, event);
  return seen;
};

test('a change comes in plain JavaScript', async () => {
  const changes = await collect(
    dynamodbEvent([
      { keys: { id: 'a' }, newImage: { id: 'a', total: 5 } },
      { keys: { id: 'b' }, newImage: { id: 'b', total: 6 }, oldImage: { id: 'b', total: 5 } },
      { keys: { id: 'c' }, oldImage: { id: 'c', tags: new Set(['x']) } },
      { keys: { id: 'd' }, eventName: 'MODIFY' },
    ]),
  );
  expect(changes).toEqual([
    { eventName: 'INSERT', keys: { id: 'a' }, newImage: { id: 'a', total: 5 }, expired: false },
    {
      eventName: 'MODIFY',
      keys: { id: 'b' },
      newImage: { id: 'b', total: 6 },
      oldImage: { id: 'b', total: 5 },
      expired: false,
    },
    { eventName: 'REMOVE', keys: { id: 'c' }, oldImage: { id: 'c', tags: new Set(['x']) }, expired: false },
    { eventName: 'MODIFY', keys: { id: 'd' }, expired: false },
  ]);
});

test('an item that its time to live removed is told from one that somebody deleted', async () => {
  const event = dynamodbEvent([{ keys: { id: 'a' } }, { keys: { id: 'b' } }]);
  event.Records[1]!.userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
  expect((await collect(event)).map(({ expired }) => expired)).toEqual([false, true]);
});

test('changes of an item come in their order, whatever the order of its keys; other items go on', async () => {
  const event = dynamodbEvent([
    { keys: { pk: 'a', sk: 1 }, newImage: { n: 1 } },
    { keys: { pk: 'b', sk: 1 }, newImage: { n: 2 } },
    { keys: { sk: 1, pk: 'a' }, newImage: { n: 3 } },
  ]);
  const log: string[] = [];
  await run(
    replying(),
    {
      async process({ newImage }) {
        log.push(`start ${newImage.n}`);
        await Promise.resolve();
        log.push(`end ${newImage.n}`);
      },
    },
    event,
  );
  expect(log.indexOf('end 1')).toBeLessThan(log.indexOf('start 3'));
  expect(log.indexOf('start 2')).toBeLessThan(log.indexOf('end 1'));
});

test('the reply names the sequence number, the context the keys', async () => {
  const seen: unknown[] = [];
  const reply = await run(
    replying(),
    {
      process(_, { partitionKey, shardId, sequenceNumber, messageId }) {
        seen.push([partitionKey, shardId, sequenceNumber, messageId]);
        throw new Error('flaky');
      },
    },
    dynamodbEvent([{ keys: { id: 'a' } }]),
  );
  expect(seen).toEqual([['{"id":{"S":"a"}}', undefined, '111', 'event-0']]);
  expect(failuresOf(reply)).toEqual(['111']);
});

test('the schema is for the change, so it can say what the images must be', async () => {
  const edge = replying();
  const schema = z.object({ eventName: z.literal('INSERT'), newImage: z.object({ total: z.number() }) });
  const seen: unknown[] = [];
  await run(
    edge,
    { schema, process: (change) => void seen.push(change.newImage.total) },
    dynamodbEvent([
      { keys: { id: 'a' }, newImage: { total: 5 } },
      { keys: { id: 'b' }, newImage: { total: 'five' } },
    ]),
  );
  expect(seen).toEqual([5]);
  expect(edge.deadLetters.map(({ MessageAttributes }) => MessageAttributes?.DeadLetterReason?.StringValue)).toEqual([
    expect.stringContaining('newImage.total'),
  ]);
});

test('a dead letter holds the record as DynamoDB wrote it', async () => {
  const edge = replying();
  const event = dynamodbEvent([{ keys: { id: 'a' }, newImage: { id: 'a', n: 9007199254740993n } }]);
  const process = () => {
    throw new PermanentError('no');
  };
  await run(edge, { process }, event);
  expect(JSON.parse(edge.deadLetters[0]!.MessageBody!)).toEqual(event.Records[0]);
});

describe('attributes', () => {
  test.each<[object, unknown]>([
    [{ S: '' }, ''],
    [{ N: '0' }, 0],
    [{ N: '-12.5' }, -12.5],
    [{ N: '1E+30' }, 1e30],
    [{ N: '9007199254740991' }, 9007199254740991],
    [{ N: '9007199254740993' }, 9007199254740993n],
    [{ N: '-99999999999999999999999999999999999999' }, -99999999999999999999999999999999999999n],
    [{ BOOL: false }, false],
    [{ NULL: true }, null],
    [{ B: 'AP8=' }, Buffer.from([0, 255])],
    [{ SS: ['a', 'b'] }, new Set(['a', 'b'])],
    [{ NS: ['1', '2.5'] }, new Set([1, 2.5])],
    [{ BS: ['AA=='] }, new Set([Buffer.from([0])])],
    [{ L: [{ S: 'a' }, { L: [] }] }, ['a', []]],
    [{ M: { a: { M: { b: { N: '1' } } } } }, { a: { b: 1 } }],
  ])('%j', (value, expected) => {
    expect(unmarshall(value as never)).toEqual(expected);
  });

  test.each([[{}], [{ X: 'y' }], [undefined]])('that is none is a permanent error: %j', (value) => {
    expect(() => unmarshall(value as never)).toThrow(PermanentError);
  });

  test('cannot reach a prototype', () => {
    expect(() => unmarshallItem(JSON.parse('{"__proto__":{"S":"x"}}'))).toThrow(/__proto__/);
  });
});
