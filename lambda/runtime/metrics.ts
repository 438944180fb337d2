import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { METRIC } from '../../lib/private/contract';
import { numberIn, type Outcome } from './outcome';

/** What an invocation's outcomes add up to, and how old its oldest message was when it began, in milliseconds. */
export interface Counts {
  readonly processed: number;
  readonly retried: number;
  readonly dead: number;
  readonly deferred: number;
  readonly age: number;
}

const METRIC_OF = { done: 'processed', retry: 'retried', dead: 'dead', deferred: 'deferred' } as const;

export function countsOf(records: readonly SQSRecord[], outcomes: readonly Outcome[], startedAt: number): Counts {
  const counts = { processed: 0, retried: 0, dead: 0, deferred: 0 };
  for (const { kind } of outcomes) counts[METRIC_OF[kind]]++;
  let oldest = startedAt;
  for (const { attributes } of records) {
    const sent = numberIn(attributes?.SentTimestamp);
    if (sent > 0 && sent < oldest) oldest = sent;
  }
  return { ...counts, age: startedAt - oldest };
}

const NAMES = ['processed', 'retried', 'dead', 'deferred', 'age'] as const;

/** The part that is the same on every line. */
const SHAPE = JSON.stringify([
  {
    Namespace: METRIC.namespace,
    Dimensions: [[METRIC.dimension]],
    Metrics: NAMES.map((name) => ({ Name: METRIC[name], Unit: name === 'age' ? 'Milliseconds' : 'Count' })),
  },
]);

/**
 * One line of CloudWatch's embedded metric format: metrics without a call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsLine(worker: string, requestId: string | undefined, counts: Counts, now: number): string {
  const values = NAMES.map((name) => `"${METRIC[name]}":${counts[name]}`).join();
  const ids = JSON.stringify({ [METRIC.dimension]: worker, requestId }).slice(1);
  return `{"_aws":{"Timestamp":${now},"CloudWatchMetrics":${SHAPE}},${values},${ids}`;
}
