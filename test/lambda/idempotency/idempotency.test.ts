import { hash } from 'node:crypto';
import { PermanentError } from '../../../lambda/runtime';
import { type WorkerOptions, workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, type SqsEventOptions, type SqsMessage, sqsEvent } from '../../../lambda/testing';
import { ENV } from '../../../lib/private/contract';
import { CONNECTED, FakeEdge } from '../fake-edge';
import { FakeTable } from './fake-table';

const WITH_TABLE = { ...CONNECTED, [ENV.idempotency]: JSON.stringify({ table: 'keys', retention: 3600 }) };

const START = Date.parse('2026-01-01T00:00:00Z');
beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => jest.useRealTimers());

interface Work {
  key?: any;
  value?: number;
}

const world = (env: Record<string, string> = WITH_TABLE) => {
  const table = new FakeTable();
  const edge = new FakeEdge(env);
  edge.statements = table;
  const ran: Work[] = [];
  const options: WorkerOptions<Work> = {
    idempotencyKey: ({ key }) => key,
    process: (work) => {
      ran.push(work);
    },
  };
  const call = async (
    messages: SqsMessage[],
    overrides: Partial<WorkerOptions<Work>> = {},
    event: SqsEventOptions = {},
    remaining = 30_000,
  ) => {
    const reply = workerOn(edge, { ...options, ...overrides })(sqsEvent(messages, event), lambdaContext(remaining));
    await jest.advanceTimersByTimeAsync(remaining);
    return (await reply).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  return { table, edge, ran, call };
};

const message = (id: string, key: unknown = id, extra: Partial<SqsMessage> = {}): SqsMessage => ({
  messageId: id,
  body: { key },
  ...extra,
});

describe('requests', () => {
  const batch = (n: number, extra?: Partial<SqsMessage>) =>
    Array.from({ length: n }, (_, i) => message(`m${i}`, `k${i}`, extra));

  test('a batch of new keys is two: one to take them, one to record them', async () => {
    const { table, call } = world();
    expect(await call(batch(10))).toEqual([]);
    expect(table.requests.map((statements) => statements.length)).toEqual([10, 10]);
  });

  test('a batch of redelivered duplicates is one', async () => {
    const { table, ran, call } = world();
    await call(batch(10));
    expect(await call(batch(10, { receiveCount: 2 }))).toEqual([]);
    expect(table.requests).toHaveLength(3);
    expect(ran).toHaveLength(10);
  });

  test.each([
    ['one, where DynamoDB gives the item with DuplicateItem', true, 1],
    ['two, where it does not', false, 2],
  ])('a batch of duplicates that were sent twice is %s', async (_, returnsDuplicates, requests) => {
    const { table, ran, call } = world();
    table.returnsDuplicates = returnsDuplicates;
    await call(batch(10));
    expect(await call(batch(10))).toEqual([]);
    expect(table.requests).toHaveLength(2 + requests);
    expect(ran).toHaveLength(10);
  });

  test('a batch of 60 takes its keys 25 a request', async () => {
    const { table, call } = world();
    expect(await call(batch(60), { concurrency: 60 })).toEqual([]);
    expect(table.requests.map((statements) => statements.length)).toEqual([25, 25, 10, 25, 25, 10]);
  });

  test('without a key in the handler there are none, and the client is not loaded', async () => {
    const { edge, table } = world(CONNECTED);
    await workerOn(edge, { process: () => {} })(sqsEvent([message('m')]), lambdaContext());
    expect(table.requests).toEqual([]);
    expect(edge.storeLoads).toBe(0);
  });
});

test('a duplicate of a finished key is acknowledged without running', async () => {
  const { ran, call } = world();
  await call([message('m1', 'k')]);
  expect(await call([message('m2', 'k')])).toEqual([]);
  expect(ran).toHaveLength(1);
});

test('a duplicate of a running key is hidden until the lease ends', async () => {
  const { edge, ran, call } = world();
  const first = workerOn(edge, { idempotencyKey: ({ key }: Work) => key!, process: () => new Promise(() => {}) })(
    sqsEvent([message('m1', 'k')]),
    lambdaContext(30_000),
  );
  await jest.advanceTimersByTimeAsync(1_000);
  edge.visibility.clear();
  expect(await call([message('m2', 'k')], {}, {}, 5_000)).toEqual(['m2']);
  expect(ran).toEqual([]);
  // What was left of the invocation and 30 s, a second of it gone.
  expect(edge.visibility.get('receipt-0')).toBe(59);
  await jest.advanceTimersByTimeAsync(30_000);
  await first;
});

test('the work of one who died is taken over when the lease ends, and only then', async () => {
  const { table, ran, call } = world();
  table.items.set('Test/Worker#k', {
    pk: { S: 'Test/Worker#k' },
    owner: { S: 'dead' },
    hash: { S: hash('sha256', '{"key":"k"}', 'base64url') },
    lease: { N: String(START + 60_000) },
    ttl: { N: String(START / 1000 + 9999) },
    state: { S: 'running' },
  });
  expect(await call([message('m', 'k')])).toEqual(['m']);
  jest.setSystemTime(START + 60_000);
  expect(await call([message('m', 'k')])).toEqual([]);
  expect(ran).toHaveLength(1);
  expect(table.completions.get('Test/Worker#k')).toBe(1);
});

test('a row that DynamoDB has not yet forgotten counts as gone', async () => {
  const { ran, call } = world();
  await call([message('m1', 'k')]);
  jest.setSystemTime(START + 3_599_000);
  await call([message('m2', 'k')]);
  expect(ran).toHaveLength(1);
  jest.setSystemTime(START + 3_700_000);
  // Another payload too: the key is free.
  await call([message('m3', 'k', { body: { key: 'k', value: 2 } })]);
  expect(ran).toHaveLength(2);
});

describe('the same key with another payload is a permanent error', () => {
  const reason = ({ deadLetters }: FakeEdge) => deadLetters[0]?.MessageAttributes?.DeadLetterReason?.StringValue;

  test('in another batch', async () => {
    const { edge, ran, call } = world();
    await call([message('m1', 'k')]);
    expect(await call([message('m2', 'k', { body: { key: 'k', value: 2 } })])).toEqual([]);
    expect(ran).toHaveLength(1);
    expect(reason(edge)).toBe('its idempotency key stands for another payload');
  });

  test('in the same batch', async () => {
    const { edge, ran, call } = world();
    expect(await call([message('m1', 'k'), message('m2', 'k', { body: { key: 'k', value: 2 } })])).toEqual([]);
    expect(ran).toHaveLength(1);
    expect(reason(edge)).toBe('its idempotency key stands for another payload');
  });

  test('unless the handler says what must be the same', async () => {
    const { edge, ran, call } = world();
    const idempotencyPayload = ({ key }: Work) => ({ key });
    await call([message('m1', 'k')], { idempotencyPayload });
    expect(await call([message('m2', 'k', { body: { key: 'k', value: 2 } })], { idempotencyPayload })).toEqual([]);
    expect(ran).toHaveLength(1);
    expect(edge.deadLetters).toEqual([]);
  });
});

describe('a key that names nothing is a permanent error, never one shared key', () => {
  test.each<[string, unknown]>([
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['blank', '  '],
    ['a number', 7],
    ['an object', {}],
  ])('%s', async (_, key) => {
    const { edge, table, ran, call } = world();
    expect(await call([message('m', 'm', { body: { key } }), message('good')])).toEqual([]);
    expect(ran).toHaveLength(1);
    expect(edge.deadLetters).toHaveLength(1);
    expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toMatch(
      /^idempotencyKey: got .*, expected a text/,
    );
    expect(table.items.size).toBe(1);
  });

  test('unreadable', async () => {
    const { edge, call } = world();
    const idempotencyKey = ({ value }: any) => value.deep.key;
    expect(await call([message('m')], { idempotencyKey })).toEqual([]);
    expect(edge.deadLetters[0]!.MessageAttributes!.DeadLetterReason!.StringValue).toMatch(
      /^idempotencyKey: cannot be read/,
    );
  });

  test('but one of any length is told from every other', async () => {
    const { table, ran, call } = world();
    const long = 'x'.repeat(5000);
    expect(await call([message('m1', `${long}1`), message('m2', `${long}2`), message('m3', `${long}1`)])).toEqual([]);
    expect(ran).toHaveLength(2);
    for (const key of table.items.keys()) expect(key.length).toBeLessThan(2048);
  });
});

const failing = () => {
  throw new Error('flaky');
};

describe('what was not done is given back', () => {
  test.each<[string, () => unknown]>([
    ['an error', () => Promise.reject(new Error('flaky'))],
    ['an error that is thrown at once', failing],
    ['a permanent error', () => Promise.reject(new PermanentError('no'))],
  ])('%s: the next attempt need not wait', async (_, process) => {
    const { table, ran, call } = world();
    await call([message('m', 'k')], { process });
    expect(table.items.size).toBe(0);
    await call([message('m', 'k', { receiveCount: 2 })]);
    expect(ran).toHaveLength(1);
  });

  test('although the first word of it is lost', async () => {
    const { table, call } = world();
    let refusals = 1;
    table.refuse = ({ Statement }) =>
      Statement!.startsWith('DELETE') && refusals-- > 0 ? { Code: 'ThrottlingError' } : undefined;
    await call([message('m', 'k')], { process: () => Promise.reject(new Error('flaky')) });
    expect(table.items.size).toBe(0);
  });

  test('a record that was never started too', async () => {
    const { table, call } = world();
    await call([message('m1'), message('m2')], { concurrency: 1, process: () => new Promise(() => {}) });
    expect([...table.items.keys()]).toEqual(['Test/Worker#m1']);
  });

  test('but not the key of one that still runs when the time is up', async () => {
    const { table, edge, call } = world();
    await call([message('m', 'k')], { process: () => new Promise(() => {}) });
    expect(table.items.size).toBe(1);
    edge.visibility.clear();
    expect(await call([message('m', 'k', { receiveCount: 2 })])).toEqual(['m']);
  });
});

test('duplicates in a batch run once and share the outcome', async () => {
  const { ran, call } = world();
  expect(await call([message('m1', 'k'), message('m2', 'k'), message('m3', 'k')])).toEqual([]);
  expect(ran).toHaveLength(1);
  expect(
    await call([message('m4', 'j'), message('m5', 'j')], { process: () => Promise.reject(new Error('flaky')) }),
  ).toEqual(['m4', 'm5']);
});

test('duplicates in a FIFO batch do not wait for each other, with groups and one at a time', async () => {
  const { ran, call } = world();
  const batch = [
    message('m1', 'x', { groupId: 'a' }),
    message('m2', 'k', { groupId: 'a' }),
    message('m3', 'k', { groupId: 'b' }),
  ];
  expect(await call(batch, { concurrency: 1 }, { fifo: true })).toEqual([]);
  expect(ran).toHaveLength(2);
});

test('a completion by a past owner is refused and logged, and its message comes back', async () => {
  const { table, edge, call } = world();
  const failures = await call([message('m', 'k')], {
    process: () => {
      table.items.get('Test/Worker#k')!.owner = { S: 'another' };
    },
  });
  expect(failures).toEqual(['m']);
  expect(table.completions.size).toBe(0);
  expect(edge.logs('ERROR')).toContainEqual(
    expect.objectContaining({ message: 'completion refused', reason: 'another attempt has taken over its key' }),
  );
});

describe('the store', () => {
  test('being down, nothing runs and everything is retried', async () => {
    const { edge, ran, call } = world();
    edge.statements = { batchExecuteStatement: () => Promise.reject(new Error('down')) };
    expect(await call([message('m1'), message('m2', 'm2', { receiveCount: 5 })])).toEqual(['m1', 'm2']);
    expect(ran).toEqual([]);
    expect(edge.deadLetters).toEqual([]);
    expect(edge.logs('ERROR')).toHaveLength(1);
  });

  test('being down, is asked four times before a receive is spent', async () => {
    const { edge, call } = world();
    let asked = 0;
    edge.statements = {
      batchExecuteStatement: () => {
        asked++;
        return Promise.reject(new Error('throttled'));
      },
    };
    expect(await call([message('m')])).toEqual(['m']);
    expect(asked).toBe(4);
  });

  test('throttling for a moment costs no receive', async () => {
    const { table, ran, call } = world();
    let throttled = 3;
    table.refuse = ({ Statement, Parameters }) =>
      Statement!.startsWith('INSERT') && Parameters![0]?.S === 'Test/Worker#m1' && throttled-- > 0
        ? { Code: 'ThrottlingError' }
        : undefined;
    expect(await call([message('m1'), message('m2')])).toEqual([]);
    expect(ran).toHaveLength(2);
  });

  test('having taken the key and answered that it was throttled gives it to who asks again', async () => {
    const { table, edge, ran, call } = world();
    const real = table.batchExecuteStatement.bind(table);
    let lost = 1;
    edge.statements = {
      batchExecuteStatement: async (statements) => {
        const answers = await real(statements);
        if (lost-- > 0) throw new Error('the connection was reset');
        return answers;
      },
    };
    expect(await call([message('m', 'k')])).toEqual([]);
    expect(ran).toHaveLength(1);
    expect(table.completions.get('Test/Worker#k')).toBe(1);
  });

  test('hanging leaves half the time to who has a key', async () => {
    const { table, edge, ran, call } = world();
    const real = table.batchExecuteStatement.bind(table);
    edge.statements = {
      batchExecuteStatement: (statements) => (statements.length === 25 ? new Promise(() => {}) : real(statements)),
    };
    const batch = Array.from({ length: 26 }, (_, i) => message(`m${i}`, `k${i}`));
    expect(await call(batch)).toHaveLength(25);
    expect(ran).toEqual([{ key: 'k25' }]);
  });

  test('hanging, the reply still comes in time', async () => {
    const { edge, ran, call } = world();
    edge.statements = { batchExecuteStatement: () => new Promise(() => {}) };
    expect(await call([message('m')])).toEqual(['m']);
    expect(ran).toEqual([]);
  });

  test('throttling some statements, only those wait', async () => {
    const { table, ran, call } = world();
    table.refuse = ({ Parameters }) =>
      Parameters![0]?.S === 'Test/Worker#m1' ? { Code: 'ThrottlingError' } : undefined;
    expect(await call([message('m1'), message('m2')])).toEqual(['m1']);
    expect(ran).toHaveLength(1);
  });

  test('failing between work and record is asked again as long as there is time', async () => {
    const { table, call } = world();
    let failures = 3;
    table.refuse = ({ Statement }) =>
      Statement!.includes("'done'") && failures-- > 0 ? { Code: 'InternalServerError' } : undefined;
    expect(await call([message('m', 'k')])).toEqual([]);
    expect(table.completions.get('Test/Worker#k')).toBe(1);
  });

  test('never recording leaves the message unacknowledged', async () => {
    const { table, call } = world();
    table.refuse = ({ Statement }) => (Statement!.includes("'done'") ? { Code: 'InternalServerError' } : undefined);
    expect(await call([message('m', 'k')])).toEqual(['m']);
  });

  test('whose reply was lost has taken the key for us all the same', async () => {
    const { table, edge, ran, call } = world();
    const real = table.batchExecuteStatement.bind(table);
    // The SDK sends again what was not answered.
    edge.statements = {
      batchExecuteStatement: async (statements) => {
        await real(statements);
        return real(statements);
      },
    };
    table.returnsDuplicates = true;
    expect(await call([message('m', 'k')])).toEqual([]);
    expect(ran).toHaveLength(1);
    table.returnsDuplicates = false;
    expect(await call([message('n', 'j')])).toEqual([]);
    expect(ran).toHaveLength(2);
  });
});

test('work that ends early is recorded while its neighbours still run', async () => {
  const { table, edge } = world();
  const reply = workerOn<Work>(edge, {
    idempotencyKey: ({ key }) => key,
    process: ({ key }) => (key === 'slow' ? new Promise((resolve) => setTimeout(resolve, 5_000)) : undefined),
  })(sqsEvent([message('m', 'fast'), message('n', 'slow')]), lambdaContext());
  await jest.advanceTimersByTimeAsync(100);
  expect(table.completions.get('Test/Worker#fast')).toBe(1);
  expect(table.completions.get('Test/Worker#slow')).toBeUndefined();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await reply).toEqual({ batchItemFailures: [] });
});

