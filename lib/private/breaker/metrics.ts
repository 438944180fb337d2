import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { BREAKER_METRIC, METRIC } from '../contract';

/** A metric that a circuit breaker's controller or its workers emit. */
export const breakerMetric = (breaker: IConstruct, metricName: string, options: MetricOptions): Metric =>
  new Metric({
    namespace: METRIC.namespace,
    metricName,
    dimensionsMap: { [BREAKER_METRIC.dimension]: breaker.node.path },
    ...options,
  }).attachTo(breaker);
