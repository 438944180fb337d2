import { Stage } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';

/** What a dashboard can show of a pattern; what is missing it has not. */
export interface View {
  /** Where its work waits. */
  readonly queue?: sqs.IQueue;
  readonly outcomes?: Outcomes;
  /** How old its work is, in milliseconds, where no queue tells. */
  readonly age?: cloudwatch.IMetric;
  /** In seconds; of others it is estimated. */
  readonly timeToDrain?: cloudwatch.IMetric;
  readonly pace?: PaceView;
  /** What else it counts. */
  readonly counts?: readonly cloudwatch.IMetric[];
  /** 1 while a circuit breaker is not closed. */
  readonly open?: cloudwatch.IMetric;
  readonly deadLetterQueues?: readonly sqs.IQueue[];
  /** What it costs beside its queues. */
  readonly functions?: readonly lambda.IFunction[];
  readonly tables?: readonly dynamodb.ITable[];
  readonly topic?: sns.ITopic;
  /** Requests that API Gateway takes. */
  readonly requests?: cloudwatch.IMetric;
}

export interface Outcomes {
  readonly processed: cloudwatch.IMetric;
  readonly retried: cloudwatch.IMetric;
  readonly dead: cloudwatch.IMetric;
  readonly deferred?: cloudwatch.IMetric;
}

export interface PaceView {
  /** What the downstream gets. */
  readonly actual: cloudwatch.IMetric;
  /** What the deployment lets it have; missing where each tenant has its own. */
  readonly limit?: number;
  readonly unit: string;
}

export interface Shown extends View {
  readonly path: string;
}

const views = new WeakMap<IConstruct, () => View>();

/** Has dashboards show a construct. What they show is asked for at synthesis, when all is made. */
export function shows(construct: IConstruct, view: () => View): void {
  views.set(construct, view);
}

/** All that a dashboard can show of a scope by now. Nothing of another stage: it cannot refer to that. */
export function shownIn(scope: IConstruct, dashboard: IConstruct): Shown[] {
  const stage = Stage.of(dashboard);
  return scope.node.findAll().flatMap((construct) => {
    const view = views.get(construct);
    return view && Stage.of(construct) === stage ? [{ path: construct.node.path, ...view() }] : [];
  });
}
