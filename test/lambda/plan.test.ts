import type { SQSRecord } from 'aws-lambda';
import { PermanentError, RetryAfter } from '../../lambda/runtime';
import { abortAt } from '../../lambda/runtime/abort-at';
import { Attempts } from '../../lambda/runtime/attempts';
import { deferSeconds } from '../../lambda/runtime/breaker/defer';
import { deadLetterOf, MAX_REASON_BYTES, sqsText } from '../../lambda/runtime/dead-letter';
import { changeVisibility, type SqsCalls, sendDeadLetters } from '../../lambda/runtime/effects';
import { hasRoom, judge, type Outcome, receiveCountOf } from '../../lambda/runtime/outcome';
import { planOf, withoutLost } from '../../lambda/runtime/plan';
import { settle } from '../../lambda/runtime/settle';
import { type SqsMessage, sqsEvent } from '../../lambda/testing';
import { MAX_MESSAGE_BYTES } from '../../lib/private/contract';

const NOW = 1_800_000_000_000;
const BACKOFF = { initial: 5, max: 300, factor: 2, jitter: false };
const recordsOf = (messages: number | SqsMessage[], fifo = false): SQSRecord[] =>
  sqsEvent(typeof messages === 'number' ? Array.from({ length: messages }, (_, body) => ({ body })) : messages, {
    fifo,
  }).Records;
const plan = (records: SQSRecord[], outcomes: Outcome[], elapsed = 0) =>
  planOf(records, outcomes, { backoff: BACKOFF, startedAt: NOW - elapsed }, NOW, () => 0.5);
const retry = (after?: number): Outcome => ({ kind: 'retry', reason: 'flaky', after });

describe('when a message comes back', () => {
  test.each<[string, Outcome, number]>([
    ['that was not begun', { kind: 'deferred' }, 0],
    ['that has an appointment', { kind: 'deferred', until: NOW + 1_001, exact: true }, 2],
    ['whose appointment is over', { kind: 'deferred', until: NOW - 5_000, exact: true }, 0],
    ['that rests with others', { kind: 'deferred', until: NOW + 60_000 }, deferSeconds(NOW + 60_000, NOW, 0.5)],
    ['that asked for a time', retry(0.2), 1],
    ['that asked for none', retry(0), 0],
    ['that failed', retry(), 10],
  ])('one %s', (_, outcome, seconds) => {
    const records = recordsOf([{ body: 1, receiveCount: 2 }]);
    expect(plan(records, [outcome]).visibility).toEqual([
      { messageId: records[0]!.messageId, receiptHandle: 'receipt-0', seconds },
    ]);
  });

  test.each([
    [0, 42_900],
    [1, 42_899],
    [1_000, 42_899],
    [50_000_000, 0],
  ])('is within twelve hours of its receive, %d ms into the invocation at most %d s from now', (elapsed, seconds) => {
    expect(plan(recordsOf(1), [retry(1e6)], elapsed).visibility[0]!.seconds).toBe(seconds);
  });

  test('on FIFO is when the first of its group does, on a standard queue its own time', () => {
    const messages = ['a', 'b', 'a'].map((groupId) => ({ body: 1, groupId }));
    const outcomes = [retry(7), retry(9), retry(8)];
    const seconds = (fifo: boolean) =>
      plan(recordsOf(messages, fifo), outcomes).visibility.map((change) => change.seconds);
    expect(seconds(true)).toEqual([7, 9, 7]);
    expect(seconds(false)).toEqual([7, 9, 8]);
  });

  test('is for SQS to say if there is no receipt: it is reported failed all the same', () => {
    const records = recordsOf(1);
    records[0]!.receiptHandle = '';
    const { visibility, failures } = plan(records, [retry()]);
    expect([visibility, failures]).toEqual([[], [records[0]!.messageId]]);
  });

  test('is at once if it should be dead and is too large to say why', () => {
    const records = recordsOf([{ body: 'x'.repeat(MAX_MESSAGE_BYTES - 10) }]);
    const { deadLetters, visibility } = plan(records, [{ kind: 'dead', reason: 'no' }]);
    expect(deadLetters).toEqual([]);
    expect(visibility.map(({ seconds }) => seconds)).toEqual([0]);
  });
});

