import { createHash } from 'node:crypto';
import { abortAt } from '../../../lambda/runtime/abort-at';
import { describe as describeThrown, sentence } from '../../../lambda/runtime/describe';
import { IdempotencyGuard } from '../../../lambda/runtime/idempotency/guard';
import { rowOf } from '../../../lambda/runtime/idempotency/row';
import { execute, type StatementCalls } from '../../../lambda/runtime/idempotency/store';
import type { Outcome } from '../../../lambda/runtime/outcome';
import { sqsEvent } from '../../../lambda/testing';
import { FakeTable } from './fake-table';

const START = Date.parse('2026-01-01T00:00:00Z');
beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

interface Work {
  readonly key?: unknown;
  readonly value?: number;
}
interface Sent {
  readonly body: Work;
  readonly receiveCount?: number;
}
interface World {
  readonly table?: StatementCalls;
  readonly lease?: number;
  readonly name?: string;
  payloadOf?(work: Work): unknown;
  read?(record: { readonly body: string }): Work | Promise<Work>;
  process?(work: Work): unknown;
}

/** The guard of one batch, and what it logs. */
const guardOf = (sent: readonly Sent[], { table, lease, name = 'keys', payloadOf, read, process }: World = {}) => {
  const errors: [string, unknown][] = [];
  const log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (...line: [string, unknown]) => errors.push(line),
  };
  const { Records } = sqsEvent([...sent]);
  const guard = new IdempotencyGuard<Work>({
    edge: { now: Date.now, random: () => 0.5 },
    owner: 'me',
    calls: table ?? new FakeTable(),
    spec: { table: name, retention: 3600, lease },
    worker: 'W',
    log: log as never,
    startedAt: START,
    deadline: START + 29_000,
    replyBy: START + 29_800,
    identity: { keyOf: ({ key }) => key as string, payloadOf },
    read: read ?? (({ body }) => JSON.parse(body)),
    process: process ?? (() => {}),
    judge: (_, thrown): Outcome => ({ kind: 'dead', reason: sentence(describeThrown(thrown)) }),
  });
  const decided = () => Records.map((_, i) => guard.decided(i));
  const handle = (i: number) => guard.handle(Records[i]!, {} as never, i);
  return { guard, errors, decided, handle, open: () => guard.open(Records) };
};
const DONE: Outcome = { kind: 'done' };
const work = (key: unknown, value?: number): Sent => ({ body: { key, value } });
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

/** A row of another who is at the same work, or was. */
const rowFor = (key: string, body: Work, changes: { lease?: number; done?: boolean; ttl?: number } = {}) => ({
  pk: { S: `W#${key}` },
  owner: { S: 'another' },
  hash: { S: sha256(JSON.stringify(body)) },
  lease: { N: String(changes.lease ?? START + 60_000) },
  ttl: { N: String(changes.ttl ?? START / 1000 + 9_999) },
  state: { S: changes.done ? 'done' : 'running' },
});

