import { type NewEvent, PermanentError, worker } from 'cdk-async-patterns/runtime';
import { z } from 'zod';
import { type AccountEvents, account, log, NO_ACCOUNT } from './account-log';

const OVERDRAFT_CENTS = 1_000_00;

const Command = z.object({
  accountId: z.string().min(1),
  action: z.enum(['deposit', 'withdraw']),
  cents: z.number().int().positive(),
});

/** Decides what happens to an account. Whoever was slower than another decides again, on what has happened meanwhile. */
export const handler = worker({
  schema: Command,
  async process({ accountId, action, cents }, context) {
    const accounts = log.with(context).aggregate({ initial: NO_ACCOUNT, reducer: account });
    await accounts.execute(
      accountId,
      (state): NewEvent<AccountEvents>[] => {
        if (action === 'withdraw' && cents > state.cents + OVERDRAFT_CENTS) {
          throw new PermanentError(`${accountId} has too little for ${cents} cents`);
        }
        return [
          ...(state.isOpen ? [] : [{ type: 'AccountOpened' as const, data: { currency: 'EUR' } }]),
          { type: action === 'deposit' ? 'MoneyDeposited' : 'MoneyWithdrawn', data: { cents } },
        ];
      },
      // A command that is delivered again has happened already.
      { appendId: context.messageId },
    );
    context.log.info('account changed', { accountId, action });
  },
});
