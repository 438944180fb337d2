import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { alarm } from '../alarm';

export interface BreakerAlarmsProps {
  /** How operators know the breaker: its path. */
  readonly name: string;
  readonly open: cloudwatch.IMetric;
  readonly unavailable: cloudwatch.IMetric;
  readonly controller: lambda.IFunction;
  readonly alarmTopic?: sns.ITopic;
}

/** The alarms of a circuit breaker. Each description says what it means and what to do. */
export class BreakerAlarms extends Construct {
  readonly open: cloudwatch.Alarm;
  readonly unavailable: cloudwatch.Alarm;
  readonly controller: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: BreakerAlarmsProps) {
    super(scope, id);
    const { name } = props;

    this.open = alarm(this, 'Open', props.alarmTopic, {
      runbook: 'circuit-breaker',
      alarmDescription:
        `${name}: the circuit breaker is open; its workers are paused until the dependency answers a probe, and their ` +
        'queues grow. Runbook: is the dependency down? Its workers recover by themselves once it is back. To hold the ' +
        'breaker, invoke its controller with {"action":"open"} or {"action":"close"}, and with {"action":"auto"} when done.',
      metric: props.open,
      threshold: 1,
      evaluationPeriods: 1,
      // The controller reports every minute; one report that is late says nothing new.
      treatMissingData: cloudwatch.TreatMissingData.IGNORE,
    });

    this.unavailable = alarm(this, 'StateUnavailable', props.alarmTopic, {
      runbook: 'circuit-breaker-state',
      alarmDescription:
        `${name}: workers cannot reach the state of the circuit breaker and go on as if it were closed. Runbook: read ` +
        '"its state cannot be reached" in the logs of the workers; is the table throttled, or access to it or its key denied?',
      metric: props.unavailable,
      threshold: 1,
      // A lost connection now and then is nothing to act on.
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      // Nobody reports what works.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });

    this.controller = alarm(this, 'ControllerErrors', props.alarmTopic, {
      runbook: 'controller',
      alarmDescription:
        `${name}: the controller of the circuit breaker fails, so workers may stay paused or may not be paused. Runbook: ` +
        'read the end of its log; until it works, enable or disable the event source mappings of the workers by hand.',
      metric: props.controller.metricErrors({ period: Duration.minutes(1) }),
      threshold: 1,
      // What one run fails to do the next one does, a minute later.
      evaluationPeriods: 3,
      // No invocations, no errors.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}