test('a record that DynamoDB is slow to take does not hold up those after it', async () => {
  const { table, edge } = world();
  const real = table.batchExecuteStatement.bind(table);
  const isSlow = (statements: Parameters<typeof real>[0]) =>
    statements.some(
      ({ Statement, Parameters }) =>
        Statement!.includes("'done'") && Parameters!.some(({ S }) => S === 'Test/Worker#first'),
    );
  edge.statements = {
    batchExecuteStatement: async (statements) => {
      if (isSlow(statements)) await new Promise((resolve) => setTimeout(resolve, 5_000));
      return real(statements);
    },
  };
  const reply = workerOn<Work>(edge, {
    idempotencyKey: ({ key }) => key,
    process: ({ key }) => new Promise((resolve) => setTimeout(resolve, key === 'first' ? 1 : 1_000)),
  })(sqsEvent([message('m', 'first'), message('n', 'second')]), lambdaContext());
  // The twenty that a completion waits for company, and no more.
  await jest.advanceTimersByTimeAsync(1_021);
  expect([...table.completions.keys()]).toEqual(['Test/Worker#second']);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await reply).toEqual({ batchItemFailures: [] });
  expect(table.completions.size).toBe(2);
});

test('the key is fixed before the handler sees the message', async () => {
  const { table, call } = world();
  await call([message('m', 'k')], {
    process: (work) => {
      work.key = 'changed';
    },
  });
  expect(table.completions.get('Test/Worker#k')).toBe(1);
});