test('a message without an outcome was never begun', () => {
  const records = recordsOf(2);
  expect(plan(records, [{ kind: 'done' }]).failures).toEqual([records[1]!.messageId]);
});

test('one that is reported twice in a batch is reported once', () => {
  const [record] = recordsOf(1);
  expect(plan([record!, record!], [retry(), retry()]).failures).toEqual([record!.messageId]);
});

describe('on FIFO what follows in its group comes back with a message', () => {
  test.each<[string, Outcome, number]>([
    ['that failed', retry(), 2],
    ['that was put off', { kind: 'deferred' }, 2],
    ['that is dead: no', { kind: 'dead', reason: 'no' }, 0],
    ['that is done: no', { kind: 'done' }, 0],
  ])('%s', (_, first, failures) => {
    const records = recordsOf(
      ['a', 'b', 'a'].map((groupId) => ({ body: 1, groupId })),
      true,
    );
    expect(plan(records, [first, { kind: 'done' }, { kind: 'done' }]).failures).toHaveLength(failures);
  });
});

test('on FIFO what follows in its group comes back with a message that is dead and too large to move', () => {
  const messages = ['x'.repeat(MAX_MESSAGE_BYTES - 10), 'y'].map((body) => ({ body, groupId: 'a' }));
  expect(plan(recordsOf(messages, true), [{ kind: 'dead', reason: 'no' }, { kind: 'done' }]).failures).toHaveLength(2);
});

test('what the dead-letter queue did not take stays, with both reasons', () => {
  const records = recordsOf(3);
  const outcomes: Outcome[] = [{ kind: 'dead', reason: 'a' }, { kind: 'dead', reason: 'b' }, retry()];
  const lost = new Set([records[1]!.messageId, records[2]!.messageId]);
  expect(withoutLost(records, outcomes, lost)).toEqual([
    { kind: 'dead', reason: 'a' },
    { kind: 'retry', reason: 'the dead-letter queue did not take it: b' },
    retry(),
  ]);
});

describe('what a failure makes of its record', () => {
  const [record] = recordsOf([{ body: 1, receiveCount: 2 }]);
  const judged = (thrown: unknown, maxReceiveCount = 3, canMove = true, receives?: number) =>
    judge(record!, thrown, { maxReceiveCount, canMove: () => canMove }, receives);

  test.each<[string, () => Outcome, Outcome]>([
    ['an error', () => judged(new Error('flaky')), { kind: 'retry', reason: 'flaky' }],
    ['a named error', () => judged(new TypeError('x')), { kind: 'retry', reason: 'TypeError: x' }],
    ['a delay', () => judged(new RetryAfter({ seconds: 7 })), { kind: 'retry', reason: expect.any(String), after: 7 }],
    ['a permanent error', () => judged(new PermanentError('no')), { kind: 'dead', reason: 'no' }],
    [
      'a permanent error that has nowhere to go',
      () => judged(new PermanentError('no'), 3, false),
      { kind: 'retry', reason: 'no', after: 0 },
    ],
    [
      'an error on the last receive',
      () => judged(new Error('flaky'), 2),
      { kind: 'dead', reason: 'retries exhausted after 2 receives: flaky' },
    ],
    [
      'a delay on the last receive that has nowhere to go',
      () => judged(new RetryAfter({ seconds: 7 }), 2, false),
      { kind: 'retry', reason: expect.any(String), after: 0 },
    ],
    [
      'an error on a receive that was no attempt',
      () => judged(new Error('x'), 2, true, 1),
      { kind: 'retry', reason: 'x' },
    ],
  ])('%s', (_, outcome, expected) => {
    expect(outcome()).toEqual(expected);
  });

  test.each([
    ['1', 1],
    ['7', 7],
    ['0', 1],
    ['-3', 1],
    ['2.5', 1],
    ['many', 1],
    [undefined, 1],
    [7, 1],
    [{ valueOf: 1, toString: 1 }, 1],
  ])('a receive count of %p is %d', (ApproximateReceiveCount, count) => {
    expect(receiveCountOf({ attributes: { ApproximateReceiveCount } } as never)).toBe(count);
  });

  test('a record without attributes was received once', () => {
    expect(receiveCountOf({} as never)).toBe(1);
  });

  test('a record leaves room for a reason up to 4 KiB below the limit, by the bytes of its body and its attributes', () => {
    const bytes = (count: number) => 'é'.repeat(count / 2);
    const room = (body: number, attribute?: number) =>
      hasRoom({
        body: bytes(body),
        messageAttributes: attribute === undefined ? undefined : { a: bytes(attribute) },
      } as never);
    const full = MAX_MESSAGE_BYTES - 4_096 - '{}'.length;
    expect([room(full), room(full + 2)]).toEqual([true, false]);
    const left = full - '"a":""'.length - 1_000;
    expect([room(left, 1_000), room(left, 1_002)]).toEqual([true, false]);
  });
});

