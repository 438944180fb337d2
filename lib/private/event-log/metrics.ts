import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { EVENT_LOG_METRIC, METRIC } from '../contract';

/** A metric that a function of an event log emits. */
export const eventLogMetric = (log: IConstruct, metricName: string, options?: MetricOptions): Metric =>
  new Metric({
    namespace: METRIC.namespace,
    metricName,
    dimensionsMap: { [EVENT_LOG_METRIC.dimension]: log.node.path },
    statistic: 'sum',
    ...options,
  }).attachTo(log);
