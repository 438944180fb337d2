import type { Outcome } from '../outcome';
import type { ItemIdentifier, StreamRecord } from './record';

/** What the outcomes of a batch ask of Lambda. */
export interface Checkpoint {
  /** What the reply names as failed. */
  readonly failures: readonly ItemIdentifier[];
  /** The first record that stands in the way, when none at all could be passed: nothing is won by a reply. */
  readonly blocked?: number;
}

/** Handled, or safe in the dead-letter queue: the shard may go on past it. */
export const isPassed = (outcome: Outcome | undefined): boolean => outcome?.kind === 'done' || outcome?.kind === 'dead';

/**
 * Pure. Of a shard the first record that is neither handled nor dead: Lambda goes on from there. Of a partition of Kafka
 * every such record: AWS says that those are retried, and if it goes on from the lowest, more of them change nothing.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 * https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
 */
export function checkpointOf(records: readonly StreamRecord[], outcomes: readonly Outcome[]): Checkpoint {
  const failures: ItemIdentifier[] = [];
  const seen = new Set<string>();
  const stopped = new Set<string>();
  let blocked: number | undefined;
  let progress = false;
  records.forEach(({ line, itemIdentifier }, i) => {
    const passed = isPassed(outcomes[i]);
    if (!seen.has(line)) {
      seen.add(line);
      if (passed) progress = true;
    }
    if (passed) return;
    blocked ??= i;
    if (typeof itemIdentifier === 'object' || !stopped.has(line)) failures.push(itemIdentifier);
    stopped.add(line);
  });
  return progress || blocked === undefined ? { failures } : { failures, blocked };
}