describe('attempts', () => {
  const [fresh, spent] = recordsOf([
    { body: 1, receiveCount: 1 },
    { body: 1, receiveCount: 3 },
  ]) as [SQSRecord, SQSRecord];
  const ledger = (known: ReadonlyMap<string, number> | undefined) => {
    const asked: unknown[] = [];
    return {
      asked,
      forgiven: async (ids: readonly string[]) => {
        asked.push(ids);
        return known;
      },
      forgive: async (ids: readonly string[], by: number) => void asked.push(['forgive', ids, by]),
    };
  };

  test('are the receives, where nobody forgives any', async () => {
    const attempts = new Attempts(3);
    await attempts.open([fresh, spent]);
    await attempts.forgive([fresh], 1);
    expect([attempts.of(fresh), attempts.of(spent)]).toEqual([1, 3]);
  });

  test('are asked for only of messages at their end, and are one at least', async () => {
    for (const [forgiven, left] of [
      [0, 3],
      [1, 2],
      [2, 1],
      [9, 1],
    ] as const) {
      const keeps = ledger(new Map([[spent.messageId, forgiven]]));
      const attempts = new Attempts(3, keeps);
      await attempts.open([fresh, spent]);
      expect(keeps.asked).toEqual([[spent.messageId]]);
      expect([attempts.of(fresh), attempts.of(spent)]).toEqual([1, left]);
    }
  });

  test('of a message that was forgiven nothing are its receives', async () => {
    const attempts = new Attempts(3, ledger(new Map()));
    await attempts.open([spent]);
    expect(attempts.of(spent)).toBe(3);
  });

  test('are not at their end when nobody can tell', async () => {
    const attempts = new Attempts(3, ledger(undefined));
    const [second] = recordsOf([{ body: 1, receiveCount: 2 }]);
    await attempts.open([fresh, spent]);
    expect([fresh, second!, spent].map((record) => attempts.of(record))).toEqual([1, 2, 1]);
  });

  test('cost no question while none is at its end, and nobody is forgiven for nothing', async () => {
    const keeps = ledger(new Map());
    const attempts = new Attempts(4, keeps);
    await attempts.open([fresh, spent]);
    await attempts.forgive([], 5);
    expect(keeps.asked).toEqual([]);
    await attempts.forgive([fresh, spent], 5);
    expect(keeps.asked).toEqual([['forgive', [fresh.messageId, spent.messageId], 5]]);
  });
});

