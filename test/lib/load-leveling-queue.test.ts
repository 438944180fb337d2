import { App, Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import * as sns from 'aws-cdk-lib/aws-sns';
import { maskAssets } from '../../lambda/testing';
import {
  AsyncWorker,
  Backpressure,
  CircuitBreaker,
  Handler,
  Idempotency,
  LoadLevelingQueue,
  type LoadLevelingQueueProps,
  Pace,
} from '../../lib';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`);
const second = Duration.seconds(1);
const hundred = Pace.rate(100, second);

const make = (props: Partial<LoadLevelingQueueProps> = {}) => {
  const stack = new Stack(new App(), 'Stack');
  const mails = new LoadLevelingQueue(stack, 'Mails', { handler: handler(), pace: hundred, ...props });
  return { stack, mails, template: () => Template.fromStack(stack) };
};

const find = (template: Template, type: string, prefix: string): any => {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  expect(found).toHaveLength(1);
  return found[0]![1].Properties;
};
const variables = (template: Template, prefix: string) =>
  find(template, 'AWS::Lambda::Function', prefix).Environment.Variables;
const joined = (value: any): string =>
  typeof value === 'string'
    ? value
    : value['Fn::Join'][1].map((part: any) => (typeof part === 'string' ? part : '<>')).join('');
const specOf = (template: Template, prefix = 'MailsFunction') =>
  JSON.parse(joined(variables(template, prefix).ASYNC_PACE));
const mapping = (template: Template) => find(template, 'AWS::Lambda::EventSourceMapping', 'Mails');
const att = (prefix: string, attribute: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${prefix}`), attribute] });
const statementsOf = (template: Template, prefix: string) =>
  find(template, 'AWS::IAM::ManagedPolicy', prefix).PolicyDocument.Statement;

test('the template', () => {
  const { mails, stack } = make({
    backpressure: Backpressure.timeToDrain(Duration.minutes(10)),
    schedule: [
      {
        at: ScheduleExpression.cron({ hour: '22', minute: '0', timeZone: TimeZone.EUROPE_ZURICH }),
        pace: Pace.rate(500, second),
      },
      {
        at: ScheduleExpression.cron({ hour: '3', minute: '0', timeZone: TimeZone.EUROPE_ZURICH }),
        pace: Pace.closed(),
      },
    ],
  });
  mails.connectProducer(
    new lambda.Function(stack, 'Api', {
      code: lambda.Code.fromInline('exports.handler = () => {}'),
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
    }),
  );
  expect(maskAssets(Template.fromStack(stack).toJSON())).toMatchSnapshot();
});

