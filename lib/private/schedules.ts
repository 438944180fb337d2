import { ArnFormat, Duration, Lazy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { alarm } from './alarm';
import type { ScheduleSpec } from './contract';
import { DEAD_LETTER_RETENTION_DAYS } from './sizing';

export interface SchedulesProps {
  readonly queue: sqs.IQueue;
  readonly deadLetterQueue: sqs.IQueue;
  readonly encryptionKey?: kms.IKey;
  readonly alarmTopic?: sns.ITopic;
}

// The scheduler reports failures only when there are some, and SQS no queue that nobody has used for six hours.
const ANY = { threshold: 1, evaluationPeriods: 1, treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING };

const SCHEDULER = 'scheduler.amazonaws.com';

/** What makes one-shot schedules that send to a queue, and what they send as. */
export class Schedules extends Construct {
  readonly spec: ScheduleSpec;
  private readonly group: scheduler.ScheduleGroup;
  private readonly role: iam.Role;
  private readonly encryptionKey?: kms.IKey;

  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    const worker = scope.node.path;
    const { queue, encryptionKey } = props;
    this.encryptionKey = encryptionKey;
    this.group = new scheduler.ScheduleGroup(this, 'Group');
    // For schedules of this group alone: whoever may pass the role could else have it send from any schedule.
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal(SCHEDULER, {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': Stack.of(this).account,
            'aws:SourceArn': this.group.scheduleGroupArn,
          },
        },
      }),
    });
    // The scheduler takes no FIFO queue for what it cannot send.
    const deadLetterQueue = props.deadLetterQueue.fifo ? unsentQueue(this, worker, props) : props.deadLetterQueue;
    alarm(this, 'Lost', props.alarmTopic, {
      runbook: 'schedules',
      ...ANY,
      alarmDescription:
        `${worker}: messages that were to be sent later could neither be sent nor be put in the dead-letter queue of the ` +
        'schedules: they are lost. Runbook: does that queue exist? May the role of the schedules send to it and use its key? ' +
        'Restore that, and find out from the senders what was due meanwhile.',
      metric: this.group.metricFailedToBeSentToDLQ(),
    });
    new iam.ManagedPolicy(this, 'Policy', {
      roles: [this.role],
      statements: [
        new iam.PolicyStatement({
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn, deadLetterQueue.queueArn],
        }),
        ...(encryptionKey
          ? [
              new iam.PolicyStatement({
                actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
                resources: [encryptionKey.keyArn],
              }),
            ]
          : []),
      ],
    });
    this.spec = {
      groupName: this.group.scheduleGroupName,
      roleArn: this.role.roleArn,
      queueArn: queue.queueArn,
      deadLetterQueueArn: deadLetterQueue.queueArn,
      ...(queue.fifo && { contentBasedDeduplication: deduplicatesByContent(queue) }),
      ...(encryptionKey && { kmsKeyArn: encryptionKey.keyArn }),
    };
  }

  /** Lets somebody make schedules of the group, which send as the role. */
  grantSchedule(grantee: iam.IGrantable): void {
    const { group, role, encryptionKey } = this;
    const schedules = Stack.of(this).formatArn({
      service: 'scheduler',
      resource: 'schedule',
      resourceName: `${group.scheduleGroupName}/*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    iam.Grant.addToPrincipal({ grantee, actions: ['scheduler:CreateSchedule'], resourceArns: [schedules] });
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['iam:PassRole'],
      resourceArns: [role.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': SCHEDULER } },
    });
    // The scheduler looks at the key, and encrypts, as who makes the schedule.
    encryptionKey?.grant(grantee, 'kms:DescribeKey', 'kms:GenerateDataKey', 'kms:Decrypt');
  }
}

/** As it is in the template: a worker's queue does not, unless its L1 was told to. */
const deduplicatesByContent = ({ node }: sqs.IQueue): boolean =>
  Lazy.any({
    produce: () => node.defaultChild instanceof sqs.CfnQueue && (node.defaultChild.contentBasedDeduplication ?? false),
  }) as unknown as boolean;

/** A standard queue beside the FIFO ones, with its alarm. */
function unsentQueue(scope: Construct, worker: string, { encryptionKey, alarmTopic }: SchedulesProps): sqs.Queue {
  const queue = new sqs.Queue(scope, 'DeadLetterQueue', {
    encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
    encryptionMasterKey: encryptionKey,
    enforceSSL: true,
    retentionPeriod: Duration.days(DEAD_LETTER_RETENTION_DAYS),
  });
  alarm(scope, 'Unsent', alarmTopic, {
    runbook: 'schedules',
    ...ANY,
    alarmDescription:
      `${worker}: messages that were to be sent later could not be sent when it was time. They are in this dead-letter queue ` +
      'for 14 days and will not be retried. Runbook: their attributes ERROR_CODE and ERROR_MESSAGE say why. Without a ' +
      'deduplicationId, does the queue deduplicate by content? May the role of the schedules send to the queue and use its ' +
      'key? Fix it, and send them again: the body is the message, or the request to SQS that holds it.',
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'max' }),
  });
  return queue;
}

/** The schedules of a worker, made when they are first asked for. */
export function schedulesOnce(worker: Construct, props: SchedulesProps): () => Schedules {
  let made: Schedules | undefined;
  return () => (made ??= new Schedules(worker, 'Schedules', props));
}