describe('a dead letter', () => {
  const letterOf = (changes: Partial<SQSRecord> = {}, reason = 'no') => {
    const [record] = recordsOf([{ body: 'b', messageId: 'm', receiveCount: 2 }]);
    return deadLetterOf({ ...record!, ...changes }, reason, NOW);
  };
  const reasonOf = (letter: ReturnType<typeof deadLetterOf>) =>
    letter!.entry.MessageAttributes.DeadLetterReason!.StringValue!;

  test('says where it comes from and since when', () => {
    const attributes = { ApproximateReceiveCount: '2', SentTimestamp: '17' } as SQSRecord['attributes'];
    const { DeadLetterContext } = letterOf({ attributes })!.entry.MessageAttributes;
    expect(JSON.parse(DeadLetterContext!.StringValue!)).toEqual({
      messageId: 'm',
      source: 'arn:aws:sqs:us-east-1:123456789012:queue',
      receiveCount: 2,
      sentTimestamp: 17,
      deadTimestamp: NOW,
    });
    expect(DeadLetterContext!.DataType).toBe('String');
  });

  test('of a bare record has no more than is known', () => {
    const letter = deadLetterOf({ messageId: 'm', body: 'b' } as SQSRecord, '', NOW)!;
    expect(JSON.parse(letter.entry.MessageAttributes.DeadLetterContext!.StringValue!)).toEqual({
      messageId: 'm',
      receiveCount: 1,
      deadTimestamp: NOW,
    });
    expect(Object.keys(letter.entry)).toEqual(['MessageBody', 'MessageAttributes']);
    expect(reasonOf(letter)).toBe('no reason given');
  });

  test('has a reason of a kilobyte at most, and none if less than 64 bytes are left for it', () => {
    expect(reasonOf(letterOf({}, 'x'.repeat(5_000)))).toHaveLength(MAX_REASON_BYTES);
    const empty = letterOf({ body: '' }, 'x')!.bytes - 1;
    const room = (bytes: number) => letterOf({ body: 'x'.repeat(MAX_MESSAGE_BYTES - empty - bytes) }, 'y'.repeat(100));
    expect(reasonOf(room(64))).toHaveLength(64);
    expect(room(64)!.bytes).toBe(MAX_MESSAGE_BYTES);
    expect(room(63)).toBeUndefined();
  });

  test('keeps eight attributes, the mark of a stored body first, and the others in its context', () => {
    const names = [...'abcdefgh', 'ExtendedPayloadSize'];
    const given = { dataType: 'Number', stringValue: '1' };
    const messageAttributes = Object.fromEntries(names.map((name) => [name, given])) as never;
    const { MessageAttributes } = letterOf({ messageAttributes })!.entry;
    expect(Object.keys(MessageAttributes)).toEqual([
      'ExtendedPayloadSize',
      ...'abcdefg',
      'DeadLetterContext',
      'DeadLetterReason',
    ]);
    const { attributes } = JSON.parse(MessageAttributes.DeadLetterContext!.StringValue!);
    expect(attributes).toEqual({ h: given });
  });

  test('takes the mark of a stored body with it once', () => {
    const names = ['ExtendedPayloadSize', ...'abcdefg'];
    const given = { dataType: 'Number', stringValue: '1' };
    const { MessageAttributes } = letterOf({
      messageAttributes: Object.fromEntries(names.map((name) => [name, given])) as never,
    })!.entry;
    expect(Object.keys(MessageAttributes)).toEqual([...names, 'DeadLetterContext', 'DeadLetterReason']);
  });

  test('keeps bytes as bytes', () => {
    const messageAttributes = { a: { dataType: 'Binary', binaryValue: 'AAEC' } } as never;
    expect(letterOf({ messageAttributes })!.entry.MessageAttributes.a).toEqual({
      DataType: 'Binary',
      BinaryValue: Buffer.from([0, 1, 2]),
    });
  });

  test('is cut between characters', () => {
    expect(sqsText('ééé', 5)).toBe('éé');
    expect(sqsText('ééé', 6)).toBe('ééé');
    expect(sqsText('🚚🚚', 7)).toBe('🚚');
    // What stands for a refused character is text like any other.
    expect(sqsText('a\u0000bé', 6)).toBe('a\uFFFDb');
    expect(sqsText('a\u0000', 4)).toBe('a\uFFFD');
  });

  test.each([
    ['has no value', { dataType: 'String' }],
    ['has a value that is no text', { dataType: 'String', stringValue: 1 }],
    ['has no type', { stringValue: 'x' }],
    ['has bytes that are none', { dataType: 'Binary', binaryValue: 1 }],
    ['is nothing', null],
  ])('folds an attribute that %s into the context: SQS takes none', (_, a) => {
    const { MessageAttributes } = letterOf({ messageAttributes: { a } as never })!.entry;
    expect(MessageAttributes).not.toHaveProperty('a');
    expect(JSON.parse(MessageAttributes.DeadLetterContext!.StringValue!).attributes).toEqual({ a });
  });

  test('of FIFO goes by its message’s id, any other by none', () => {
    const [fifo] = recordsOf([{ body: 1, messageId: 'm', groupId: 'g' }], true);
    expect(deadLetterOf(fifo!, 'no', NOW)!.entry).toMatchObject({ MessageGroupId: 'g', MessageDeduplicationId: 'm' });
    expect(letterOf()!.entry).not.toHaveProperty('MessageDeduplicationId');
    expect(letterOf()!.entry).not.toHaveProperty('MessageGroupId');
  });
});

