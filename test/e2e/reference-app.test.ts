import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { AccountsPage } from '../../bin/local/accounts/page';
import { type Rebuilt, rebuildBalances } from '../../bin/local/accounts/rebuild';
import { collect } from '../../bin/local/collect';
import type { DeadLetter } from '../../bin/local/dead-letters';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import type { JobAccount } from '../../bin/local/invoices/account';
import { DEMO, type Kind as JobKind } from '../../bin/local/invoices/load';
import { rateOf } from '../../bin/local/invoices/pace';
import type { JobsPage } from '../../bin/local/invoices/page';
import type { Account } from '../../bin/local/messages/account';
import type { Kind, Worker } from '../../bin/local/messages/load';
import type { MessagesPage } from '../../bin/local/messages/page';
import type { Copy, EventAccount } from '../../bin/local/order-events/account';
import type { Subscriber } from '../../bin/local/order-events/expect';
import type { EventsPage } from '../../bin/local/order-events/page';
import { sendLoads } from '../../bin/local/patterns';
import type { ReadingsPage } from '../../bin/local/readings/page';
import type { ReceiptsPage } from '../../bin/local/receipts/page';
import { type Reference, referenceOf } from '../../bin/local/reference';
import { LOCAL } from '../../bin/local/run';

const directory = join(LOCAL, 'e2e');
const MAX_RECEIVES = 5;

let emulator: Emulator;
let reference: Reference;
let books: MessagesPage;
let events: EventsPage;
let jobs: JobsPage;
let readings: ReadingsPage;
let receipts: ReceiptsPage;
let accounts: AccountsPage;
let rebuilt: Rebuilt;