describe('before it runs', () => {
  test.each<[string, { lease?: number; done?: boolean }, Work, Outcome]>([
    ['is at it for a minute', {}, { key: 'k' }, { kind: 'retry', reason: 'another attempt has its key', after: 60 }],
    [
      'is at it for a millisecond',
      { lease: START + 1 },
      { key: 'k' },
      { kind: 'retry', reason: 'another attempt has its key', after: 1 },
    ],
    ['has done it', { done: true }, { key: 'k' }, DONE],
    [
      'is at something else',
      {},
      { key: 'k', value: 1 },
      { kind: 'dead', reason: 'PermanentError: its idempotency key stands for another payload' },
    ],
  ])('a message whose key another has who %s', async (_, changes, body, outcome) => {
    for (const returnsDuplicates of [false, true]) {
      const table = new FakeTable();
      table.returnsDuplicates = returnsDuplicates;
      table.items.set('W#k', rowFor('k', { key: 'k' }, changes));
      const { decided, errors, open } = guardOf([{ body }], { table });
      await open();
      expect(decided()).toEqual([outcome]);
      expect(errors).toEqual([]);
    }
  });

  test.each([false, true])('work that another has died at is taken over (its row comes at once: %s)', async (at) => {
    const table = new FakeTable();
    table.returnsDuplicates = at;
    table.items.set('W#k', rowFor('k', { key: 'k' }, { lease: START }));
    const { decided, open } = guardOf([work('k')], { table });
    await open();
    expect(decided()).toEqual([undefined]);
    expect(table.items.get('W#k')).toMatchObject({ owner: { S: 'me/0' }, state: { S: 'running' } });
  });

  test('a message that was handed out before asks at once for what an earlier attempt has left', async () => {
    const table = new FakeTable();
    table.items.set('W#k', rowFor('k', { key: 'k' }, { lease: START }));
    const { decided, open } = guardOf([{ body: { key: 'k' }, receiveCount: 2 }], { table });
    await open();
    expect(decided()).toEqual([undefined]);
    expect(table.requests).toHaveLength(1);
  });

  test('a key that changes hands faster than it can be read is left alone for a second, after four questions', async () => {
    const table = new FakeTable();
    table.returnsDuplicates = true;
    let asked = 0;
    const calls: StatementCalls = {
      batchExecuteStatement: async (statements) => {
        // Free whenever it is seen, and never the same.
        table.items.set('W#k', { ...rowFor('k', { key: 'k' }, { lease: START - ++asked }) });
        const [request] = statements;
        return request!.Statement!.startsWith('INSERT')
          ? table.batchExecuteStatement(statements)
          : [{ Error: { Code: 'ConditionalCheckFailed' as const, Item: { ...table.items.get('W#k')! } } }];
      },
    };
    const { decided, open } = guardOf([work('k')], { table: calls });
    await open();
    expect(decided()).toEqual([{ kind: 'retry', reason: 'another attempt has its key', after: 1 }]);
    expect(asked).toBe(4);
  });

  test('a row that goes away between two questions leaves the key free', async () => {
    const table = new FakeTable();
    table.items.set('W#k', rowFor('k', { key: 'k' }));
    let requests = 0;
    const calls: StatementCalls = {
      batchExecuteStatement: (statements) => {
        if (++requests === 2) table.items.clear();
        return table.batchExecuteStatement(statements);
      },
    };
    const { decided, open } = guardOf([work('k')], { table: calls });
    await open();
    expect(decided()).toEqual([undefined]);
    expect(requests).toBe(3);
  });

  test('a message without a key is judged at once, and takes none', async () => {
    const table = new FakeTable();
    const { decided, open } = guardOf([work(''), work('k'), work(7), work(undefined)], { table });
    await open();
    expect(decided()).toEqual([
      {
        kind: 'dead',
        reason: 'PermanentError: idempotencyKey: got an empty text, expected a text that names the work',
      },
      undefined,
      { kind: 'dead', reason: 'PermanentError: idempotencyKey: got number, expected a text that names the work' },
      { kind: 'dead', reason: 'PermanentError: idempotencyKey: got undefined, expected a text that names the work' },
    ]);
    expect([...table.items.keys()]).toEqual(['W#k']);
  });

  test('messages that take their time to be read get their keys all the same', async () => {
    const table = new FakeTable();
    const read = async ({ body }: { readonly body: string }) => JSON.parse(body) as Work;
    const { decided, open } = guardOf([work('a'), work('b', 1), work('b', 2), work('')], { table, read });
    await open();
    expect([...table.items.keys()]).toEqual(['W#a', 'W#b']);
    expect(decided().map((outcome) => outcome?.kind)).toEqual([undefined, undefined, 'dead', 'dead']);
  });

  test('a key of up to 1,024 bytes is kept as it is, a longer one as its hash', async () => {
    const table = new FakeTable();
    const [kept, hashed] = ['é'.repeat(512), `${'é'.repeat(512)}x`];
    await guardOf([work(kept), work(hashed)], { table }).open();
    expect([...table.items.keys()]).toEqual([`W#${kept}`, `W#sha256:${sha256(hashed)}`]);
  });

  test('a payload that is nothing is the same as another that is nothing', async () => {
    const { decided, open } = guardOf([work('k', 1), work('k', 2)], { payloadOf: () => undefined });
    await open();
    expect(decided()).toEqual([undefined, DONE]);
  });

  test('payloads that the handler tells apart are apart', async () => {
    const { decided, open } = guardOf([work('k', 1), work('k', 2)], { payloadOf: ({ value }) => value });
    await open();
    expect(decided()[1]).toMatchObject({ kind: 'dead' });
  });

  test('a store that does not answer is asked four times, and named once, and so is why', async () => {
    const ask = jest.fn(() => Promise.reject(new Error('down')));
    const { decided, errors, open } = guardOf([work('a'), work('b')], { table: { batchExecuteStatement: ask } });
    const opened = open();
    await jest.advanceTimersByTimeAsync(5_000);
    await opened;
    expect(ask).toHaveBeenCalledTimes(4);
    const outcome = { kind: 'retry', reason: 'the idempotency store does not answer: down' };
    expect(decided()).toEqual([outcome, outcome]);
    expect(errors).toEqual([
      ['idempotency store does not answer: nothing runs without it', { kind: 'unknown', reason: 'down' }],
    ]);
  });

  test('a key that is throttled beside others is asked for alone, four times, after rests that double', async () => {
    const table = new FakeTable();
    const times: number[] = [];
    table.refuse = ({ Parameters }) => {
      if (Parameters![0]!.S !== 'W#a') return undefined;
      times.push(Date.now() - START);
      return { Code: 'ThrottlingError' };
    };
    const { decided, open } = guardOf([work('a'), work('b')], { table });
    const opened = open();
    await jest.advanceTimersByTimeAsync(5_000);
    await opened;
    expect(times).toEqual([0, 75, 225, 525]);
    expect(table.requests.map(({ length }) => length)).toEqual([2, 1, 1, 1]);
    expect(decided()).toEqual([expect.objectContaining({ kind: 'retry' }), undefined]);
  });

  test('a table of any name is asked, quotes and all', async () => {
    const table = new FakeTable();
    await guardOf([work('k')], { table, name: 'my "own"' }).open();
    expect(table.requests[0]![0]!.Statement).toMatch(/^INSERT INTO "my ""own""" VALUE /);
  });
});

