import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from '../alarm';

export interface PaceAlarmsProps {
  /** How operators know the queue: its path. */
  readonly name: string;
  readonly timeToDrain: cloudwatch.IMetric;
  /** Seconds. */
  readonly limit: number;
  readonly controller: lambda.IFunction;
  /** Where changes of the pace end that did not reach the controller. */
  readonly lostChanges?: sqs.IQueue;
  readonly alarmTopic?: sns.ITopic;
}

/** The alarms of a pace. Each description says what it means and what to do. */
export class PaceAlarms extends Construct {
  readonly timeToDrain: cloudwatch.Alarm;
  readonly controller: cloudwatch.Alarm;
  readonly lostChanges?: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: PaceAlarmsProps) {
    super(scope, id);
    const { name, limit, lostChanges } = props;

    this.timeToDrain = alarm(this, 'TimeToDrain', props.alarmTopic, {
      runbook: 'time-to-drain',
      alarmDescription:
        `${name}: the backlog takes longer than ${limit} s at the rate at which it is worked off; producers are asked to ` +
        'slow down. Runbook: is it load, or is the downstream slow or down? If it bears more, invoke the controller with ' +
        '{"action":"pace","pace":{...}}, and raise the pace in the stack.',
      metric: props.timeToDrain,
      threshold: limit,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      // The controller reports every minute; one report that is late says nothing new.
      treatMissingData: cloudwatch.TreatMissingData.IGNORE,
    });

    this.controller = alarm(this, 'ControllerErrors', props.alarmTopic, {
      runbook: 'controller',
      alarmDescription:
        `${name}: the controller of the pace fails, so a change of it may not take effect, and producers do not see the ` +
        'backlog while nobody works on it. Runbook: read the end of its log; until it works, enable or disable the event ' +
        'source mapping by hand.',
      metric: props.controller.metricErrors({ period: Duration.minutes(1) }),
      threshold: 1,
      // What one run fails to do the next one does, a minute later.
      evaluationPeriods: 3,
      // No invocations, no errors.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });

    if (!lostChanges) return;
    this.lostChanges = alarm(this, 'LostChanges', props.alarmTopic, {
      runbook: 'lost-changes',
      alarmDescription:
        `${name}: a change of the pace did not reach the controller, so the pace is not what the schedule says. Runbook: ` +
        'invoke the controller with the body of the message; see why it could not be invoked; delete the message.',
      metric: lostChanges.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'max' }),
      threshold: 1,
      evaluationPeriods: 1,
      // SQS stops reporting a queue that nobody has used for six hours: it is empty.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}
