import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import type { BackoffSpec } from '../../lib/private/contract';
import { backoffSeconds } from './backoff';
import { deferSeconds } from './breaker/defer';
import { type DeadLetter, deadLetterOf } from './dead-letter';
import { groupOf, isFifo } from './envelope';
import { DEFERRED, type Outcome, receiveCountOf } from './outcome';

export interface VisibilityChange {
  readonly messageId: string;
  readonly receiptHandle: string;
  /** Seconds from now until the message can be received again. */
  readonly seconds: number;
}

/** What the outcomes of a batch ask of SQS. */
export interface Plan {
  /** Messages to move before the reply deletes them. */
  readonly deadLetters: readonly DeadLetter[];
  /** When the failed come back. */
  readonly visibility: readonly VisibilityChange[];
  /** The ids of the messages that must not be deleted, in the order of the records. */
  readonly failures: readonly string[];
}

export interface PlanPolicy {
  readonly backoff: BackoffSpec;
  /** When the invocation began, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/**
 * A message may be invisible for 12 hours from its receive, which was up to the longest batching window (300 s) before the
 * invocation began. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
 */
const longestDelay = (startedAt: number, now: number): number =>
  Math.max(0, 12 * 3600 - 300 - Math.ceil((now - startedAt) / 1000));

/** In a FIFO batch, whatever follows a failure in its group fails with it: a success after it would overtake it. */
const closeGroups = (records: readonly SQSRecord[], outcomes: readonly Outcome[]): readonly Outcome[] => {
  const blocked = new Set<string>();
  return outcomes.map((outcome, i) => {
    const group = groupOf(records[i]!);
    if (blocked.has(group)) return DEFERRED;
    if (outcome.kind === 'retry' || outcome.kind === 'deferred') blocked.add(group);
    return outcome;
  });
};

const delayOf = (
  outcome: Outcome & { kind: 'retry' | 'deferred' },
  record: SQSRecord,
  backoff: BackoffSpec,
  now: number,
  random: () => number,
): number => {
  if (outcome.kind === 'deferred') {
    if (outcome.until === undefined) return 0;
    return outcome.exact
      ? Math.max(0, Math.ceil((outcome.until - now) / 1000))
      : deferSeconds(outcome.until, now, random());
  }
  return Math.ceil(outcome.after ?? backoffSeconds(backoff, receiveCountOf(record), random()));
};

/** Pure: records and what became of them in, what to ask of SQS out. An outcome that is missing counts as never started. */
export function planOf(
  records: readonly SQSRecord[],
  outcomes: readonly Outcome[],
  { backoff, startedAt }: PlanPolicy,
  now: number,
  random: () => number,
): Plan {
  const fifo = isFifo(records);
  const cap = longestDelay(startedAt, now);
  const letters = records.map((record, i) => {
    const outcome = outcomes[i];
    return outcome?.kind === 'dead' ? deadLetterOf(record, outcome.reason, now) : undefined;
  });
  const feasible = records.map((_, i): Outcome => {
    const outcome = outcomes[i] ?? DEFERRED;
    return outcome.kind === 'dead' && !letters[i] ? { kind: 'retry', reason: outcome.reason, after: 0 } : outcome;
  });
  const closed = fifo ? closeGroups(records, feasible) : feasible;

  const deadLetters: DeadLetter[] = [];
  const visibility: VisibilityChange[] = [];
  const failures = new Set<string>();
  const groupDelay = new Map<string, number>();
  closed.forEach((outcome, i) => {
    const { messageId, receiptHandle } = records[i]!;
    if (outcome.kind === 'dead') deadLetters.push(letters[i]!);
    if (outcome.kind === 'done' || outcome.kind === 'dead') return;
    failures.add(messageId);
    let seconds = delayOf(outcome, records[i]!, backoff, now, random);
    if (fifo) {
      // A group comes back together: a member that rests longer than its first would hold up the group all the same.
      const group = groupOf(records[i]!);
      seconds = groupDelay.get(group) ?? seconds;
      groupDelay.set(group, seconds);
    }
    if (receiptHandle) visibility.push({ messageId, receiptHandle, seconds: Math.min(cap, seconds) });
  });
  return { deadLetters, visibility, failures: [...failures] };
}

/** The outcomes once it is known which dead letters were not accepted: those records stay where they are. */
export const withoutLost = (
  records: readonly SQSRecord[],
  outcomes: readonly Outcome[],
  lost: ReadonlySet<string>,
): readonly Outcome[] =>
  outcomes.map((outcome, i) =>
    outcome.kind === 'dead' && lost.has(records[i]!.messageId)
      ? { kind: 'retry', reason: `the dead-letter queue did not take it: ${outcome.reason}` }
      : outcome,
  );
