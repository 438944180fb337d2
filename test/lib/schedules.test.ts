import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { AsyncWorker, type AsyncWorkerProps, Handler } from '../../lib';

const make = (props: (stack: Stack) => Partial<AsyncWorkerProps> = () => ({})) => {
  const stack = new Stack(new App(), 'Stack');
  const worker = new AsyncWorker(stack, 'Reminders', {
    handler: Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`),
    ...props(stack),
  });
  const functionIn = (id = 'Api') =>
    new lambda.Function(stack, id, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => {}'),
    });
  return { stack, worker, functionIn, template: () => Template.fromStack(stack) };
};

const arn = (prefix: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${prefix}`), 'Arn'] });
const GROUP = expect.stringMatching(/^Stack-Reminders-Schedules-Group-/);
const statementsOf = (template: Template, type: string, id: RegExp): any[] =>
  Object.entries<any>(template.findResources(type))
    .filter(([logicalId]) => id.test(logicalId))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
const scheduleOf = (template: Template, id: string): Record<string, unknown> => {
  const [fn] = Object.entries<any>(template.findResources('AWS::Lambda::Function'))
    .find(([it]) => it.startsWith(id))!
    .slice(1);
  const value = fn.Properties.Environment.Variables.ASYNC_PRODUCER_REMINDERS['Fn::Join'][1];
  const text = value
    .map((part: any) => (typeof part === 'string' ? part : `<${part.Ref ?? part['Fn::GetAtt'][0]}>`))
    .join('');
  return JSON.parse(text).schedule;
};

test('nothing is made unless a producer asks for it, and once if many do', () => {
  const never = make();
  never.worker.connectProducer(never.functionIn());
  never.template().resourceCountIs('AWS::Scheduler::ScheduleGroup', 0);
  const { worker, functionIn, template } = make();
  worker.connectProducer(functionIn('Now'));
  for (const id of ['A', 'B']) worker.connectProducer(functionIn(id), undefined, { schedules: true });
  const after = template();
  after.resourceCountIs('AWS::Scheduler::ScheduleGroup', 1);
  after.resourceCountIs('AWS::SQS::Queue', 2);
  expect(scheduleOf(after, 'Now')).toBeUndefined();
  expect(statementsOf(after, 'AWS::IAM::Policy', /^Now/).flatMap(({ Action }) => Action)).not.toContain('iam:PassRole');
});

test('the function makes schedules of this group, with this role, for the scheduler alone', () => {
  const { worker, functionIn, template } = make();
  worker.connectProducer(functionIn(), undefined, { schedules: true });
  const statements = statementsOf(template(), 'AWS::IAM::Policy', /^Api/);
  expect(statements).toContainEqual({
    Effect: 'Allow',
    Action: 'scheduler:CreateSchedule',
    Resource: {
      'Fn::Join': [
        '',
        expect.arrayContaining([expect.stringMatching(/^:schedule\/Stack-Reminders-Schedules-Group-\w+\/\*$/)]),
      ],
    },
  });
  expect(statements).toContainEqual({
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: arn('RemindersSchedulesRole'),
    Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
  });
  expect(scheduleOf(template(), 'Api')).toEqual({
    groupName: GROUP,
    roleArn: expect.stringMatching(/^<RemindersSchedulesRole/),
    queueArn: expect.stringMatching(/^<RemindersQueue/),
    deadLetterQueueArn: expect.stringMatching(/^<RemindersDeadLetterQueue/),
  });
});

test('the role is the scheduler’s for this group, and sends to the queue or its dead-letter queue', () => {
  const { worker, functionIn, template } = make();
  worker.connectProducer(functionIn(), undefined, { schedules: true });
  template().hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: {
              'aws:SourceAccount': { Ref: 'AWS::AccountId' },
              'aws:SourceArn': { 'Fn::GetAtt': [Match.stringLikeRegexp('^RemindersSchedulesGroup'), 'Arn'] },
            },
          },
        },
      ],
    },
  });
  expect(statementsOf(template(), 'AWS::IAM::ManagedPolicy', /^RemindersSchedules/)).toEqual([
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: [arn('RemindersQueue'), arn('RemindersDeadLetterQueue')] },
  ]);
});

test('a FIFO worker has a standard queue for what cannot be sent, and an alarm on it', () => {
  const { worker, functionIn, template } = make((stack) => ({
    fifo: true,
    alarmTopic: new sns.Topic(stack, 'Alarms'),
  }));
  worker.connectProducer(functionIn(), undefined, { schedules: true });
  const made = template();
  expect(scheduleOf(made, 'Api').deadLetterQueueArn).toMatch(/^<RemindersSchedulesDeadLetterQueue/);
  made.resourcePropertiesCountIs(
    'AWS::SQS::Queue',
    { FifoQueue: Match.absent(), MessageRetentionPeriod: 14 * 86_400 },
    1,
  );
  const [alarm, ...more] = Object.entries<any>(made.findResources('AWS::CloudWatch::Alarm')).filter(([id]) =>
    id.startsWith('RemindersSchedulesUnsent'),
  );
  expect(more).toEqual([]);
  expect(alarm![1].Properties).toMatchObject({
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Threshold: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: [{ Ref: expect.stringMatching(/^Alarms/) }],
    AlarmDescription: expect.stringMatching(/^Stack\/Reminders: .+ Runbook: .+/),
  });
  expect(alarm![1].Properties.AlarmDescription.length).toBeLessThanOrEqual(1024);
});

test('an alarm tells of what is lost', () => {
  const { worker, functionIn, template } = make();
  worker.connectProducer(functionIn(), undefined, { schedules: true });
  template().hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/Scheduler',
    MetricName: 'InvocationsFailedToBeSentToDeadLetterCount',
    Dimensions: [{ Name: 'ScheduleGroup', Value: Match.stringLikeRegexp('^Stack-Reminders-Schedules-Group-') }],
    Threshold: 1,
    TreatMissingData: 'notBreaching',
    AlarmDescription: Match.stringLikeRegexp('^Stack/Reminders: .+ Runbook: .+'),
  });
});

test('under a key of the user’s the schedules are too, and who makes and who sends may use it', () => {
  const { worker, functionIn, template } = make((stack) => ({ encryptionKey: new kms.Key(stack, 'Key') }));
  worker.connectProducer(functionIn(), undefined, { schedules: true });
  const made = template();
  expect(scheduleOf(made, 'Api').kmsKeyArn).toMatch(/^<Key/);
  expect(statementsOf(made, 'AWS::IAM::ManagedPolicy', /^RemindersSchedules/)).toContainEqual({
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: arn('Key'),
  });
  expect(statementsOf(made, 'AWS::IAM::Policy', /^Api/)).toContainEqual({
    Effect: 'Allow',
    Action: ['kms:DescribeKey', 'kms:GenerateDataKey', 'kms:Decrypt'],
    Resource: arn('Key'),
  });
});

test('a worker that schedules keeps what it is granted in its managed policy', () => {
  const { worker, template } = make();
  worker.connectProducer(worker.function, undefined, { schedules: true });
  template().resourceCountIs('AWS::IAM::Policy', 0);
});

test.each([true, undefined])('the producer knows whether a FIFO queue deduplicates by content: %s', (byContent) => {
  const { worker, functionIn, template } = make(() => ({ fifo: true }));
  worker.connectProducer(functionIn(), undefined, { schedules: true });
  (worker.queue.node.defaultChild as CfnQueue).contentBasedDeduplication = byContent;
  expect(scheduleOf(template(), 'Api').contentBasedDeduplication).toBe(byContent ?? false);
});
