import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { METRIC } from './contract';

/** A metric that the runtime of this worker emits. */
export const workerMetric = (worker: IConstruct, metricName: string, options?: MetricOptions): Metric =>
  new Metric({
    namespace: METRIC.namespace,
    metricName,
    dimensionsMap: { [METRIC.dimension]: worker.node.path },
    statistic: 'sum',
    ...options,
  }).attachTo(worker);
