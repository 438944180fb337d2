import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from '../alarm';

export interface TopicAlarmsProps {
  /** How operators know the topic: its path. */
  readonly name: string;
  readonly failed: cloudwatch.IMetric;
  readonly lost: cloudwatch.IMetric;
  readonly alarmTopic?: sns.ITopic;
}

// SNS reports failures only when there are some, and SQS no queue that nobody has used for six hours.
const ANY = { threshold: 1, evaluationPeriods: 1, treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING };

/** The alarms of a topic. Each description says what it means and what to do. */
export class TopicAlarms extends Construct {
  readonly failed: cloudwatch.Alarm;
  readonly lost: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: TopicAlarmsProps) {
    super(scope, id);
    const { name, alarmTopic } = props;

    this.failed = alarm(this, 'NotificationsFailed', alarmTopic, {
      runbook: 'notifications',
      ...ANY,
      alarmDescription:
        `${name}: SNS cannot deliver to a subscriber. The messages are in the dead-letter queue of its subscription. ` +
        'Runbook: does the queue or the function exist? Do its policy and that of its key let sns.amazonaws.com in? With ' +
        'raw delivery, has a message more than 10 attributes? Fix it and send what is in the dead-letter queue again.',
      metric: props.failed,
    });

    this.lost = alarm(this, 'NotificationsLost', alarmTopic, {
      runbook: 'notifications',
      ...ANY,
      alarmDescription:
        `${name}: SNS can neither deliver to a subscriber nor to the dead-letter queue of its subscription: messages are ` +
        'lost. Runbook: does that queue exist? Do its policy and that of its key let sns.amazonaws.com in? Find out from ' +
        'the publisher what was sent meanwhile; replay it if the topic keeps an archive.',
      metric: props.lost,
    });
  }
}

/** Fires when SNS could not deliver to a subscriber and put the message here instead. */
export const undeliveredAlarm = (
  scope: Construct,
  name: string,
  deadLetterQueue: sqs.IQueue,
  alarmTopic?: sns.ITopic,
): cloudwatch.Alarm =>
  alarm(scope, 'Undelivered', alarmTopic, {
    runbook: 'undelivered',
    ...ANY,
    alarmDescription:
      `${name}: messages that did not reach their subscriber are in the dead-letter queue of the subscription. They are ` +
      'kept for 14 days and will not be retried. Runbook: see why (the policies of the subscriber and its key; for a ' +
      'function, its errors), fix it, and send them again: SQS redrives nothing that came from SNS.',
    // Not the number sent: SQS stops reporting that for a queue at rest, and what lies there must keep the alarm on.
    metric: deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'max' }),
  });