beforeAll(async () => {
  emulator = await startEmulator({ directory });
  await bootstrap(emulator, directory);
  reference = referenceOf(await deploy(emulator, { stack: 'Reference', directory }));
  const bookkeepers = await sendLoads(emulator, reference, 2);
  const pages = await collect(emulator, reference, bookkeepers, { timeoutSeconds: 90 });
  ({ messages: books, orderEvents: events, invoices: jobs, readings, receipts, accounts } = pages);
  rebuilt = await rebuildBalances(emulator, reference);
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
  expect(books.problems).toEqual([]);
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

describe('an order that fails when all is done', () => {
  it('is done again: delivery is at least once, and this worker remembers nothing', () => {
    for (const { message, processed, deadLetters, receives } of accountsOf('fails late')) {
      expect([message.id, processed.length, deadLetters.length, receives]).toEqual([message.id, 2, 0, 2]);
    }
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

describe('an order event', () => {
  /** Of the orders that were booked, of which there must be some. */
  const booked = (): EventAccount[] => {
    const accounts = events.accounts.filter(({ bookings }) => bookings > 0);
    expect(accounts.length).toBeGreaterThan(200);
    return accounts;
  };
  const at = ({ deliveries }: EventAccount, subscriber: Subscriber) =>
    deliveries.find((delivery) => delivery.subscriber === subscriber)!;
  const bodyOf = ({ order }: EventAccount) =>
    JSON.parse(order.body) as { customer: string; items: { quantity: number; price: number }[] };
  const eventsOf = (kind: Kind): EventAccount[] => {
    const accounts = events.accounts.filter(({ order }) => order.kind === kind);
    expect(accounts).not.toHaveLength(0);
    return accounts;
  };

  it('has every copy accounted for, with its lineage, in the order of its customer', () => {
    expect(events.problems).toEqual([]);
    expect(events.isComplete).toBe(true);
  });

  it('is published once for each order that was booked', () => {
    for (const { order, eventIds } of booked()) expect([order.id, eventIds.length]).toEqual([order.id, 1]);
    expect(new Set(booked().flatMap(({ eventIds }) => eventIds)).size).toBe(booked().length);
  });

  it('stays one when its order is done twice', () => {
    for (const account of eventsOf('fails late')) {
      expect([account.order.id, account.bookings, account.eventIds.length]).toEqual([account.order.id, 2, 1]);
      expect([account.order.id, at(account, 'timeline').copies]).toEqual([account.order.id, 1]);
    }
  });

  it.each<Kind>(['hopeless', 'permanently bad', 'schema mismatch', 'not JSON'])(
    'does not come of an order that is %s',
    (kind) => {
      for (const { order, deliveries } of eventsOf(kind)) {
        expect([order.id, deliveries.map(({ copies }) => copies)]).toEqual([order.id, [0, 0, 0]]);
      }
    },
  );

  it('is handled once on the timeline, in the group of its customer', () => {
    for (const account of booked()) {
      const { handled, dead } = at(account, 'timeline');
      expect([account.order.id, handled.length, dead.length]).toEqual([account.order.id, 1, 0]);
      expect(handled[0]).toMatchObject({ groupId: bodyOf(account).customer, replayed: false, receiveCount: 1 });
    }
  });

  it('comes to LargeOrders exactly if the order is large', () => {
    const isLarge = (account: EventAccount): boolean =>
      bodyOf(account).items.reduce((sum, { quantity, price }) => sum + quantity * price, 0) > 499.995;
    const large = booked().filter(isLarge);
    expect(large.length).toBeGreaterThan(20);
    expect(large.length).toBeLessThan(booked().length - 20);
    const got = events.accounts.filter((account) => at(account, 'largeOrders').handled.length > 0);
    expect(got.map(({ order }) => order.id)).toEqual(large.map(({ order }) => order.id));
  });

  it('is dead once, with the reason, where the subscriber is broken', () => {
    for (const account of booked()) {
      const { handled, dead } = at(account, 'broken');
      expect([account.order.id, handled.length, dead.length]).toEqual([account.order.id, 0, 1]);
      expect(dead[0]).toMatchObject({
        receiveCount: 2,
        reason: 'retries exhausted after 2 receives: broken on purpose',
      });
    }
  });

  it('carries the correlation id of its order, given or begun, to every copy, and names the order as cause', () => {
    let given = 0;
    for (const { order, deliveries } of booked()) {
      if (order.attributes.CorrelationId !== undefined) given++;
      const copies = deliveries.flatMap(({ handled, dead }): Copy[] => [...handled, ...dead]);
      expect(copies.length).toBeGreaterThanOrEqual(2);
      for (const { correlationId, causationId } of copies) {
        expect([order.id, correlationId]).toEqual([order.id, order.attributes.CorrelationId ?? order.messageId]);
        expect([order.id, causationId]).toEqual([order.id, order.messageId]);
      }
    }
    expect(given).toBeGreaterThan(50);
    expect(given).toBeLessThan(booked().length - 50);
  });
});

describe('a job over HTTP', () => {
  /** Of a kind, as many as were submitted. */
  const jobsOf = (kind: JobKind): JobAccount[] => {
    const accounts = jobs.accounts.filter(({ job }) => job.kind === kind);
    expect(accounts).toHaveLength(DEMO[kind]);
    return accounts;
  };

  it('is accounted for', () => {
    expect(jobs.problems).toEqual([]);
    expect(jobs.isComplete).toBe(true);
    expect(new Set(jobs.accounts.flatMap(({ ids }) => ids)).size).toBe(60);
  });

  it.each<JobKind>(['plain', 'sent twice'])('succeeds with the invoice, made once, when it is %s', (kind) => {
    for (const { job, view, made } of jobsOf(kind)) {
      const { orderId, cents } = job.request;
      expect([orderId, view?.status, made.length]).toEqual([orderId, 'succeeded', 1]);
      expect(view?.result).toMatchObject({ orderId, netCents: cents, taxCents: expect.any(Number) });
    }
  });

  it('is one job when it is sent twice under one key', () => {
    for (const { job } of jobsOf('sent twice')) {
      const [first, second] = job.replies;
      expect([first?.status, second?.status]).toEqual([202, 202]);
      expect(first?.body.id).toBe(second?.body.id);
    }
  });

  it('fails with the reason, which its dead letter has too, when it can never succeed', () => {
    for (const { view, made, dead } of jobsOf('no tax rate')) {
      expect(view).toMatchObject({ status: 'failed', problem: { detail: 'no tax rate for AQ' } });
      expect(made).toEqual([]);
      expect(dead).toMatchObject([{ reason: 'no tax rate for AQ', receiveCount: 1 }]);
    }
  });

  it('is not done any more when it was cancelled', () => {
    for (const { job, view, made, dead } of jobsOf('cancelled')) {
      expect([job.cancellation?.status, view?.status]).toEqual([200, 'cancelled']);
      expect([made.length, dead.length]).toEqual([0, 0]);
    }
  });

  it('waits for its turn: no more than four start in a second', () => {
    expect(jobs.starts).toHaveLength(DEMO.plain + DEMO['sent twice']);
    // The first may be late by a second, which makes the way to the last shorter.
    expect(rateOf(jobs.starts)).toBeLessThan(4.5);
  });
});

describe('a record of the stream', () => {
  it('has its fate, once, those of a sensor in their order', () => {
    expect(readings.problems).toEqual([]);
    expect(readings.fates).toHaveLength(60);
  });

  it('is handled behind one that never can be', () => {
    const bad = readings.fates.filter(({ expected }) => expected.kind === 'permanently bad');
    expect(bad.map(({ done, dead }) => [done, dead.length])).toEqual([[0, 1]]);
    const sensor = bad[0]!.expected.id.slice(0, -2);
    const followers = readings.fates.filter(
      ({ expected: { id } }) => id.startsWith(sensor) && id > bad[0]!.expected.id,
    );
    expect(followers).not.toHaveLength(0);
    expect(followers.map(({ done }) => done)).toEqual(followers.map(() => 1));
  });
});

describe('an invocation', () => {
  const fatesOf = (kind: string) =>
    receipts.fates.filter(({ expected }) => expected.kind === kind).map(({ done, dead }) => [done, dead.length]);

  it('has its fate, once, after as many attempts as it should have', () => {
    expect(receipts.problems).toEqual([]);
    expect(receipts.fates).toHaveLength(12);
  });

  it('is done at a later attempt when it failed once', () => {
    expect(fatesOf('fails once')).toEqual([[1, 0]]);
  });

  it('is dead, with what it was handed over with, when it failed each time or never can be done', () => {
    expect(fatesOf('fails each time')).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(fatesOf('permanently bad')).toEqual([[0, 1]]);
  });
});

describe('an account', () => {
  it('has every command in its log once, and no version missing', () => {
    expect(accounts.problems).toEqual([]);
    expect(accounts.histories).toHaveLength(10);
    expect(accounts.histories.flatMap(({ events: all }) => all)).toHaveLength(100);
    for (const { accountId, events: all } of accounts.histories) {
      expect([accountId, all.map(({ version }) => version)]).toEqual([accountId, all.map((_, i) => i + 1)]);
    }
  });

  it('refuses what it has too little for, and says so', () => {
    const [overdraft] = accounts.fates.filter(({ expected }) => expected.kind === 'overdraft');
    expect(overdraft).toMatchObject({ done: 0, dead: [{ reason: expect.stringContaining('has too little for') }] });
  });

  it('has the balance that its events make, also when that is dropped and rebuilt by a replay', () => {
    expect(accounts.histories.map(({ isProjected }) => isProjected)).toEqual(accounts.histories.map(() => true));
    expect(rebuilt).toMatchObject({ accounts: 10, problems: [] });
    expect(rebuilt.replayed).toBeGreaterThanOrEqual(100);
  });
});
