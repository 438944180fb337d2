import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { abortAt } from './abort-at';
import type { Config } from './config';
import type { Edge } from './edge';
import { changeVisibility, type SqsCalls, sendDeadLetters } from './effects';
import type { Logger } from './log';
import type { Outcome } from './outcome';
import { planOf, withoutLost } from './plan';

export interface Settlement {
  readonly edge: Pick<Edge, 'now' | 'random'>;
  readonly calls: SqsCalls;
  readonly config: Config;
  readonly log: Logger;
  /** When the reply can wait no longer, in milliseconds since the epoch. */
  readonly replyBy: number;
}

/**
 * Carries out what the outcomes ask, in the order that loses nothing: dead letters are sent first, and a record whose
 * letter was not accepted is reported failed like any other.
 */
export async function settle(
  { edge, calls, config, log, replyBy }: Settlement,
  records: readonly SQSRecord[],
  outcomes: readonly Outcome[],
  startedAt: number,
): Promise<{ outcomes: readonly Outcome[]; failures: readonly string[] }> {
  const alarm = abortAt(replyBy, edge.now());
  const effects = { calls, log, alarm, random: edge.random };
  const policy = { backoff: config.backoff, startedAt };
  const planNow = (from: readonly Outcome[]) => planOf(records, from, policy, edge.now(), edge.random);
  try {
    let settled = outcomes;
    let plan = planNow(settled);
    const lost = config.deadLetterQueueUrl
      ? await sendDeadLetters(effects, config.deadLetterQueueUrl, plan.deadLetters)
      : new Set(plan.deadLetters.map(({ messageId }) => messageId));
    if (lost.size > 0) {
      settled = withoutLost(records, settled, lost);
      plan = planNow(settled);
    }
    if (config.queueUrl) await changeVisibility(effects, config.queueUrl, plan.visibility);
    return { outcomes: settled, failures: plan.failures };
  } finally {
    alarm.clear();
  }
}
