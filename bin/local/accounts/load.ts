import { integer, seededRandom, shuffle } from '../random';

export type CommandKind = 'deposit' | 'withdrawal' | 'overdraft';

export interface Command {
  readonly kind: CommandKind;
  readonly accountId: string;
  readonly cents: number;
}

const ACCOUNTS = 10;
/** The first event of an account says that it was opened, so that ten accounts have 100 events. */
const PER_ACCOUNT = 9;
/** More than any account of this load can ever hold, with what it may be short of. */
const TOO_MUCH = 100_000_00;

/** Commands of ten accounts that interleave; one cannot be obeyed in whatever order they come. Pure. */
export function buildCommands(seed: number): Command[] {
  const random = seededRandom(seed);
  const commands = Array.from({ length: ACCOUNTS * PER_ACCOUNT }, (_, i): Command => {
    const accountId = `account-${String((i % ACCOUNTS) + 1).padStart(2, '0')}`;
    // An account may be short of 1,000 EUR: no more than four withdrawals of 100 each are always allowed.
    return i < ACCOUNTS * 5
      ? { kind: 'deposit', accountId, cents: integer(random, 1, 500_00) }
      : { kind: 'withdrawal', accountId, cents: integer(random, 1, 100_00) };
  });
  const overdraft: Command = { kind: 'overdraft', accountId: commands[0]!.accountId, cents: TOO_MUCH };
  return shuffle(random, [...commands, overdraft]);
}
