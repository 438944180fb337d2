import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

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
  readonly failures: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: WorkerAlarmsProps) {
    super(scope, id);
    const { name, queue, deadLetterQueue, maxAge } = props;

    this.deadLetters = this.alarm('DeadLetters', props, {
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

    this.age = this.alarm('Age', props, {
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

    this.failures = this.alarm('Failures', props, {
      alarmDescription:
        `${name}: invocations fail as a whole (Errors: crash, timeout, out of memory) or are refused (Throttles). Their ` +
        'batches come back after the visibility timeout and spend receive counts. Runbook: see which of the two; read the ' +
        "function's log for errors, or raise its concurrency for throttles.",
      metric: new cloudwatch.MathExpression({
        // Lambda reports no errors of a function that is throttled whole: the missing half counts as none.
        expression: 'FILL(errors, 0) + FILL(throttles, 0)',
        label: 'Errors + Throttles',
        period: Duration.minutes(5),
        usingMetrics: {
          errors: props.function.metricErrors({ period: Duration.minutes(5) }),
          throttles: props.function.metricThrottles({ period: Duration.minutes(5) }),
        },
      }),
      threshold: 1,
      evaluationPeriods: 1,
      // No invocations, no failures.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  private alarm(
    id: string,
    { alarmTopic }: WorkerAlarmsProps,
    props: cloudwatch.AlarmProps & Required<Pick<cloudwatch.AlarmProps, 'alarmDescription' | 'treatMissingData'>>,
  ): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(this, id, {
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      ...props,
    });
    if (alarmTopic) alarm.addAlarmAction(new SnsAction(alarmTopic));
    return alarm;
  }
}