describe('batch size, concurrency and timeout follow from the pace', () => {
  test.each([
    ['a hundred a second', hundred, 50, 10, 30],
    ['a thousand a second', Pace.rate(1000, second), 100, 50, 30],
    ['ten a second', Pace.rate(10, second), 10, 5, 30],
    ['one a second', Pace.rate(1, second), 2, 3, 30],
    ['six a minute', Pace.rate(6, Duration.minutes(1)), 1, 2, 51],
    ['one in three minutes', Pace.rate(1, Duration.minutes(3)), 1, 2, 731],
    ['one at a time', Pace.concurrency(1), 10, 2, 30],
    ['five at a time', Pace.concurrency(5), 10, 5, 30],
    ['eight at a time', Pace.concurrency(8), 10, 2, 30],
    ['fifty at a time', Pace.concurrency(50), 10, 10, 30],
    ['each tenant ten a second', Pace.rate(10, second, { perTenant: true }), 50, 10, 30],
  ])('%s', (_, pace, batchSize, maxConcurrency, timeout) => {
    const template = make({ pace }).template();
    expect(mapping(template)).toMatchObject({
      BatchSize: batchSize,
      ScalingConfig: { MaximumConcurrency: maxConcurrency },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(find(template, 'AWS::Lambda::Function', 'MailsFunction').Timeout).toBe(timeout);
    expect(specOf(template)).toMatchObject({ pace: pace._spec, batchSize });
  });

  test('unless they are given', () => {
    const template = make({ batchSize: 20, maxConcurrency: 30, timeout: Duration.seconds(60) }).template();
    expect(mapping(template)).toMatchObject({ BatchSize: 20, ScalingConfig: { MaximumConcurrency: 30 } });
    expect(specOf(template)).toMatchObject({ batchSize: 20, maxConcurrency: 30 });
  });
});

describe('what cannot work is refused', () => {
  const stack = () => new Stack(new App(), 'Stack');
  const every = (pace: Pace) => ({ at: ScheduleExpression.rate(Duration.days(1)), pace });
  test.each<[string, () => Partial<LoadLevelingQueueProps>, RegExp]>([
    ['a pace without an opening', () => ({ pace: Pace.closed() }), /pace: got Pace.closed\(\)/],
    [
      'a pace too slow for the timeout',
      () => ({ pace: Pace.rate(1, Duration.minutes(1)), timeout: Duration.minutes(2) }),
      /Mails: pace: got 120 s until .* expected less than half of the timeout of 120 s; give a timeout of 251 s/,
    ],
    [
      'a pace too slow for any timeout',
      () => ({ pace: Pace.rate(1, Duration.minutes(10)) }),
      /let a schedule start work that is so rare/,
    ],
    [
      'a function of yours that does not live long enough to wait',
      () => ({
        handler: Handler.fromFunction(
          new lambda.Function(stack(), 'Own', {
            code: lambda.Code.fromInline('exports.handler = () => {}'),
            runtime: lambda.Runtime.NODEJS_24_X,
            handler: 'index.handler',
          }),
        ),
      }),
      /pace: got 5 s until .* less than half of the timeout of 3 s; give a timeout of 15 s/,
    ],
    [
      'too much in hand',
      () => ({ batchSize: 100, maxConcurrency: 100, timeout: Duration.seconds(30) }),
      /got 100 s until .* give a timeout of 211 s, or lower batchSize or maxConcurrency/,
    ],
    [
      'a concurrency that cannot be divided so',
      () => ({ pace: Pace.concurrency(10), maxConcurrency: 3 }),
      /maxConcurrency: got 3, expected a divisor of the pace's concurrency, 10/,
    ],
    [
      'a concurrency that no mapping has',
      () => ({ pace: Pace.concurrency(10_000), batchSize: 5 }),
      /give 5000, or a larger batchSize/,
    ],
    [
      'a change of kind',
      () => ({ schedule: [every(Pace.concurrency(5))] }),
      /schedule: got a concurrency, expected a rate as the pace is/,
    ],
    [
      'a change that gives each tenant its own',
      () => ({ schedule: [every(Pace.rate(5, second, { perTenant: true }))] }),
      /schedule: got a rate per tenant, expected a rate as/,
    ],
    [
      'a change too slow for the timeout',
      () => ({ schedule: [every(Pace.rate(1, second))], timeout: Duration.seconds(30) }),
      /pace: got 100 s until/,
    ],
    [
      'a schedule beside a circuit breaker',
      () => ({ schedule: [every(hundred)], circuitBreaker: new CircuitBreaker(stack(), 'Breaker') }),
      /schedule: got a schedule and a circuit breaker, expected one of them/,
    ],
  ])('%s', (_, props, message) => {
    expect(() => make(props())).toThrow(message);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['no count', () => Pace.rate(0, second), /Pace count: got 0, expected a whole number/],
    ['a broken count', () => Pace.rate(1.5, second), /Pace count: got 1.5/],
    ['no time', () => Pace.rate(1, Duration.seconds(0)), /Pace per: got 0 s, expected a time above 0/],
    ['more than a row bears', () => Pace.rate(10_001, second), /Pace rate: got 10001 a second/],
    ['no burst', () => Pace.rate(1, second, { burst: 0 }), /Pace burst: got 0/],
    ['no concurrency', () => Pace.concurrency(0), /Pace concurrency: got 0/],
    [
      'a limit below what is measured',
      () => Backpressure.timeToDrain(second),
      /timeToDrain: got 1 s, expected a Duration from 10/,
    ],
    [
      'a limit beyond retention',
      () => Backpressure.timeToDrain(Duration.days(5)),
      /expected a Duration from 10 seconds to 4 days/,
    ],
  ])('%s', (_, act, message) => expect(act).toThrow(message));
});

describe('the table', () => {
  test('is on demand, forgets, can be restored, and goes with the stack', () => {
    const template = make().template();
    expect(find(template, 'AWS::DynamoDB::Table', 'MailsPaceTable')).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    template.hasResource('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
  });

  test('the worker may take slots and keep the ledger, nothing else', () => {
    expect(statementsOf(make().template(), 'MailsPolicy')).toContainEqual({
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:BatchGetItem'],
      Resource: att('MailsPaceTable', 'Arn'),
    });
  });
});

test('waiting spends no attempt: SQS dead-letters only far beyond the attempts that the runtime counts', () => {
  const template = make({ maxReceiveCount: 3 }).template();
  const queues = Object.values(template.findResources('AWS::SQS::Queue'));
  expect(queues.map(({ Properties }) => Properties.RedrivePolicy?.maxReceiveCount)).toContain(1000);
  expect(variables(template, 'MailsFunction').ASYNC_MAX_RECEIVE_COUNT).toBe('3');
});

describe('the controller', () => {
  test('may change the pace and the mapping of its queue, and look at its backlog', () => {
    expect(statementsOf(make().template(), 'MailsController')).toEqual([
      { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], Resource: att('MailsPaceTable', 'Arn') },
      { Effect: 'Allow', Action: 'sqs:GetQueueAttributes', Resource: att('MailsQueue', 'Arn') },
      {
        Effect: 'Allow',
        Action: ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'],
        Resource: { 'Fn::Join': ['', expect.arrayContaining([':event-source-mapping:'])] },
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: att('MailsControllerLogGroup', 'Arn'),
      },
    ]);
  });

  test('leaves the mapping to a circuit breaker', () => {
    const stack = new Stack(new App(), 'Stack');
    const circuitBreaker = new CircuitBreaker(stack, 'Breaker');
    new LoadLevelingQueue(stack, 'Mails', { handler: handler(), pace: hundred, circuitBreaker });
    const template = Template.fromStack(stack);
    expect(variables(template, 'MailsController')).not.toHaveProperty('ASYNC_PACE_MAPPING');
    expect(statementsOf(template, 'MailsController')).toHaveLength(3);
    expect(joined(variables(template, 'BreakerController').ASYNC_MAPPINGS)).toContain('"maxConcurrency":10');
  });

  test('comes round once a minute', () => {
    make()
      .template()
      .hasResourceProperties('AWS::Events::Rule', {
        ScheduleExpression: 'rate(1 minute)',
        Targets: [Match.objectLike({ Input: '{"action":"reconcile"}' })],
      });
  });
});

describe('a schedule', () => {
  const nightly = () =>
    make({
      schedule: [
        {
          at: ScheduleExpression.cron({ hour: '22', minute: '0', timeZone: TimeZone.EUROPE_ZURICH }),
          pace: Pace.rate(500, second),
        },
      ],
    });

  test('has the scheduler tell the controller, and keeps what did not reach it', () => {
    const template = nightly().template();
    const schedule = find(template, 'AWS::Scheduler::Schedule', 'MailsChanges');
    expect(schedule).toMatchObject({
      ScheduleExpression: 'cron(0 22 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Zurich',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: att('MailsControllerFunction', 'Arn'),
        RoleArn: att('MailsChangesRole', 'Arn'),
        DeadLetterConfig: { Arn: att('MailsChangesDeadLetterQueue', 'Arn') },
        RetryPolicy: { MaximumEventAgeInSeconds: 900, MaximumRetryAttempts: 20 },
      },
    });
    expect(JSON.parse(schedule.Target.Input)).toEqual({
      action: 'pace',
      pace: { kind: 'rate', count: 500, per: 1, burst: 1 },
      at: '<aws.scheduler.scheduled-time>',
    });
  });

  test('the scheduler may invoke the controller for this account’s schedules, and do no more', () => {
    const template = nightly().template();
    expect(find(template, 'AWS::IAM::Role', 'MailsChanges').AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Condition: {
          StringEquals: {
            'aws:SourceAccount': { Ref: 'AWS::AccountId' },
            'aws:SourceArn': { 'Fn::Join': ['', expect.arrayContaining([':schedule-group/default'])] },
          },
        },
      },
    ]);
    expect(statementsOf(template, 'MailsChanges')).toEqual([
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: att('MailsControllerFunction', 'Arn') },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: att('MailsChangesDeadLetterQueue', 'Arn') },
    ]);
  });

  test('an alarm tells of changes that were lost', () => {
    expect(nightly().mails.lostChangesAlarm).toBeDefined();
    expect(make().mails.lostChangesAlarm).toBeUndefined();
  });
});

