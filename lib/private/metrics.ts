import { Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { BREAKER_METRIC, EVENT_LOG_METRIC, METRIC } from './contract';

/** A metric that our code in Lambda emits for a construct: the dimension holds its path. */
const emitted =
  (dimension: string, defaults?: MetricOptions) =>
  (construct: IConstruct, metricName: string, options?: MetricOptions): Metric =>
    new Metric({
      namespace: METRIC.namespace,
      metricName,
      dimensionsMap: { [dimension]: construct.node.path },
      ...defaults,
      ...options,
    }).attachTo(construct);

/** A metric that the runtime of this worker emits. */
export const workerMetric = emitted(METRIC.dimension, { statistic: 'sum' });
/** A metric that a function of an event log emits. */
export const eventLogMetric = emitted(EVENT_LOG_METRIC.dimension, { statistic: 'sum' });
/** A metric that a circuit breaker's controller or its workers emit. */
export const breakerMetric = emitted(BREAKER_METRIC.dimension);
