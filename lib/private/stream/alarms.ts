import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from '../alarm';
import type { SourceKind } from './source';

export interface StreamAlarmsProps {
  /** How operators know the worker: its path. */
  readonly name: string;
  readonly kind: SourceKind;
  readonly deadLetterQueue: sqs.IQueue;
  readonly function: lambda.IFunction;
  /** Seconds; offsets of Kafka. */
  readonly maxLag: number;
  readonly alarmTopic?: sns.ITopic;
}

/** The alarms of a stream worker. Each description says what it means and what to do. */
export class StreamAlarms extends Construct {
  readonly deadLetters: cloudwatch.Alarm;
  readonly lag: cloudwatch.Alarm;
  readonly errors: cloudwatch.Alarm;
  readonly throttles: cloudwatch.Alarm;
  readonly lost: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: StreamAlarmsProps) {
    super(scope, id);
    const { name, kind, deadLetterQueue, maxLag, alarmTopic } = props;
    // Nobody reports what is not read, not invoked or not in the queue.
    const treatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING;

    this.deadLetters = alarm(this, 'DeadLetters', alarmTopic, {
      runbook: 'dead-letters',
      alarmDescription:
        `${name}: records are in the dead-letter queue; their shard has gone on without them. They are kept for 14 days ` +
        'and will not be retried. Runbook: read the attributes DeadLetterReason and DeadLetterContext of one; fix the ' +
        'cause; put the bodies into the stream again, if later records of their keys allow that.',
      metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'max',
      }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData,
    });

    const behind =
      kind === 'kafka'
        ? { what: `more than ${maxLag} records of its topic wait`, metricName: 'OffsetLag', threshold: maxLag }
        : {
            what: `records wait for more than ${maxLag} s`,
            metricName: 'IteratorAge',
            // In milliseconds.
            threshold: maxLag * 1000,
          };
    const more = kind === 'kafka' ? 'partitions or maximumPollers' : 'parallelizationFactor or shards';
    this.lag = alarm(this, 'Lag', alarmTopic, {
      runbook: 'lag',
      alarmDescription:
        `${name}: ${behind.what}; the worker does not keep up, or a record that fails again and again holds up its shard. ` +
        'What waits for longer than maxRecordAge is given up. Runbook: does the log show the same message id over and ' +
        `over? Do invocations throttle or time out? If it is load, raise batchSize, ${more}.`,
      metric: props.function.metric(behind.metricName, { period: Duration.minutes(1), statistic: 'max' }),
      threshold: behind.threshold,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData,
    });

    this.errors = alarm(this, 'Errors', alarmTopic, {
      runbook: 'errors',
      alarmDescription:
        `${name}: invocations have failed for 15 minutes. One that fails now and then is how a batch is split at a record ` +
        'that failed; for so long a record holds up its shard, or the function crashes or times out. Runbook: read the end ' +
        "of the function's log; a record that can never succeed should throw PermanentError.",
      metric: props.function.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 3,
      treatMissingData,
    });

    this.throttles = alarm(this, 'Throttles', alarmTopic, {
      runbook: 'throttles',
      alarmDescription:
        `${name}: Lambda refuses invocations for lack of concurrency; records grow older meanwhile, up to maxRecordAge. ` +
        "Runbook: raise the reserved concurrency or the account's, or lower parallelizationFactor.",
      metric: props.function.metricThrottles({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData,
    });

    this.lost = alarm(this, 'Lost', alarmTopic, {
      runbook: 'lost-records',
      alarmDescription:
        `${name}: Lambda has given records up and could not say where they are: they are lost unless they are read from the ` +
        'stream while it keeps them. Runbook: do the policies of the on-failure queue and its key let the role of the ' +
        'function send? The log of the function has the message ids of what failed last.',
      metric: props.function.metric('DestinationDeliveryFailures', { period: Duration.minutes(5), statistic: 'sum' }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData,
    });
  }
}