describe('backpressure', () => {
  const connected = (props: Partial<LoadLevelingQueueProps>) => {
    const { mails, stack, template } = make(props);
    const api = new AsyncWorker(stack, 'Api', { handler: handler() });
    mails.connectProducer(api.function, 'mails');
    return template();
  };

  test('producers are told where to look and what is too long, and may read the one row', () => {
    const template = connected({ backpressure: Backpressure.timeToDrain(Duration.minutes(10)) });
    expect(JSON.parse(joined(variables(template, 'ApiFunction').ASYNC_PRODUCER_MAILS))).toEqual({
      queueUrl: '<>',
      fifo: false,
      backpressure: { table: '<>', limit: 600 },
    });
    expect(statementsOf(template, 'ApiGrants')).toContainEqual({
      Effect: 'Allow',
      Action: 'dynamodb:GetItem',
      Resource: att('MailsPaceTable', 'Arn'),
      Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['pace'] } },
    });
  });

  test('without it they see nothing', () => {
    const template = connected({});
    expect(JSON.parse(joined(variables(template, 'ApiFunction').ASYNC_PRODUCER_MAILS))).toEqual({
      queueUrl: '<>',
      fifo: false,
    });
    expect(statementsOf(template, 'ApiGrants').map(({ Action }: any) => Action)).not.toContain('dynamodb:GetItem');
  });

  test.each([
    [Backpressure.timeToDrain(Duration.minutes(10)), 600],
    [undefined, 3600],
  ])('the alarm is on the time to drain', (backpressure, Threshold) => {
    const { template } = make({ backpressure });
    template().hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'TimeToDrain',
      Namespace: 'AsyncPatterns',
      Dimensions: [{ Name: 'Worker', Value: 'Stack/Mails' }],
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold,
    });
  });
});