const URL = 'https://sqs.test/queue';
const never = abortAt(Number.POSITIVE_INFINITY, 0);
const effectsOf = (calls: Partial<SqsCalls>) => {
  const logged: unknown[] = [];
  const errors: unknown[] = [];
  const note = (...line: unknown[]) => void logged.push(line);
  const error = (...line: unknown[]) => {
    errors.push(line);
    note(...line);
  };
  const log = { debug: note, info: note, warn: note, error };
  return { logged, errors, effects: { calls: calls as SqsCalls, log, alarm: never, random: () => 0 } };
};
const denied = Object.assign(new Error('no'), { name: 'AccessDenied', $fault: 'client' });
const lettersOf = (messages: SqsMessage[], fifo = false) =>
  recordsOf(messages, fifo).map((record) => deadLetterOf(record, 'no', NOW)!);

describe('dead letters', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());
  const send = async (...args: Parameters<typeof sendDeadLetters>): Promise<Set<string>> => {
    const sending = sendDeadLetters(...args);
    await jest.runAllTimersAsync();
    return sending;
  };
  const batch = (n: number, groupId?: string) =>
    Array.from({ length: n }, (_, i) => ({ body: i, messageId: `m${i}`, groupId }));

  test('go ten a request, eight requests at once; on FIFO one request at a time', async () => {
    for (const [fifo, most] of [
      [false, 8],
      [true, 1],
    ] as const) {
      let underWay = 0;
      let busiest = 0;
      const sizes: number[] = [];
      const { effects } = effectsOf({
        sendMessageBatch: async ({ QueueUrl, Entries = [] }) => {
          expect(QueueUrl).toBe(URL);
          sizes.push(Entries.length);
          busiest = Math.max(busiest, ++underWay);
          await new Promise(setImmediate);
          underWay--;
          return { Successful: Entries.map(({ Id }) => ({ Id })) as never, Failed: undefined };
        },
      });
      const letters = batch(95).map((letter, i) => ({ ...letter, groupId: fifo ? `g${i}` : undefined }));
      expect(await send(effects, URL, lettersOf(letters, fifo))).toEqual(new Set());
      expect([sizes, busiest]).toEqual([[10, 10, 10, 10, 10, 10, 10, 10, 10, 5], most]);
    }
  });

  test('that are refused are lost at once, those that are not answered after four times; the log says which and why', async () => {
    const asked: string[][] = [];
    const { logged, effects } = effectsOf({
      sendMessageBatch: async ({ Entries = [] }) => {
        asked.push(Entries.map(({ MessageBody }) => MessageBody!));
        const [Code, Message] = ['InvalidMessageContents', 'no'];
        return {
          Successful: Entries.filter(({ MessageBody }) => MessageBody === '0') as never,
          Failed: Entries.filter(({ MessageBody }) => MessageBody === '1').map(({ Id }) => ({
            Id,
            Code,
            Message,
            SenderFault: true,
          })),
        };
      },
    });
    expect(await send(effects, URL, lettersOf(batch(3)))).toEqual(new Set(['m1', 'm2']));
    expect(asked).toEqual([['0', '1', '2'], ['2'], ['2'], ['2']]);
    const [messageId, code, reason] = ['m1', 'InvalidMessageContents', 'no'];
    expect(logged).toEqual([['dead letter refused', { messageId, code, reason }]]);
  });

  test('that an answer says nothing of are lost without a word, and what it says of others is only logged', async () => {
    const nothing = effectsOf({ sendMessageBatch: async () => ({}) as never });
    expect(await send(nothing.effects, URL, lettersOf(batch(1)))).toEqual(new Set(['m0']));
    expect(nothing.logged).toEqual([]);
    const other = effectsOf({
      sendMessageBatch: async () => ({ Successful: undefined, Failed: [{ Id: '7', Code: 'x', SenderFault: true }] }),
    });
    expect(await send(other.effects, URL, lettersOf(batch(1)))).toEqual(new Set(['m0']));
    expect(other.logged[0]).toEqual([
      'dead letter refused',
      expect.objectContaining({ messageId: undefined, code: 'x' }),
    ]);
  });

  test('that are large go in requests of their own', async () => {
    const sizes: number[] = [];
    const { effects } = effectsOf({
      sendMessageBatch: async ({ Entries = [] }) => {
        sizes.push(Entries.length);
        return { Successful: Entries.map(({ Id }) => ({ Id })) as never, Failed: [] };
      },
    });
    const large = ['x', 'y', 'z'].map((letter) => ({ body: letter.repeat(400_000) }));
    await send(effects, URL, lettersOf(large));
    expect(sizes).toEqual([2, 1]);
  });

  test('of a request that fails four times are lost: only then it is an error', async () => {
    const { logged, errors, effects } = effectsOf({ sendMessageBatch: () => Promise.reject(new TypeError('away')) });
    expect(await send(effects, URL, lettersOf(batch(2)))).toEqual(new Set(['m0', 'm1']));
    const fields = { count: 2, reason: 'TypeError: away' };
    expect(errors).toEqual([['dead letters not sent', fields]]);
    expect(logged).toEqual([...Array(3).fill(['dead letters not sent: trying again', fields]), ...errors]);
  });

  test('of a request that is refused for good are lost at once', async () => {
    const { errors, logged, effects } = effectsOf({ sendMessageBatch: () => Promise.reject(denied) });
    expect(await send(effects, URL, lettersOf(batch(2)))).toEqual(new Set(['m0', 'm1']));
    expect(errors).toEqual([['dead letters not sent', { count: 2, reason: 'AccessDenied: no' }]]);
    expect(logged).toEqual(errors);
  });

  test('are not sent again when the reply can wait no longer', async () => {
    let asked = 0;
    const { effects } = effectsOf({
      sendMessageBatch: async () => {
        asked++;
        return {} as never;
      },
    });
    const alarm = abortAt(Date.now() + 50, Date.now());
    expect(await send({ ...effects, alarm, random: () => 0.99 }, URL, lettersOf(batch(1)))).toEqual(new Set(['m0']));
    expect(asked).toBe(1);
  });

  test.each([
    ['refused', true],
    ['not answered', false],
  ])('of a FIFO group wait behind one that is %s, and are lost with it; other groups go', async (_, SenderFault) => {
    const groups = ['a', 'b', 'a', 'b', 'c', 'a'];
    const sent: string[][] = [];
    const { effects } = effectsOf({
      sendMessageBatch: async ({ Entries = [] }) => {
        sent.push(Entries.map(({ MessageBody }) => MessageBody!));
        const isBad = ({ MessageBody }: { MessageBody?: string }) => MessageBody === '0';
        return {
          Successful: Entries.filter((entry) => !isBad(entry)) as never,
          Failed: Entries.filter(isBad).map(({ Id }) => ({ Id, Code: 'No', Message: 'no', SenderFault })),
        };
      },
    });
    const letters = lettersOf(
      groups.map((groupId, i) => ({ body: i, messageId: `m${i}`, groupId })),
      true,
    );
    expect(await send(effects, URL, letters)).toEqual(new Set(['m0', 'm2', 'm5']));
    expect(sent).toEqual([['0', '1', '4'], ['3'], ...(SenderFault ? [] : [['0'], ['0'], ['0']])]);
  });

  test('of a FIFO group go one a request: none is taken before another that is then refused', async () => {
    const sent: string[][] = [];
    const { effects } = effectsOf({
      sendMessageBatch: async ({ Entries = [] }) => {
        sent.push(Entries.map(({ MessageBody }) => MessageBody!));
        return { Successful: Entries as never, Failed: undefined };
      },
    });
    const letters = lettersOf(
      ['a', 'a', 'b', 'a', 'b'].map((groupId, i) => ({ body: i, messageId: `m${i}`, groupId })),
      true,
    );
    expect(await send(effects, URL, letters)).toEqual(new Set());
    expect(sent).toEqual([['0', '2'], ['1', '4'], ['3']]);
  });
});

