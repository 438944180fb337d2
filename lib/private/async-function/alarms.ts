import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from '../alarm';

export interface AsyncAlarmsProps {
  /** How operators know the function: its path. */
  readonly name: string;
  readonly function: lambda.IFunction;
  readonly dropped: cloudwatch.IMetric;
  readonly age: cloudwatch.IMetric;
  readonly undelivered: cloudwatch.IMetric;
  /** The function's own, where failures go. */
  readonly deadLetterQueue?: sqs.IQueue;
  /** Of a function that has a dead-letter queue beside its destinations. */
  readonly deadLetterErrors?: cloudwatch.IMetric;
  /** Seconds. */
  readonly maxAge: number;
  readonly alarmTopic?: sns.ITopic;
}

// Lambda reports none of these while there is nothing to count, and SQS no queue that nobody has used for six hours.
const ANY = { threshold: 1, evaluationPeriods: 1, treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING };

/** The alarms of an asynchronous function. Each description says what it means and what to do. */
export class AsyncAlarms extends Construct {
  readonly dropped: cloudwatch.Alarm;
  readonly age: cloudwatch.Alarm;
  readonly undelivered: cloudwatch.Alarm;
  readonly errors: cloudwatch.Alarm;
  readonly throttles: cloudwatch.Alarm;
  readonly deadLetters?: cloudwatch.Alarm;
  readonly deadLetterErrors?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: AsyncAlarmsProps) {
    super(scope, id);
    const { name, alarmTopic, maxAge } = props;

    this.dropped = alarm(this, 'Dropped', alarmTopic, {
      runbook: 'dropped',
      ...ANY,
      alarmDescription:
        `${name}: Lambda has given events up: their attempts are spent, or they waited for too long. It has sent them to ` +
        'the failure destination. Runbook: read requestContext.condition and responsePayload of a record there; fix the ' +
        'cause, or the concurrency if it is EventAgeExceeded; invoke the function again with requestPayload.',
      metric: props.dropped,
    });

    this.age = alarm(this, 'Age', alarmTopic, {
      runbook: 'age',
      ...ANY,
      alarmDescription:
        `${name}: an event has waited for more than ${maxAge} s for its invocation, longer than retries alone take. Runbook: ` +
        'is the function throttled, or does it time out? Raise its concurrency; if bursts are usual, put a queue before it.',
      metric: props.age,
      threshold: maxAge * 1000,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    });

    this.undelivered = alarm(this, 'DestinationDeliveryFailures', alarmTopic, {
      runbook: 'destination',
      ...ANY,
      alarmDescription:
        `${name}: Lambda cannot deliver records of invocations to a destination: those of failures are lost. Runbook: does ` +
        'the destination exist? May the role of the function send to it and use its key? Is a record larger than it takes? ' +
        'What was lost is in the log of the function by its request id, without its payload.',
      metric: props.undelivered,
    });

    this.errors = alarm(this, 'Errors', alarmTopic, {
      runbook: 'errors',
      ...ANY,
      alarmDescription:
        `${name}: attempts have failed for a quarter of an hour. Lambda repeats them; what fails to the end raises another ` +
        "alarm. Runbook: read the end of the function's log.",
      metric: props.function.metricErrors({ period: Duration.minutes(5) }),
      // One that the next attempt makes good is nothing to act on.
      evaluationPeriods: 3,
    });

    this.throttles = alarm(this, 'Throttles', alarmTopic, {
      runbook: 'throttles',
      ...ANY,
      alarmDescription:
        `${name}: Lambda refuses invocations for lack of concurrency; events wait and grow old. Runbook: raise the reserved ` +
        "concurrency or the account's.",
      metric: props.function.metricThrottles({ period: Duration.minutes(5) }),
    });

    if (props.deadLetterQueue) {
      this.deadLetters = alarm(this, 'DeadLetters', alarmTopic, {
        runbook: 'dead-letters',
        ...ANY,
        alarmDescription:
          `${name}: records of failed events are in the dead-letter queue. They are kept for 14 days. Runbook: read ` +
          'responsePayload of one, or its attribute DeadLetterReason; fix the cause; invoke the function again with requestPayload.',
        // Not the number sent: what lies there must keep the alarm on.
        metric: props.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
          period: Duration.minutes(1),
          statistic: 'max',
        }),
      });
    }

    if (props.deadLetterErrors) {
      this.deadLetterErrors = alarm(this, 'DeadLetterErrors', alarmTopic, {
        runbook: 'destination',
        ...ANY,
        alarmDescription:
          `${name}: Lambda cannot send failed events to the dead-letter queue that the function has beside its destinations. ` +
          'Runbook: may the role of the function send to it and use its key? The failure destination gets them all the same.',
        metric: props.deadLetterErrors,
      });
    }
  }
}
