import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { METRIC } from '../../lib/private/contract';
import type { Outcome } from './outcome';

export interface Counts {
  readonly processed: number;
  readonly retried: number;
  readonly dead: number;
  readonly deferred: number;
  /** Milliseconds. */
  readonly age: number;
}

/**
 * One line of CloudWatch's embedded metric format: metrics without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsLine(worker: string, requestId: string | undefined, counts: Counts, now: number): string {
  const values: Record<string, number> = {
    [METRIC.processed]: counts.processed,
    [METRIC.retried]: counts.retried,
    [METRIC.dead]: counts.dead,
    [METRIC.deferred]: counts.deferred,
    [METRIC.age]: counts.age,
  };
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: METRIC.namespace,
          Dimensions: [[METRIC.dimension]],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: Name === METRIC.age ? 'Milliseconds' : 'Count' })),
        },
      ],
    },
    [METRIC.dimension]: worker,
    requestId,
    ...values,
  });
}

const METRIC_OF = { done: 'processed', retry: 'retried', dead: 'dead', deferred: 'deferred' } as const;

/** What an invocation's outcomes add up to, and how old its oldest message was when it began. */
export function countsOf(records: readonly SQSRecord[], outcomes: readonly Outcome[], startedAt: number): Counts {
  const counts = { processed: 0, retried: 0, dead: 0, deferred: 0 };
  for (const { kind } of outcomes) counts[METRIC_OF[kind]]++;
  let oldest = startedAt;
  for (const { attributes } of records) {
    const sent = Number(attributes?.SentTimestamp);
    if (sent < oldest) oldest = sent;
  }
  return { ...counts, age: startedAt - oldest };
}
