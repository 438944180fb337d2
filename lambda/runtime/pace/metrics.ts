import { METRIC, PACE_METRIC } from '../../../lib/private/contract';
import type { Gauge } from './gauge';

const SHAPE = [
  {
    Namespace: METRIC.namespace,
    Dimensions: [[METRIC.dimension]],
    Metrics: [
      { Name: PACE_METRIC.timeToDrain, Unit: 'Seconds' },
      { Name: PACE_METRIC.backlog, Unit: 'Count' },
      { Name: PACE_METRIC.rate, Unit: 'Count/Second' },
    ],
  },
];

/** A line of CloudWatch's embedded metric format with a gauge. See ../metrics. */
export const gaugeLine = (worker: string, { at, drain, backlog, rate }: Gauge): string =>
  JSON.stringify({
    _aws: { Timestamp: at, CloudWatchMetrics: SHAPE },
    [METRIC.dimension]: worker,
    [PACE_METRIC.timeToDrain]: drain,
    [PACE_METRIC.backlog]: backlog,
    [PACE_METRIC.rate]: rate,
  });
