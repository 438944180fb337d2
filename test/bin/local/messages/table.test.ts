import type { DeadLetter } from '../../../../bin/local/dead-letters';
import { account } from '../../../../bin/local/messages/account';
import type { SentMessage } from '../../../../bin/local/messages/send';
import { progress, table } from '../../../../bin/local/messages/table';

const message = (id: string, more: Partial<SentMessage> = {}): SentMessage => ({
  id,
  messageId: id,
  worker: 'orders',
  kind: 'healthy',
  body: '{}',
  attributes: {},
  ...more,
});
const letter = (messageId: string, reason?: string): DeadLetter => ({
  messageId,
  receiveCount: 1,
  reason,
  body: '{}',
  groupId: undefined,
  attributes: {},
});

const books = account(
  [
    message('a'),
    message('b'),
    message('c'),
    message('d', { kind: 'permanently bad' }),
    message('e', { kind: 'permanently bad' }),
    message('f', { kind: 'hopeless', worker: 'shipments' }),
    message('g', { kind: 'sent three times', worker: 'payments', work: 'payment-001' }),
    message('h', { kind: 'sent three times', worker: 'payments', work: 'payment-001' }),
  ],
  [
    { messageId: 'a', receiveCount: 1 },
    { messageId: 'b', receiveCount: 1 },
    { messageId: 'b', receiveCount: 2 },
    { messageId: 'g', receiveCount: 1 },
  ],
  [letter('d', 'order-0001 has no items'), letter('e', 'order-0002 has no items'), letter('f')],
);

describe('table', () => {
  const lines = table(books).split('\n');
  const cells = (start: string) =>
    lines
      .find((line) => line.startsWith(start))!
      .trim()
      .split(/\s{2,}/);

  it.each([
    ['orders: healthy', ['3', '1', '1', '0', '1', '0', '1']],
    ['orders: permanently bad', ['2', '0', '0', '0', '0', '2', '0']],
    ['payments: sent three times', ['2', '1', '0', '1', '0', '0', '0']],
    ['shipments: hopeless', ['1', '0', '0', '0', '0', '1', '0']],
    ['total', ['8', '2', '1', '1', '1', '3', '1']],
  ])('counts %s', (title, counts) => {
    expect(lines[0]!.trim().split(/\s{2,}/)).toEqual([
      'sent',
      'processed once',
      'more than once',
      'duplicate',
      'retried',
      'dead',
      'missing',
    ]);
    expect(cells(title)).toEqual([title, ...counts]);
  });

  it('says how many charges the payments made', () => {
    expect(lines).toContain('Payments are charged once: 2 messages of 1 payments made 1 charges.');
  });

  it('adds up reasons that differ in the number of the order only', () => {
    expect(lines).toContainEqual(expect.stringMatching(/^ +2 {2}order-… has no items$/));
  });

  it('says so when a dead letter has no reason', () => {
    expect(lines).toContainEqual(expect.stringMatching(/^ +1 {2}no reason: moved by the redrive policy$/));
  });
});

describe('progress', () => {
  it('tells processed, duplicate, dead and outstanding apart', () => {
    expect(progress(books)).toBe('3 processed, 1 duplicate, 3 dead, 1 under way');
  });
});
