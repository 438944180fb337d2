// The resources of an AsyncWorker, made of the CDK's own constructs by hand.
import { Duration, type Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { READY_ASSET } from './layout';

/** What the contenders do not share. */
export type MakeFunction = (
  scope: Construct,
  id: string,
  props: Omit<lambda.FunctionProps, 'code' | 'handler'>,
) => lambda.Function;

export const readyFunction: MakeFunction = (scope, id, props) =>
  new lambda.Function(scope, id, { ...props, code: lambda.Code.fromAsset(READY_ASSET), handler: 'index.handler' });

const DESCRIPTION =
  'What it means that this alarm fires, in a sentence or two. Runbook: what to look at first; what to do then; and how ' +
  'to bring the messages back that were not handled.';

export const handmadeWorker = (stack: Stack, n: number, alarmTopic: sns.ITopic, makeFunction: MakeFunction): void => {
  const scope = new Construct(stack, `Worker${n}`);
  const deadLetterQueue = new sqs.Queue(scope, 'DeadLetterQueue', {
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  const queue = new sqs.Queue(scope, 'Queue', {
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(4),
    visibilityTimeout: Duration.seconds(180),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: 5 },
  });
  const logGroup = new logs.LogGroup(scope, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH });
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const fn = makeFunction(scope, 'Function', {
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    timeout: Duration.seconds(30),
    memorySize: 256,
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environment: { QUEUE_URL: queue.queueUrl, DEAD_LETTER_QUEUE_URL: deadLetterQueue.queueUrl },
  });
  const policy = new iam.ManagedPolicy(scope, 'Policy', {
    roles: [role],
    statements: [
      new iam.PolicyStatement({
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
        resources: [queue.queueArn],
      }),
      new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetterQueue.queueArn] }),
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    ],
  });
  const mapping = new lambda.EventSourceMapping(scope, 'EventSourceMapping', {
    target: fn,
    eventSourceArn: queue.queueArn,
    batchSize: 10,
    reportBatchItemFailures: true,
  });
  mapping.node.addDependency(policy);
  const metrics = {
    DeadLetters: deadLetterQueue.metricApproximateNumberOfMessagesVisible(),
    Age: queue.metricApproximateAgeOfOldestMessage(),
    Errors: fn.metricErrors(),
    Throttles: fn.metricThrottles(),
  };
  for (const [id, metric] of Object.entries(metrics)) {
    const alarm = new cloudwatch.Alarm(scope, id, {
      metric,
      alarmDescription: DESCRIPTION,
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(alarmTopic));
  }
};