test('the handler is told the key, and its result is kept', async () => {
  const { table, call } = world();
  await call([message('m', 'k')], { process: async (_, { idempotencyKey }) => ({ charged: idempotencyKey }) });
  expect(table.items.get('Test/Worker#k')!.result).toEqual({ S: '{"charged":"k"}' });
});

test.each<[string, unknown]>([
  ['too large', 'x'.repeat(40_000)],
  [
    'circular',
    (() => {
      const o: any = {};
      o.o = o;
      return o;
    })(),
  ],
  ['a function', () => {}],
])('a result that is %s is left out, and the work is recorded', async (_, result) => {
  const { table, call } = world();
  expect(await call([message('m', 'k')], { process: async () => result })).toEqual([]);
  expect(table.items.get('Test/Worker#k')).toMatchObject({ state: { S: 'done' }, result: { NULL: true } });
});

test('a lease of its own length ends before work that has not begun', async () => {
  const env = { ...CONNECTED, [ENV.idempotency]: JSON.stringify({ table: 'keys', retention: 3600, lease: 2 }) };
  const { ran, call } = world(env);
  const failures = await call([message('m1'), message('m2')], {
    concurrency: 1,
    process: (work) => {
      ran.push(work);
      return new Promise((resolve) => setTimeout(resolve, 3_000));
    },
  });
  expect(failures).toEqual(['m2']);
  expect(ran).toHaveLength(1);
});

describe('half of idempotency is refused when the module loads', () => {
  test('a key without a table', () => {
    expect(() => workerOn(new FakeEdge(CONNECTED), { idempotencyKey: () => 'k', process: () => {} })).toThrow(
      /worker Test\/Worker: got idempotencyKey in the handler, expected idempotency on its AsyncWorker too; /,
    );
  });

  test('a table without a key', () => {
    expect(() => workerOn(new FakeEdge(WITH_TABLE), { process: () => {} })).toThrow(
      /expected idempotencyKey in the handler too; /,
    );
  });

  test('but in a unit test a key needs no table: it is checked, and nothing is remembered', async () => {
    const { edge, ran, call } = world({});
    expect(await call([message('m1', 'k'), message('m2', 'k'), message('m3', '')])).toEqual(['m3']);
    expect(ran).toHaveLength(2);
    expect(await call([message('m')], { process: async () => 'done' })).toEqual([]);
    for (const process of [() => Promise.reject(new Error('flaky')), failing]) {
      expect(await call([message('m')], { process })).toEqual(['m']);
      expect(edge.logs('WARN').at(-1)!.error.message).toBe('flaky');
    }
  });
});