test('a message may be as old as the backlog may take before anybody is told', () => {
  for (const [backpressure, Threshold] of [
    [undefined, 3600],
    [Backpressure.timeToDrain(Duration.hours(6)), 6 * 3600],
    [Backpressure.timeToDrain(Duration.minutes(1)), 900],
  ] as const) {
    make({ backpressure })
      .template()
      .hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'ApproximateAgeOfOldestMessage', Threshold });
  }
});

test('a key encrypts all that holds anything, and those who use it may', () => {
  const stack = new Stack(new App(), 'Stack');
  const encryptionKey = new kms.Key(stack, 'Key');
  const alarmTopic = new sns.Topic(stack, 'Alarms');
  const mails = new LoadLevelingQueue(stack, 'Mails', {
    handler: handler(),
    pace: hundred,
    encryptionKey,
    alarmTopic,
    idempotency: Idempotency.table(),
    backpressure: Backpressure.timeToDrain(Duration.minutes(1)),
    schedule: [{ at: ScheduleExpression.rate(Duration.days(1)), pace: Pace.closed() }],
  });
  mails.connectProducer(new AsyncWorker(stack, 'Api', { handler: handler() }).function);
  const template = Template.fromStack(stack);
  for (const { Properties } of Object.values(template.findResources('AWS::DynamoDB::Table'))) {
    expect(Properties.SSESpecification).toMatchObject({ SSEEnabled: true, KMSMasterKeyId: att('Key', 'Arn') });
  }
  const keyUsers = Object.entries(template.findResources('AWS::IAM::ManagedPolicy')).filter(([, { Properties }]) =>
    JSON.stringify(Properties.PolicyDocument).includes('kms:Decrypt'),
  );
  expect(keyUsers.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
    'ApiGrants',
    'MailsChangesPolicy',
    'MailsControllerPolicy',
    'MailsPolicy',
  ]);
  expect(JSON.stringify(template.findResources('AWS::IAM::ManagedPolicy'))).not.toMatch(/"(kms|dynamodb|sqs):[^"]*\*"/);
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).filter(
    ({ Properties }) => Properties.AlarmActions,
  );
  expect(alarms).toHaveLength(7);
});

test('metrics', () => {
  const { mails } = make();
  for (const metric of [mails.metricTimeToDrain(), mails.metricBacklog(), mails.metricRate()]) {
    expect(metric).toMatchObject({
      namespace: 'AsyncPatterns',
      dimensions: { Worker: 'Stack/Mails' },
      statistic: 'Maximum',
    });
    expect(metric.period.toSeconds()).toBe(60);
  }
  for (const metric of [mails.metricProcessed(), mails.metricRetried(), mails.metricDead(), mails.metricDeferred()]) {
    expect(metric.statistic).toBe('Sum');
  }
  expect(mails.metricAge().statistic).toBe('Maximum');
});
