import type { DeadLetter } from '../dead-letters';
import { outOfOrder } from '../groups';
import type { SentMessage } from './send';

/** A row of the ledger: the handler finished a message. */
export interface Processed {
  readonly messageId: string;
  readonly receiveCount: number;
}

export interface Account {
  readonly message: SentMessage;
  readonly processed: readonly Processed[];
  readonly deadLetters: readonly DeadLetter[];
  /** A copy of it was processed. Once no queue holds it any more, it was acknowledged without being processed itself. */
  readonly duplicate: boolean;
  /** How often SQS handed it out, as far as was seen. */
  readonly receives: number;
}

export interface MessageBooks {
  readonly accounts: readonly Account[];
  /** FIFO groups whose messages were processed in another order than they were sent in. */
  readonly brokenGroups: readonly string[];
  /** Work that was to be done once and was done again. */
  readonly repeatedWork: readonly string[];
  /** Messages that are in a queue yet. */
  readonly waiting: number;
  /** Ids in the ledger or a dead-letter queue that nobody sent. */
  readonly strays: readonly string[];
}

export const isMissing = ({ processed, deadLetters, duplicate }: Account): boolean =>
  processed.length + deadLetters.length === 0 && !duplicate;

/** Of each group its messages, as they were sent. */
function groupsOf(sent: readonly SentMessage[]): Map<string, string[]> {
  const grouped = Map.groupBy(
    sent.filter(({ groupId }) => groupId !== undefined),
    ({ groupId }) => groupId!,
  );
  return new Map([...grouped].map(([groupId, members]) => [groupId, members.map(({ messageId }) => messageId)]));
}

/** How often each work was done that is to be done once. */
function timesDone(
  sent: readonly SentMessage[],
  rows: ReadonlyMap<string, readonly Processed[]>,
): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { work, messageId } of sent) {
    if (work !== undefined) times.set(work, (times.get(work) ?? 0) + (rows.get(messageId)?.length ?? 0));
  }
  return times;
}

/**
 * What became of every message. Pure.
 *
 * @param processed in the order in which a group's messages were processed
 */
export function account(
  sent: readonly SentMessage[],
  processed: readonly Processed[],
  deadLetters: readonly DeadLetter[],
  waiting = 0,
): MessageBooks {
  const rows = Map.groupBy(processed, ({ messageId }) => messageId);
  const letters = Map.groupBy(deadLetters, ({ messageId }) => messageId);
  const times = timesDone(sent, rows);
  const known = new Set(sent.map(({ messageId }) => messageId));
  return {
    accounts: sent.map((message) => {
      const own = rows.get(message.messageId) ?? [];
      const dead = letters.get(message.messageId) ?? [];
      return {
        message,
        processed: own,
        deadLetters: dead,
        duplicate: own.length + dead.length === 0 && message.work !== undefined && times.get(message.work)! > 0,
        receives: Math.max(0, ...[...own, ...dead].map(({ receiveCount }) => receiveCount)),
      };
    }),
    brokenGroups: outOfOrder(
      groupsOf(sent),
      processed.map(({ messageId }) => messageId),
    ),
    repeatedWork: [...times].filter(([, count]) => count > 1).map(([work]) => work),
    waiting,
    strays: [...new Set([...rows.keys(), ...letters.keys()])].filter((messageId) => !known.has(messageId)),
  };
}

/** What must not be, a line each: nothing if the books balance. */
export function problemsOf({ accounts, brokenGroups, repeatedWork, waiting, strays }: MessageBooks): string[] {
  return [
    ...accounts.filter(isMissing).map(({ message }) => `${message.id} (${message.kind}) is missing`),
    ...accounts
      .filter(({ processed, deadLetters }) => processed.length > 0 && deadLetters.length > 0)
      .map(({ message }) => `${message.id} (${message.kind}) was processed and is dead`),
    ...brokenGroups.map((groupId) => `group ${groupId} was processed out of order`),
    ...repeatedWork.map((work) => `${work} was to be done once and was done again`),
    ...(waiting > 0 ? [`the queues still hold ${waiting}`] : []),
    ...strays.map((messageId) => `message ${messageId} was not sent by us`),
  ];
}
