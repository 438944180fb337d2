import { BREAKER_METRIC, METRIC } from '../../../lib/private/contract';

/** A line of CloudWatch's embedded metric format with one number of a breaker. See ../metrics. */
export const breakerMetric = (breaker: string, name: string, value: number, now: number): string =>
  JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: METRIC.namespace,
          Dimensions: [[BREAKER_METRIC.dimension]],
          Metrics: [{ Name: name, Unit: 'Count' }],
        },
      ],
    },
    [BREAKER_METRIC.dimension]: breaker,
    [name]: value,
  });
