import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from './alarm';

export interface WorkerAlarmsProps {
  /** How operators know the worker: its path. */
  readonly name: string;
  readonly queue: sqs.IQueue;
  readonly deadLetterQueue: sqs.IQueue;
  readonly function: lambda.IFunction;
  /** Seconds. */
  readonly maxAge: number;
  readonly alarmTopic?: sns.ITopic;
}

/** The alarms of a worker. Each description says what it means and what to do. */
export class WorkerAlarms extends Construct {
  readonly deadLetters: cloudwatch.Alarm;
  readonly age: cloudwatch.Alarm;
  readonly errors: cloudwatch.Alarm;
  readonly throttles: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: WorkerAlarmsProps) {
    super(scope, id);
    const { name, queue, deadLetterQueue, maxAge } = props;

    this.deadLetters = alarm(this, 'DeadLetters', props.alarmTopic, {
      runbook: 'dead-letters',
      alarmDescription:
        `${name}: messages are in the dead-letter queue. They are kept for 14 days and will not be retried. ` +
        'Runbook: read the attribute DeadLetterReason of one; fix the cause; redrive the queue.',
      // Not the number sent: SQS does not count what its redrive policy moves.
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'max',
      }),
      threshold: 1,
      evaluationPeriods: 1,
      // SQS stops reporting a queue that nobody has used for six hours: it is empty.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });

    this.age = alarm(this, 'Age', props.alarmTopic, {
      runbook: 'age',
      alarmDescription:
        `${name}: the oldest message has waited for more than ${maxAge} s; the worker does not keep up or has stopped. ` +
        'Runbook: is the event source mapping enabled? Do invocations throttle or time out? If it is load, raise ' +
        'maxConcurrency as far as the downstream bears.',
      metric: queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(1), statistic: 'max' }),
      threshold: maxAge,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      // An empty queue has no oldest message.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });

    this.errors = alarm(this, 'Errors', props.alarmTopic, {
      runbook: 'errors',
      alarmDescription:
        `${name}: whole invocations fail: the function crashed, ran out of memory or timed out. Their batches come back ` +
        "after the visibility timeout and spend receive counts. Runbook: read the end of the function's log; for timeouts " +
        'see what ignores its AbortSignal or blocks the event loop.',
      metric: props.function.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      // No invocations, no errors.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });

    this.throttles = alarm(this, 'Throttles', props.alarmTopic, {
      runbook: 'throttles',
      alarmDescription:
        `${name}: Lambda refuses invocations for lack of concurrency; waiting messages spend receive counts. Runbook: ` +
        "raise the reserved concurrency or the account's, or lower maxConcurrency.",
      metric: props.function.metricThrottles({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      // No invocations, no throttles.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}
