import { rowsOf } from '../ledger';
import type { AskingBookkeeper, Page } from '../page';
import { account, isSettled, type JobBooks, type Made } from './account';
import type { InvoicesClient } from './client';
import { problemsOf } from './problems';
import type { SubmittedJob } from './submit';
import { progress, table } from './table';
import { JobsWatch } from './watch';

export type JobsPage = Page & JobBooks;

/** What became of the jobs, as the API tells it and as the handler has written it down, and at what pace. */
export function jobsPage(
  client: Pick<InvoicesClient, 'see'>,
  jobs: readonly SubmittedJob[],
): AskingBookkeeper<JobsPage> {
  const watch = new JobsWatch(client, jobs);
  return async ({ rows, deadLetters, waiting }) => {
    const books = account(jobs, {
      views: await watch.look(),
      made: rowsOf<Made>(rows, 'invoice'),
      dead: deadLetters.invoices,
      waiting: waiting.invoices,
    });
    return {
      ...books,
      isComplete: books.waiting === 0 && books.accounts.every(isSettled),
      problems: problemsOf(books),
      progress: () => progress(books),
      table: () => table(books),
      verdict: () =>
        `All ${jobs.length} jobs have ended as they must: none missing, none made twice, none faster than the pace.`,
    };
  };
}
