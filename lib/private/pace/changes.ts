import { Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule, type ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { PaceSpec } from '../contract';

export interface PaceChangesProps {
  readonly controller: lambda.Function;
  readonly changes: readonly { readonly at: ScheduleExpression; readonly pace: PaceSpec }[];
  readonly encryptionKey?: kms.IKey;
}

/** A change that is a quarter of an hour late is worth less than somebody who hears of it. */
const MAX_AGE = Duration.minutes(15);
const RETRIES = 20;

/** Schedules that have the controller change the pace, and where those end that did not reach it. */
export class PaceChanges extends Construct {
  readonly deadLetterQueue: sqs.Queue;

  constructor(scope: Construct, id: string, { controller, changes, encryptionKey }: PaceChangesProps) {
    super(scope, id);
    this.deadLetterQueue = new sqs.Queue(this, 'DeadLetterQueue', {
      encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
      encryptionMasterKey: encryptionKey,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const { partition, region, account } = Stack.of(this);
    const role = new iam.Role(this, 'Role', {
      // Nobody else's schedules may act through it.
      // https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': account,
            'aws:SourceArn': `arn:${partition}:scheduler:${region}:${account}:schedule-group/default`,
          },
        },
      }),
    });
    const allow = (actions: string[], resource: string) => new iam.PolicyStatement({ actions, resources: [resource] });
    const permissions = new iam.ManagedPolicy(this, 'Policy', {
      statements: [
        allow(['lambda:InvokeFunction'], controller.functionArn),
        allow(['sqs:SendMessage'], this.deadLetterQueue.queueArn),
        ...(encryptionKey ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], encryptionKey.keyArn)] : []),
      ],
      roles: [role],
    });
    changes.forEach(({ at, pace }, i) => {
      const schedule = new CfnSchedule(this, `Change${i + 1}`, {
        description: `Pace: ${JSON.stringify(pace)}`,
        scheduleExpression: at.expressionString,
        scheduleExpressionTimezone: at.timeZone?.timezoneName,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: controller.functionArn,
          roleArn: role.roleArn,
          // The scheduler fills in the time, by which a change that comes late is known.
          input: `{"action":"pace","pace":${JSON.stringify(pace)},"at":"<aws.scheduler.scheduled-time>"}`,
          deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
          retryPolicy: { maximumEventAgeInSeconds: MAX_AGE.toSeconds(), maximumRetryAttempts: RETRIES },
        },
      });
      schedule.node.addDependency(permissions);
    });
  }
}