describe('while it runs', () => {
  test('work begins up to the end of its lease, and not at it', async () => {
    const { open, handle } = guardOf([work('a'), work('b')], { lease: 2 });
    await open();
    jest.setSystemTime(START + 1_999);
    expect(handle(0)).toBeUndefined();
    jest.setSystemTime(START + 2_000);
    expect(() => handle(1)).toThrow('its lease ended before it was its turn');
  });

  test('25 that are done go on record at once, fewer wait twenty milliseconds for company', async () => {
    const table = new FakeTable();
    const { open, handle } = guardOf(
      Array.from({ length: 27 }, (_, i) => work(`k${i}`)),
      { table },
    );
    await open();
    expect(table.requests.map(({ length }) => length).sort()).toEqual([2, 25]);
    table.requests.length = 0;
    for (let i = 0; i < 27; i++) handle(i);
    expect(table.requests.map(({ length }) => length)).toEqual([25]);
    await jest.advanceTimersByTimeAsync(19);
    expect(table.requests).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(table.requests.map(({ length }) => length)).toEqual([25, 2]);
  });

  test('what is not answered is asked again after rests that double, up to thirty-two times the first', async () => {
    const table = new FakeTable();
    const { guard, open, handle } = guardOf([work('k')], { table });
    await open();
    const times: number[] = [];
    table.refuse = () => {
      times.push(Date.now() - START);
      return { Code: 'ThrottlingError' };
    };
    handle(0);
    const finished = guard.finish([DONE]);
    await jest.advanceTimersByTimeAsync(6_000);
    expect(times.slice(1).map((time, i) => time - times[i]!)).toEqual([75, 150, 300, 600, 1_200, 1_200, 1_200, 1_200]);
    // At once: `finish` does not wait for company.
    expect(times[0]).toBe(0);
    jest.setSystemTime(START + 29_700);
    await jest.runOnlyPendingTimersAsync();
    expect(await finished).toEqual([{ kind: 'retry', reason: 'its completion was not recorded' }]);
  });
});

