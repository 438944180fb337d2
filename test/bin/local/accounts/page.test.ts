import { buildCommands } from '../../../../bin/local/accounts/load';
import { accountsPage } from '../../../../bin/local/accounts/page';
import type { SentCommand } from '../../../../bin/local/accounts/send';
import type { Sight } from '../../../../bin/local/page';
import { idle, letter, none, sight } from '../sight';

const command = (messageId: string, kind: SentCommand['kind'], cents: number): SentCommand => ({
  ...{ messageId, kind, cents, accountId: 'a' },
});
const sent = [command('m-1', 'deposit', 500), command('m-2', 'withdrawal', 200), command('m-3', 'overdraft', 9_000)];
const event = (version: number, type: string, data: object, causationId: string) => ({
  pk: 'a',
  sk: String(version).padStart(16, '0'),
  ...{ type, data: JSON.stringify(data), causationId },
});
const opened = event(1, 'AccountOpened', { currency: 'EUR' }, 'm-1');
const deposited = event(2, 'MoneyDeposited', { cents: 500 }, 'm-1');
const withdrawn = event(3, 'MoneyWithdrawn', { cents: 200 }, 'm-2');
const mark = { pk: 'a', sk: 'append#m-1' };
const logRows = [withdrawn, mark, opened, deposited];
const balance = (cents: number, version: number) => ({
  pk: 'balance#a',
  sk: 'balance',
  ...{ accountId: 'a', state: { isOpen: true, cents }, version },
});
const refused = letter({}, 'a has too little for 9000 cents', { messageId: 'm-3' });
const buried = none({ accounts: [refused] });

const pageOf = (
  rows: readonly object[] = [balance(300, 3)],
  more: { logRows?: readonly object[] } & Partial<Pick<Sight, 'deadLetters' | 'waiting'>> = {},
) => accountsPage(sent)(sight(rows, { logRows, deadLetters: buried, ...more }));

describe('the load of commands', () => {
  it('makes 100 events of ten accounts, none short of more than 1,000 EUR in whatever order, and one overdraft', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const commands = buildCommands(seed);
      expect(commands).toEqual(buildCommands(seed));
      const accounts = Map.groupBy(commands, ({ accountId }) => accountId);
      expect(accounts.size).toBe(10);
      expect(commands.filter(({ kind }) => kind !== 'overdraft').length + accounts.size).toBe(100);
      expect(commands.filter(({ kind }) => kind === 'overdraft')).toHaveLength(1);
      for (const own of accounts.values()) {
        const sum = (kind: string) =>
          own.filter((each) => each.kind === kind).reduce((total, { cents }) => total + cents, 0);
        expect(sum('withdrawal')).toBeLessThanOrEqual(1_000_00);
        expect(sum('overdraft') === 0 || sum('overdraft') > 1_000_00 + sum('deposit')).toBe(true);
      }
    }
  });
});

describe('the page of accounts', () => {
  it('is complete, and names no problem, when the log has each command and the balance is a fold over it', () => {
    expect(pageOf()).toMatchObject({ isComplete: true, problems: [] });
  });

  it.each<[string, ReturnType<typeof pageOf>, RegExp[]]>([
    [
      'a command is missing',
      pageOf([balance(500, 2)], { logRows: [opened, deposited] }),
      [/^the withdrawal .* is missing$/],
    ],
    [
      'a command was obeyed twice',
      pageOf([balance(100, 4)], { logRows: [...logRows, event(4, 'MoneyWithdrawn', { cents: 200 }, 'm-2')] }),
      [/^the withdrawal .* was done 2 times/],
    ],
    [
      'a version is missing',
      pageOf([balance(300, 3)], { logRows: [opened, deposited, { ...withdrawn, sk: '0000000000000004' }] }),
      [/^a has versions 1, 2, 4$/],
    ],
    [
      'an account was opened twice',
      pageOf([balance(300, 4)], { logRows: [...logRows, event(4, 'AccountOpened', { currency: 'EUR' }, 'm-2')] }),
      [/^a was not opened once/],
    ],
    ['a balance is another', pageOf([balance(301, 3)]), [/^the balance of a is .*301/]],
    ['a balance is of an earlier version', pageOf([balance(300, 2)]), [/^the balance of a is .*"version":2/]],
    ['a balance is missing', pageOf([]), [/^the balance of a is undefined/]],
    [
      'an event is not what was asked for',
      pageOf([balance(299, 3)], { logRows: [opened, deposited, event(3, 'MoneyWithdrawn', { cents: 201 }, 'm-2')] }),
      [/^the withdrawal .* became a MoneyWithdrawn of something else$/],
    ],
    [
      'the overdraft was allowed',
      pageOf([balance(-8_700, 4)], {
        logRows: [...logRows, event(4, 'MoneyWithdrawn', { cents: 9_000 }, 'm-3')],
        deadLetters: none(),
      }),
      [/^the overdraft .* was done, and should be dead$/],
    ],
    [
      'the projection gave an event up',
      pageOf(undefined, { deadLetters: none({ accounts: [refused], balances: [letter({}, 'why')] }) }),
      [/^an event is dead at Balances: why$/],
    ],
    [
      'nobody sent what was obeyed',
      pageOf([balance(301, 4)], { logRows: [...logRows, event(4, 'MoneyDeposited', { cents: 1 }, 'm-9')] }),
      [/^m-9 was not sent by us$/],
    ],
  ])('names it when %s', (_, page, problems) => {
    expect(page.problems).toEqual(problems.map((problem) => expect.stringMatching(problem)));
  });

  it.each([
    ['a queue holds something yet', pageOf(undefined, { waiting: idle({ balances: 1 }) })],
    ['a balance is behind', pageOf([balance(500, 2)])],
    ['a dead letter is missing', pageOf(undefined, { deadLetters: none() })],
  ])('is not complete while %s', (_, page) => {
    expect(page.isComplete).toBe(false);
  });
});
