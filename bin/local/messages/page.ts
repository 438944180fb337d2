import { historyOf, rowsOf } from '../ledger';
import type { Bookkeeper, Page } from '../page';
import { account, isMissing, type MessageBooks, type Processed, problemsOf } from './account';
import { WORKERS } from './load';
import type { SentMessage } from './send';
import { progress, table } from './table';

export type MessagesPage = Page & MessageBooks;

/** What became of the messages that were sent to the workers, and how often the work was done. */
export const messagesPage =
  (sent: readonly SentMessage[]): Bookkeeper<MessagesPage> =>
  ({ rows, deadLetters, waiting }) => {
    const books = account(
      sent,
      [
        ...rowsOf<Processed>(rows, 'order'),
        ...rowsOf<Processed>(rows, 'payment'),
        ...historyOf<Processed>(rows, 'parcel'),
      ],
      WORKERS.flatMap((worker) => deadLetters[worker]),
      WORKERS.reduce((sum, worker) => sum + waiting[worker], 0),
    );
    return {
      ...books,
      isComplete: books.waiting === 0 && !books.accounts.some(isMissing),
      problems: problemsOf(books),
      progress: () => progress(books),
      table: () => table(books),
      verdict: () => `All ${sent.length} messages are accounted for, every payment made once, every group in order.`,
    };
  };
