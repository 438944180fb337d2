import type { Alarm } from './abort-at';
import { describe, sentence } from './describe';
import type { Logger } from './log';
import type { Outcome } from './outcome';
import { flushAll } from './producer/pending';

/**
 * The outcomes once nothing is on its way that handlers sent without saying for which message: if some of it is not
 * accepted, any of them may be at fault, and all come back.
 */
export async function flushed(outcomes: Outcome[], log: Logger, alarm: Alarm): Promise<Outcome[]> {
  const errors = await flushAll(alarm.signal);
  alarm.clear();
  if (errors.length === 0) return outcomes;
  for (const error of errors) log.error('message not sent', { error: describe(error) });
  const retry: Outcome = { kind: 'retry', reason: sentence(describe(errors[0])) };
  return outcomes.map((outcome) => (outcome.kind === 'done' ? retry : outcome));
}
