import type { DeadLetter } from '../../../../bin/local/dead-letters';
import { type Account, account, type MessageBooks, problemsOf } from '../../../../bin/local/messages/account';
import type { SentMessage } from '../../../../bin/local/messages/send';

const order = (id: string): SentMessage => ({
  id,
  messageId: `sqs-${id}`,
  worker: 'orders',
  kind: 'healthy',
  body: '{}',
  attributes: {},
});
const shipment = (id: string, groupId: string): SentMessage => ({ ...order(id), worker: 'shipments', groupId });
const payment = (id: string, work = 'payment'): SentMessage => ({ ...order(id), worker: 'payments', work });
const row = (id: string, receiveCount = 1) => ({ messageId: `sqs-${id}`, receiveCount });
const letter = (id: string, receiveCount = 1): DeadLetter => ({
  ...row(id, receiveCount),
  reason: 'because',
  body: '{}',
  groupId: undefined,
  attributes: {},
});
const only = (accounts: readonly Account[]): Account => {
  expect(accounts).toHaveLength(1);
  return accounts[0]!;
};

describe('account', () => {
  it('gives a processed message its rows, one for each time', () => {
    const { processed, deadLetters } = only(account([order('a')], [row('a', 1), row('a', 3)], []).accounts);
    expect(processed).toEqual([row('a', 1), row('a', 3)]);
    expect(deadLetters).toEqual([]);
  });

  it('gives a dead message its letters', () => {
    const { processed, deadLetters } = only(account([order('a')], [], [letter('a', 5)]).accounts);
    expect(processed).toEqual([]);
    expect(deadLetters).toEqual([letter('a', 5)]);
  });

  it.each([
    ['the ledger', account([order('a')], [row('a', 2)], [letter('a', 1)])],
    ['a dead letter', account([order('a')], [row('a', 1)], [letter('a', 2)])],
  ])('takes the highest receive count, be it in %s', (_, { accounts }) => {
    expect(only(accounts).receives).toBe(2);
  });

  it('counts no receives of a message that nobody saw', () => {
    expect(only(account([order('a')], [], []).accounts).receives).toBe(0);
  });

  it('names an id once that nobody sent', () => {
    expect(account([order('a')], [row('a'), row('x'), row('x')], [letter('y')]).strays).toEqual(['sqs-x', 'sqs-y']);
  });

  it('keeps messages with the same body apart', () => {
    const { accounts } = account([order('a'), order('b')], [row('b')], []);
    expect(accounts.map(({ processed }) => processed.length)).toEqual([0, 1]);
  });
});

describe('work that is done once', () => {
  const copies = ['a', 'b', 'c'].map((id) => payment(id));
  const duplicates = (books: MessageBooks): boolean[] => books.accounts.map(({ duplicate }) => duplicate);

  it('makes duplicates of the copies that were not processed', () => {
    expect(duplicates(account(copies, [row('b')], []))).toEqual([true, false, true]);
  });

  it.each([
    ['that is dead', account(copies.slice(0, 2), [row('a')], [letter('b')])],
    ['of other work', account([payment('a'), payment('b', 'other')], [row('a')], [])],
    ['without such work', account([order('a'), order('b')], [row('a')], [])],
    ['while none was processed', account(copies, [], [])],
  ])('makes no duplicate of a message %s', (_, books) => {
    expect(duplicates(books)).not.toContain(true);
  });

  it.each([
    ['for two copies', [row('a'), row('b')]],
    ['for one copy twice', [row('a', 1), row('a', 2)]],
  ])('is repeated when it was done %s', (_, rows) => {
    expect(account(copies, rows, []).repeatedWork).toEqual(['payment']);
  });

  it('is not repeated when each was done once', () => {
    expect(account([payment('a'), payment('b', 'other')], [row('a'), row('b')], []).repeatedWork).toEqual([]);
  });
});

describe('the order of groups', () => {
  const sent = ['a', 'b', 'c'].map((id) => shipment(id, 'g'));
  const brokenBy = (...ids: string[]) =>
    account(
      sent,
      ids.map((id) => row(id)),
      [],
    ).brokenGroups;

  it.each([
    ['all in order', ['a', 'b', 'c']],
    ['one that never came', ['a', 'c']],
    ['a batch that came twice', ['a', 'b', 'a', 'b', 'c']],
    ['none', []],
  ])('is kept by %s', (_, ids) => {
    expect(brokenBy(...ids)).toEqual([]);
  });

  it.each([
    ['one that overtook the first', ['b', 'a', 'c']],
    ['one that overtook the middle', ['a', 'c', 'b']],
    ['one that overtook its retry', ['b', 'c', 'a', 'b', 'c']],
  ])('is broken by %s', (_, ids) => {
    expect(brokenBy(...ids)).toEqual(['g']);
  });

  it('is nothing between groups, nor between orders', () => {
    const mixed = [shipment('a', 'g'), shipment('b', 'h'), order('c'), order('d')];
    expect(
      account(
        mixed,
        ['b', 'a', 'd', 'c'].map((id) => row(id)),
        [],
      ).brokenGroups,
    ).toEqual([]);
  });
});

describe('problemsOf', () => {
  it('is empty when every message was processed or is dead', () => {
    expect(problemsOf(account([order('a'), order('b')], [row('a')], [letter('b')]))).toEqual([]);
  });

  it('is empty when all copies but one were acknowledged as duplicates', () => {
    expect(problemsOf(account([payment('a'), payment('b')], [row('b')], []))).toEqual([]);
  });

  it('takes a message that was processed twice for no problem: delivery is at least once', () => {
    expect(problemsOf(account([order('a')], [row('a', 1), row('a', 2)], []))).toEqual([]);
  });

  it.each([
    ['a missing message', account([order('a')], [], []), 'a (healthy) is missing'],
    [
      'a message of two fates',
      account([order('a')], [row('a')], [letter('a')]),
      'a (healthy) was processed and is dead',
    ],
    [
      'work that was repeated',
      account([payment('a'), payment('b')], [row('a'), row('b')], []),
      'payment was to be done once and was done again',
    ],
    ['what was not done and is not dead', account([payment('a')], [], []), 'a (healthy) is missing'],
    ['what is in a queue yet', account([order('a')], [row('a')], [], 2), 'the queues still hold 2'],
    ['a stray', account([], [row('x')], []), 'message sqs-x was not sent by us'],
    [
      'a broken group',
      account([shipment('a', 'g'), shipment('b', 'g')], [row('b'), row('a')], []),
      'group g was processed out of order',
    ],
  ])('names %s', (_, books, problem) => {
    expect(problemsOf(books)).toEqual([problem]);
  });
});
