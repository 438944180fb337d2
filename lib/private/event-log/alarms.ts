import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from '../alarm';

export interface EventLogAlarmsProps {
  /** How operators know the log: its path. */
  readonly name: string;
  readonly outbox: lambda.IFunction;
  readonly archiver: lambda.IFunction;
  readonly replayer: lambda.IFunction;
  readonly deadLetterQueue: sqs.IQueue;
  readonly tampered: cloudwatch.IMetric;
  readonly alarmTopic?: sns.ITopic;
}

const MINUTE = Duration.minutes(1);
/** Subscribers are used to seconds. */
const LATE = Duration.minutes(10);
/** A stream is kept for 24 hours; somebody must come before. */
const VERY_LATE = Duration.hours(1);

/** The alarms of an event log. Each description says what it means and what to do. */
export class EventLogAlarms extends Construct {
  readonly outbox: cloudwatch.Alarm;
  readonly archiver: cloudwatch.Alarm;
  readonly missed: cloudwatch.Alarm;
  readonly tampered: cloudwatch.Alarm;
  readonly replayer: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: EventLogAlarmsProps) {
    super(scope, id);
    const { name, alarmTopic } = props;
    const NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING;

    this.outbox = alarm(this, 'OutboxLag', alarmTopic, {
      runbook: 'outbox',
      alarmDescription:
        `${name}: events wait for more than ${LATE.toMinutes()} minutes to be published; subscribers are behind. They are ` +
        'tried for 24 hours. Runbook: read the end of the log of the outbox function: may it publish, may it use the key of ' +
        'the topic? If it cannot be mended in time, replay what was missed afterwards, with subscriber "*".',
      metric: props.outbox.metric('IteratorAge', { statistic: 'max', period: MINUTE }),
      threshold: LATE.toMilliseconds(),
      evaluationPeriods: 3,
      // Nothing to read, nothing that waits.
      treatMissingData: NOT_BREACHING,
    });

    this.archiver = alarm(this, 'ArchiverLag', alarmTopic, {
      runbook: 'archiver',
      alarmDescription:
        `${name}: events wait for more than ${VERY_LATE.toMinutes()} minutes to be archived. The log itself has them. ` +
        'Runbook: read the end of the log of the archiver function: may it write to the bucket, may it use its key? After ' +
        '24 hours the archive has a gap; replays read what is missing there from the table.',
      metric: props.archiver.metric('IteratorAge', { statistic: 'max', period: MINUTE }),
      threshold: VERY_LATE.toMilliseconds(),
      evaluationPeriods: 3,
      // As above.
      treatMissingData: NOT_BREACHING,
    });

    this.missed = alarm(this, 'Missed', alarmTopic, {
      runbook: 'missed',
      alarmDescription:
        `${name}: events were not published or not archived within 24 hours, and will not be by themselves. Messages in ` +
        'the dead-letter queue say which function it was, and from when to when. Runbook: mend the cause; if it was the ' +
        'outbox, replay that time with subscriber "*"; then delete the messages.',
      metric: props.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: 'max' }),
      threshold: 1,
      evaluationPeriods: 1,
      // SQS stops reporting a queue that nobody has used for six hours: it is empty.
      treatMissingData: NOT_BREACHING,
    });

    this.tampered = alarm(this, 'Tampered', alarmTopic, {
      runbook: 'tampered',
      alarmDescription:
        `${name}: events were changed or deleted after they were appended, which nobody who appends through the runtime ` +
        'does. Runbook: "an event was changed or deleted" in the log of the outbox function says which, CloudTrail ' +
        '(data events) by whom. The archive has what was there before; restore the table to a moment before it.',
      metric: props.tampered,
      threshold: 1,
      evaluationPeriods: 1,
      // The outbox counts when it runs, and it runs whenever a row is touched.
      treatMissingData: NOT_BREACHING,
    });

    this.replayer = alarm(this, 'ReplayerErrors', alarmTopic, {
      runbook: 'replayer',
      alarmDescription:
        `${name}: replays make no progress. Runbook: invoke the replayer with {"action":"list"} and read the error of the ` +
        'open ones, or the end of its log. They go on by themselves once the cause is mended; to end one, {"action":"cancel","id":"…"}.',
      metric: props.replayer.metricErrors({ period: MINUTE }),
      threshold: 1,
      // What one run fails to do the next one does, a minute later.
      evaluationPeriods: 3,
      // No invocations, no errors.
      treatMissingData: NOT_BREACHING,
    });
  }
}