describe('times of coming back', () => {
  const changes = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ messageId: `m${i}`, receiptHandle: `r${i}`, seconds: i }));

  test('are set ten a request, and what is refused is named', async () => {
    const requests: unknown[] = [];
    const { logged, effects } = effectsOf({
      changeMessageVisibilityBatch: async (input) => {
        requests.push(input);
        return { Successful: [], Failed: [{ Id: '0', Code: 'Gone', Message: 'too late', SenderFault: true }] };
      },
    });
    await changeVisibility(effects, URL, changes(11));
    expect(requests).toEqual([
      {
        QueueUrl: URL,
        Entries: Array.from({ length: 10 }, (_, i) => ({
          Id: String(i),
          ReceiptHandle: `r${i}`,
          VisibilityTimeout: i,
        })),
      },
      { QueueUrl: URL, Entries: [{ Id: '0', ReceiptHandle: 'r10', VisibilityTimeout: 10 }] },
    ]);
    // Asked for once: what is refused for good stays so.
    const refused = (messageId: string) => ['backoff refused', { messageId, code: 'Gone', reason: 'too late' }];
    expect(logged).toEqual([refused('m0'), refused('m10')]);
  });

  test('that may not be set are not asked for again', async () => {
    const { logged, effects } = effectsOf({ changeMessageVisibilityBatch: () => Promise.reject(denied) });
    await changeVisibility(effects, URL, changes(2));
    expect(logged).toEqual([['backoff not set', { count: 2, reason: 'AccessDenied: no' }]]);
  });

  test('that SQS refuses for now are asked for again', async () => {
    let asked = 0;
    const { effects } = effectsOf({
      changeMessageVisibilityBatch: async ({ Entries = [] }) => {
        const Failed = asked++ > 0 ? [] : [{ Id: Entries[1]!.Id!, Code: 'Busy', SenderFault: false }];
        return { Successful: [], Failed };
      },
    });
    jest.useFakeTimers();
    const changed = changeVisibility(effects, URL, changes(2));
    await jest.runAllTimersAsync();
    await changed;
    jest.useRealTimers();
    expect(asked).toBe(2);
  });

  test('that cannot be set in four times are logged, and that is all; an answer without failures is fine', async () => {
    const { logged, effects } = effectsOf({ changeMessageVisibilityBatch: () => Promise.reject(new Error('away')) });
    jest.useFakeTimers();
    const changed = changeVisibility(effects, URL, changes(2));
    await jest.runAllTimersAsync();
    await changed;
    jest.useRealTimers();
    expect(logged).toEqual(Array(4).fill(['backoff not set', { count: 2, reason: 'away' }]));
    const Failed = [{ Id: '7', Code: 'x', Message: 'y', SenderFault: true }];
    const other = effectsOf({ changeMessageVisibilityBatch: async () => ({ Successful: [], Failed }) });
    await changeVisibility(other.effects, URL, changes(1));
    expect(other.logged).toEqual([['backoff refused', { messageId: undefined, code: 'x', reason: 'y' }]]);
    const fine = effectsOf({ changeMessageVisibilityBatch: async () => ({ Successful: [], Failed: undefined }) });
    await changeVisibility(fine.effects, URL, changes(1));
    expect(fine.logged).toEqual([]);
  });
});

