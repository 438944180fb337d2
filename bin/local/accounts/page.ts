import { count } from '../align';
import { type Expected, type Fates, fateProblems, fateProgress, fatesOf, fateTable, isMissing } from '../fates';
import { rowsOf } from '../ledger';
import type { Bookkeeper, Page } from '../page';
import { type Balance, balanceOf, isSame, type LogEvent, logOf } from './log';
import type { SentCommand } from './send';

/** The history of an account, and what the projection has made of it. */
export interface AccountHistory {
  readonly accountId: string;
  readonly events: readonly LogEvent[];
  readonly balance: Balance | undefined;
  readonly isProjected: boolean;
}

export interface AccountsPage extends Page, Fates {
  readonly histories: readonly AccountHistory[];
}

const nameOf = ({ kind, accountId, messageId }: SentCommand): string => `the ${kind} of ${accountId} (${messageId})`;

const expectedOf = (command: SentCommand): Expected => ({
  id: nameOf(command),
  kind: command.kind,
  ...(command.kind === 'overdraft' && { deadBecause: /has too little for \d+ cents/ }),
});

const isGapless = ({ events }: AccountHistory): boolean => events.every(({ version }, i) => version === i + 1);
const isOpenedOnce = ({ events }: AccountHistory): boolean =>
  events[0]?.type === 'AccountOpened' && count(events, ({ type }) => type === 'AccountOpened') === 1;

function historyProblems(history: AccountHistory): (string | undefined)[] {
  const { accountId, events, balance, isProjected } = history;
  return [
    isGapless(history) ? undefined : `${accountId} has versions ${events.map(({ version }) => version).join(', ')}`,
    isOpenedOnce(history) ? undefined : `${accountId} was not opened once, before all else`,
    isProjected
      ? undefined
      : `the balance of ${accountId} is ${JSON.stringify(balance)}, and its events make ${JSON.stringify(balanceOf(accountId, events))}`,
  ];
}

/** A command must have made the event that it asked for, no other. */
const isOf = ({ kind, accountId, cents }: SentCommand, event: LogEvent): boolean =>
  event.accountId === accountId &&
  event.cents === cents &&
  event.type === (kind === 'deposit' ? 'MoneyDeposited' : 'MoneyWithdrawn');

/** What became of the commands, and whether the balances are what the log says. */
export const accountsPage =
  (sent: readonly SentCommand[]): Bookkeeper<AccountsPage> =>
  ({ rows, logRows, deadLetters, waiting }) => {
    const log = logOf(logRows);
    const balances = new Map(rowsOf<Balance>(rows, 'balance').map((balance) => [balance.accountId, balance]));
    const byMessage = new Map(sent.map((command) => [command.messageId, command]));
    const idOf = (messageId = 'a message without an id') => {
      const command = byMessage.get(messageId);
      return command ? nameOf(command) : messageId;
    };
    const changes = [...log.values()].flat().filter(({ type }) => type !== 'AccountOpened');
    const fates = fatesOf(
      sent.map(expectedOf),
      changes.map(({ causationId }) => idOf(causationId)),
      deadLetters.accounts.map(({ messageId, reason }) => ({ id: idOf(messageId), reason })),
    );
    const accountIds = [...new Set([...sent.map(({ accountId }) => accountId), ...log.keys(), ...balances.keys()])];
    const histories = accountIds.sort().map((accountId): AccountHistory => {
      const events = log.get(accountId) ?? [];
      const balance = balances.get(accountId);
      return { accountId, events, balance, isProjected: isSame(balance, balanceOf(accountId, events)) };
    });
    const wrong = changes.filter((event) => {
      const command = byMessage.get(event.causationId ?? '');
      return command !== undefined && !isOf(command, event);
    });
    const left = waiting.accounts + waiting.balances;
    const projected = count(histories, ({ isProjected }) => isProjected);
    const eventCount = histories.reduce((sum, { events }) => sum + events.length, 0);
    return {
      ...fates,
      histories,
      isComplete: left === 0 && !fates.fates.some(isMissing) && projected === histories.length,
      problems: [
        ...fateProblems(fates),
        ...histories.flatMap(historyProblems).filter((problem) => problem !== undefined),
        ...wrong.map(({ type, causationId }) => `${idOf(causationId)} became a ${type} of something else`),
        ...deadLetters.balances.map(({ reason }) => `an event is dead at Balances: ${reason}`),
        ...(left > 0 ? [`the queues of the accounts still hold ${left} messages`] : []),
      ],
      progress: () => fateProgress('commands', fates),
      table: () =>
        [
          fateTable('commands to accounts', fates),
          `The log has ${eventCount} events of ${histories.length} accounts, ${count(histories, isGapless)} without a gap; ${projected} balances are what their events make.`,
        ].join('\n'),
      verdict: () =>
        `All ${sent.length} commands are accounted for, every version of every account is there once, every balance is a fold over its events.`,
    };
  };
