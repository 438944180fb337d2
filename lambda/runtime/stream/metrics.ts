import type { Counts } from '../metrics';
import type { Outcome } from '../outcome';
import type { StreamRecord } from './record';

const METRIC_OF = { done: 'processed', retry: 'retried', dead: 'dead', deferred: 'deferred' } as const;

export function streamCountsOf(
  records: readonly StreamRecord[],
  outcomes: readonly Outcome[],
  startedAt: number,
): Counts {
  const counts = { processed: 0, retried: 0, dead: 0, deferred: 0 };
  for (const { kind } of outcomes) counts[METRIC_OF[kind]]++;
  let oldest = startedAt;
  for (const { location } of records) {
    if (location.arrivedAt !== undefined && location.arrivedAt < oldest) oldest = location.arrivedAt;
  }
  return { ...counts, age: startedAt - oldest };
}