describe('a batch is settled', () => {
  const settled = async (
    outcomes: Outcome[],
    {
      queueUrl,
      deadLetterQueueUrl,
      refuses = false,
    }: { queueUrl?: string; deadLetterQueueUrl?: string; refuses?: boolean },
  ) => {
    const asked: string[] = [];
    const { effects } = effectsOf({
      sendMessageBatch: async ({ QueueUrl, Entries = [] }) => {
        asked.push(`send ${QueueUrl} ${Entries.length}`);
        const refused = refuses ? Entries : [];
        return {
          Successful: (refuses ? [] : Entries.map(({ Id }) => ({ Id }))) as never,
          Failed: refused.map(({ Id }) => ({ Id, Code: 'No', Message: 'no', SenderFault: true })),
        };
      },
      changeMessageVisibilityBatch: async ({ QueueUrl, Entries = [] }) => {
        asked.push(`hide ${QueueUrl} ${Entries.length}`);
        return { Successful: [], Failed: [] };
      },
    });
    const { calls, log } = effects;
    const config = { backoff: BACKOFF, queueUrl, deadLetterQueueUrl } as never;
    let draws = 0;
    const random = () => {
      draws++;
      return 0.5;
    };
    const edge = { now: () => NOW, random };
    const records = recordsOf(outcomes.length);
    const result = await settle({ edge, calls, config, log, replyBy: NOW + 1_000 }, records, outcomes, NOW);
    const failed = records.map(({ messageId }) => result.failures.includes(messageId));
    return { asked, failed, draws, outcomes: result.outcomes };
  };
  const dead: Outcome = { kind: 'dead', reason: 'no' };

  test('dead letters first, then times', async () => {
    const { asked, failed, draws, outcomes } = await settled([dead, retry()], {
      queueUrl: 'q',
      deadLetterQueueUrl: 'd',
    });
    expect(asked).toEqual(['send d 1', 'hide q 1']);
    // One for the time of one.
    expect(draws).toBe(1);
    expect(failed).toEqual([false, true]);
    expect(outcomes).toEqual([dead, retry()]);
  });

  test('with what was lost among the failed', async () => {
    const { asked, failed, outcomes } = await settled([dead, { kind: 'done' }], {
      queueUrl: 'q',
      deadLetterQueueUrl: 'd',
      refuses: true,
    });
    expect(asked).toEqual(['send d 1', 'hide q 1']);
    expect(failed).toEqual([true, false]);
    expect(outcomes[0]).toMatchObject({ kind: 'retry' });
  });

  test('without queues, by the reply alone', async () => {
    const { asked, failed } = await settled([dead, retry(), { kind: 'done' }], {});
    expect([asked, failed]).toEqual([[], [true, true, false]]);
  });

  test('without a question where there is none', async () => {
    const urls = { queueUrl: 'q', deadLetterQueueUrl: 'd' };
    expect((await settled([dead], urls)).asked).toEqual(['send d 1']);
    expect((await settled([retry()], urls)).asked).toEqual(['hide q 1']);
    expect((await settled([{ kind: 'done' }], urls)).asked).toEqual([]);
  });

  test('and leaves no timer behind', async () => {
    jest.useFakeTimers();
    await settled([dead, retry()], { queueUrl: 'q', deadLetterQueueUrl: 'd' });
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
