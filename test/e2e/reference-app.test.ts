import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Account, type Books, type DeadLetter, problemsOf } from '../../bin/local/account';
import { collect } from '../../bin/local/collect';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { buildLoad, type Kind, type Worker } from '../../bin/local/load';
import { type Reference, referenceOf } from '../../bin/local/reference';
import { LOCAL } from '../../bin/local/run';
import { send } from '../../bin/local/send';

const directory = join(LOCAL, 'e2e');
const MAX_RECEIVES = 5;

let emulator: Emulator;
let reference: Reference;
let books: Books;

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  reference = referenceOf(await deploy(emulator, { stack: 'Reference', directory }));
  const sqs = new SQSClient(emulator.clientConfig);
  const sent = await send(sqs, reference, buildLoad(2));
  sqs.destroy();
  books = await collect(emulator, reference, sent, { timeoutSeconds: 90 });
}, 240_000);

afterAll(() => emulator?.stop(), 20_000);

/** The accounts of a kind, of which there must be some: a test of none would prove nothing. */
const accountsOf = (kind: Kind, worker?: Worker): Account[] => {
  const accounts = books.accounts.filter(
    ({ message }) => message.kind === kind && (worker === undefined || message.worker === worker),
  );
  expect(accounts).not.toHaveLength(0);
  return accounts;
};
const letters = (): { letter: DeadLetter; message: Account['message'] }[] => {
  const all = books.accounts.flatMap(({ message, deadLetters }) => deadLetters.map((letter) => ({ letter, message })));
  expect(all).not.toHaveLength(0);
  return all;
};

it('accounts for every message, gives none two fates, repeats no payment, and keeps every group in order', () => {
  expect(books.accounts).toHaveLength(500);
  expect(problemsOf(books)).toEqual([]);
});

describe('a message that can succeed', () => {
  it.each<Kind>(['healthy', 'flaky', 'throttled', 'slow', 'provider fails once'])(
    'is processed once when it is %s',
    (kind) => {
      for (const { message, processed, deadLetters } of accountsOf(kind)) {
        expect([message.id, processed.length, deadLetters.length]).toEqual([message.id, 1, 0]);
      }
    },
  );

  it('is received once more for each time that it failed', () => {
    for (const { message, receives } of accountsOf('flaky')) {
      const failures = Number(message.attributes.Simulate?.split(':')[1]);
      expect([message.id, receives]).toEqual([message.id, failures + 1]);
    }
  });

  it('comes back once when the payment provider failed once', () => {
    for (const { message, receives } of accountsOf('provider fails once')) {
      expect([message.id, receives]).toEqual([message.id, 2]);
    }
  });

  it('comes back once when it outlasts the deadline', () => {
    expect(accountsOf('slow').map(({ receives }) => receives)).toEqual([2]);
  });

  it('does not come back because a neighbour failed, was slow, or threw undefined', () => {
    for (const { message, receives } of accountsOf('healthy', 'orders')) {
      expect([message.id, receives]).toEqual([message.id, 1]);
    }
  });

  it('is processed behind a member of its FIFO group that never succeeds', () => {
    const groups = new Set(accountsOf('hopeless', 'shipments').map(({ message }) => message.groupId));
    const followers = accountsOf('healthy', 'shipments').filter(({ message }) => groups.has(message.groupId));
    expect(followers.map(({ processed }) => processed.length)).toEqual(followers.map(() => 1));
    expect(followers).not.toHaveLength(0);
  });
});

describe('a payment that is sent three times', () => {
  const copiesOf = (): Map<string, Account[]> =>
    Map.groupBy(accountsOf('sent three times'), ({ message }) => message.work!);

  it('is charged once', () => {
    expect(copiesOf().size).toBe(20);
    for (const [payment, copies] of copiesOf()) {
      expect([payment, copies.length, copies.flatMap(({ processed }) => processed).length]).toEqual([payment, 3, 1]);
    }
  });

  it('has the other two acknowledged as duplicates', () => {
    for (const [payment, copies] of copiesOf()) {
      expect([payment, copies.filter(({ duplicate }) => duplicate).length]).toEqual([payment, 2]);
    }
    expect(books.waiting).toBe(0);
  });
});

it('keeps the circuit breaker closed over failures that are too few to judge the payment provider by', async () => {
  const lambda = new LambdaClient(emulator.clientConfig);
  const { Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: reference.breakerController, Payload: JSON.stringify({ action: 'status' }) }),
  );
  lambda.destroy();
  expect(JSON.parse(Buffer.from(Payload!).toString())).toMatchObject({ state: 'closed', held: false });
});

describe('a message that cannot succeed', () => {
  it.each<[Kind, RegExp]>([
    ['permanently bad', /order-\d+ has no items|no carrier takes more than 70 kg/],
    ['bad, 10 attributes', /order-\d+ has no items/],
    ['schema mismatch', /does not match the schema: items\.0\.quantity/],
    ['not JSON', /the body is not JSON/],
    ['__proto__ key', /the body has a key __proto__/],
    ['key reused', /its idempotency key stands for another payload/],
    ['key empty', /idempotencyKey: got an empty text/],
  ])('is dead after one receive when it is %s', (kind, reason) => {
    for (const { message, processed, deadLetters, receives } of accountsOf(kind)) {
      expect([message.id, processed.length, deadLetters.length, receives]).toEqual([message.id, 0, 1, 1]);
      expect(deadLetters[0]?.reason).toMatch(reason);
    }
  });

  it.each<[Kind, RegExp]>([
    ['hopeless', /^retries exhausted after 5 receives: .*503/],
    ['throws undefined', /^retries exhausted after 5 receives: undefined/],
  ])('is dead once its receives are spent when it is %s', (kind, reason) => {
    for (const { message, processed, deadLetters, receives } of accountsOf(kind)) {
      expect([message.id, processed.length, deadLetters.length, receives]).toEqual([message.id, 0, 1, MAX_RECEIVES]);
      expect(deadLetters[0]?.reason).toMatch(reason);
    }
  });

  it('keeps its body', () => {
    for (const { message, letter } of letters()) expect(letter.body).toBe(message.body);
  });

  it('keeps its attributes, be they ten', () => {
    for (const { message, letter } of letters()) expect(letter.attributes).toEqual(message.attributes);
  });

  it('keeps its message group', () => {
    for (const { message, letter } of letters())
      expect([message.id, letter.groupId]).toEqual([message.id, message.groupId]);
  });
});
