import { ORIGIN } from '../../../lib/private/contract';
import type { DeadLetter } from '../dead-letters';
import { historyOf, rowsOf } from '../ledger';
import type { SentMessage } from '../messages/send';
import type { Bookkeeper, Page } from '../page';
import { account, type Booking, type Copy, type DeadCopy, type EventBooks, isMissing } from './account';
import { SUBSCRIBERS } from './expect';
import { problemsOf } from './problems';
import { progress, table } from './table';

export type EventsPage = Page & EventBooks;

const deadCopyOf = ({ messageId, receiveCount, reason, body, groupId, attributes }: DeadLetter): DeadCopy => ({
  messageId,
  receiveCount,
  reason,
  groupId,
  orderId: (JSON.parse(body) as { orderId: string }).orderId,
  correlationId: attributes[ORIGIN.correlationId],
  causationId: attributes[ORIGIN.causationId],
});

/** What became of the copies of the events that orders made. */
export const eventsPage =
  (sent: readonly SentMessage[]): Bookkeeper<EventsPage> =>
  ({ rows, deadLetters, waiting }) => {
    const books = account(
      sent.filter(({ worker }) => worker === 'orders'),
      {
        bookings: rowsOf<Booking>(rows, 'order'),
        handled: {
          timeline: historyOf<Copy>(rows, 'timeline'),
          largeOrders: rowsOf<Copy>(rows, 'large-order'),
          broken: [],
        },
        dead: {
          timeline: deadLetters.timeline.map(deadCopyOf),
          largeOrders: deadLetters.largeOrders.map(deadCopyOf),
          broken: deadLetters.broken.map(deadCopyOf),
        },
        waiting: SUBSCRIBERS.reduce((sum, subscriber) => sum + waiting[subscriber], 0),
      },
    );
    return {
      ...books,
      isComplete: books.waiting === 0 && !books.accounts.some(({ deliveries }) => deliveries.some(isMissing)),
      problems: problemsOf(books),
      progress: () => progress(books),
      table: () => table(books),
      verdict: () =>
        'Every copy of every event is accounted for: none missing, none too many, none that its filter keeps away, each customer in order.',
    };
  };
