import { eventLog, type RecordedEvent } from 'cdk-async-patterns/runtime';
import { z } from 'zod';

const Amount = z.object({ cents: z.number().int().positive() });

/** What happens to an account. */
export interface AccountEvents {
  AccountOpened: { readonly currency: string };
  MoneyDeposited: { readonly cents: number };
  MoneyWithdrawn: { readonly cents: number };
}

export const log = eventLog<AccountEvents>('AccountLog', {
  schemas: {
    AccountOpened: z.object({ currency: z.string().length(3) }),
    MoneyDeposited: Amount,
    MoneyWithdrawn: Amount,
  },
});

export interface Account {
  readonly isOpen: boolean;
  readonly cents: number;
}

export const NO_ACCOUNT: Account = { isOpen: false, cents: 0 };

/** What an event makes of an account: for who decides and for who projects. */
export function account(state: Account, event: RecordedEvent<AccountEvents>): Account {
  switch (event.type) {
    case 'AccountOpened':
      return { ...state, isOpen: true };
    case 'MoneyDeposited':
      return { ...state, cents: state.cents + event.data.cents };
    case 'MoneyWithdrawn':
      return { ...state, cents: state.cents - event.data.cents };
  }
}