describe('when it is over', () => {
  test('a rest between two questions ends when the reply can wait no longer', async () => {
    const table = new FakeTable();
    const { guard, open, handle } = guardOf([work('k')], { table });
    await open();
    table.refuse = () => ({ Code: 'ThrottlingError' });
    handle(0);
    let over = 0;
    void guard.finish([DONE]).then(() => {
      over = Date.now() - START;
    });
    await jest.advanceTimersByTimeAsync(40_000);
    expect(over).toBe(29_800);
  });

  test('a message that another has taken over meanwhile comes back, and so do its repeats', async () => {
    const table = new FakeTable();
    const { guard, errors, open, handle } = guardOf([work('k'), work('k')], { table });
    await open();
    table.items.get('W#k')!.owner = { S: 'another' };
    handle(0);
    expect(await guard.finish([DONE, DONE])).toEqual([
      { kind: 'retry', reason: 'another attempt has taken over its key' },
      { kind: 'retry', reason: 'the first of its key in the batch was not done' },
    ]);
    expect(errors).toEqual([['completion refused', { key: 'W#k', reason: 'another attempt has taken over its key' }]]);
  });

  test('what failed is given back, and no more than four times where that is not answered', async () => {
    const table = new FakeTable();
    const failing = () => {
      throw new Error('flaky');
    };
    const { guard, open, handle } = guardOf([work('k')], { table, process: failing });
    await open();
    table.requests.length = 0;
    table.refuse = () => ({ Code: 'ThrottlingError' });
    expect(() => handle(0)).toThrow('flaky');
    const outcomes: Outcome[] = [{ kind: 'retry', reason: 'flaky' }];
    const finished = guard.finish(outcomes);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await finished).toEqual(outcomes);
    expect(table.requests).toHaveLength(4);
    for (const [question] of table.requests) expect(question!.Statement).toMatch(/^DELETE/);
  });

  test('what failed is given back once where that is answered, though another has the key by then', async () => {
    const table = new FakeTable();
    const { guard, open, handle } = guardOf([work('k')], { table, process: () => Promise.reject(new Error('flaky')) });
    await open();
    table.requests.length = 0;
    table.items.get('W#k')!.owner = { S: 'another' };
    await expect(handle(0)).rejects.toThrow('flaky');
    const finished = guard.finish([{ kind: 'retry', reason: 'flaky' }]);
    await jest.advanceTimersByTimeAsync(5_000);
    await finished;
    expect(table.requests).toHaveLength(1);
    expect(table.items.has('W#k')).toBe(true);
  });

  test('work that ends after the reply is not recorded: its message comes again', async () => {
    const table = new FakeTable();
    const process = () => new Promise((resolve) => setTimeout(resolve, 1_000));
    const { guard, open, handle } = guardOf([work('k')], { table, process });
    await open();
    const running = handle(0);
    await guard.finish([{ kind: 'retry', reason: 'out of time' }]);
    await jest.advanceTimersByTimeAsync(2_000);
    await running;
    expect(table.completions.size).toBe(0);
    expect(table.items.size).toBe(1);
  });

  test.each([
    [32_768, true],
    [32_769, false],
  ])('a result of %d bytes is kept: %s', async (bytes, kept) => {
    const table = new FakeTable();
    const { guard, open, handle } = guardOf([work('k')], { table, process: () => 'x'.repeat(bytes - 2) });
    await open();
    handle(0);
    await guard.finish([DONE]);
    expect(table.items.get('W#k')!.result?.NULL).toBe(kept ? undefined : true);
  });
});

describe('what the table answers', () => {
  const never = abortAt(Number.POSITIVE_INFINITY, 0);
  const statement = { Statement: 'x' };
  const answered = async (error: object | undefined) => {
    const calls = { batchExecuteStatement: async () => [{ Error: error }] } as StatementCalls;
    return (await execute(calls, [statement], never))[0];
  };

  test.each<[object | undefined, object]>([
    [undefined, { kind: 'done' }],
    [{ Code: 'DuplicateItem' }, { kind: 'refused' }],
    [
      { Code: 'ConditionalCheckFailed', Item: { pk: { S: 'k' } } },
      { kind: 'refused', item: { pk: { S: 'k' } } },
    ],
    [
      { Code: 'ThrottlingError', Message: 'slow down' },
      { kind: 'unknown', reason: 'ThrottlingError: slow down' },
    ],
    [{ Code: 'ThrottlingError' }, { kind: 'unknown', reason: 'ThrottlingError: no reason given' }],
  ])('%j', async (error, answer) => {
    expect(await answered(error)).toEqual(answer);
  });

  test('about a statement that it does not mention is not known', async () => {
    const calls = { batchExecuteStatement: async () => [{}] };
    expect(await execute(calls, [statement, statement], never)).toEqual([
      { kind: 'done' },
      { kind: 'unknown', reason: 'no answer for it' },
    ]);
  });

  test('of requests that fail is not known of theirs alone, whichever ends first', async () => {
    let first = true;
    const calls: StatementCalls = {
      batchExecuteStatement: async (statements) => {
        if (!first) return statements.map(() => ({}));
        first = false;
        await new Promise((resolve) => setTimeout(resolve, 10));
        throw new Error('down');
      },
    };
    const answers = execute(calls, new Array(26).fill(statement), never);
    await jest.advanceTimersByTimeAsync(10);
    expect(await answers).toEqual([...new Array(25).fill({ kind: 'unknown', reason: 'down' }), { kind: 'done' }]);
  });

  test('a row that lacks everything is nobody’s, and free', () => {
    expect(rowOf({})).toEqual({ owner: '', hash: '', lease: 0, done: false, ttl: 0 });
  });
});
