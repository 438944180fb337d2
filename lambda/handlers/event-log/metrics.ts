import { EVENT_LOG_METRIC, METRIC } from '../../../lib/private/contract';

/** A line of CloudWatch's embedded metric format with numbers of an event log. See ../../runtime/metrics. */
export const logMetrics = (log: string, values: Readonly<Record<string, number>>, now: number): string =>
  JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: METRIC.namespace,
          Dimensions: [[EVENT_LOG_METRIC.dimension]],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    [EVENT_LOG_METRIC.dimension]: log,
    ...values,
  });
