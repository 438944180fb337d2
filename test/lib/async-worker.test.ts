import { App, CfnParameter, Annotations as CoreAnnotations, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import { AsyncWorker, type AsyncWorkerProps, Backoff, Handler } from '../../lib';

const ENTRY = `${__dirname}/../fixtures/handler.ts`;
const handler = () => Handler.fromEntry(ENTRY);

const synth = (props: Partial<AsyncWorkerProps> = {}) => {
  const stack = new Stack(new App(), 'Stack');
  const worker = new AsyncWorker(stack, 'Orders', { handler: handler(), ...props });
  return { stack, worker, template: () => Template.fromStack(stack) };
};

const only = (template: Template, type: string): any => {
  const found = Object.values(template.findResources(type));
  expect(found).toHaveLength(1);
  return found[0]!.Properties;
};

describe('the queues', () => {
  test('hide a message for 6 x timeout + window, and hand it out five times before it is dead', () => {
    const { template } = synth({ timeout: Duration.seconds(20), maxBatchingWindow: Duration.seconds(7) });
    template().hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 127,
      MessageRetentionPeriod: 4 * 86_400,
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
    });
  });

  test('keep dead letters for 14 days', () => {
    synth()
      .template()
      .hasResourceProperties('AWS::SQS::Queue', {
        MessageRetentionPeriod: 14 * 86_400,
        RedrivePolicy: Match.absent(),
      });
  });

  test('are encrypted by SQS and take TLS only', () => {
    const template = synth().template();
    template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    template.resourcePropertiesCountIs(
      'AWS::SQS::QueuePolicy',
      {
        PolicyDocument: {
          Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
        },
      },
      2,
    );
  });

  test('of a FIFO worker are both FIFO, each group with its own throughput and deduplication', () => {
    synth({ fifo: true }).template().allResourcesProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      ContentBasedDeduplication: Match.absent(),
    });
  });
});

describe('the event source mapping', () => {
  test('reports batch item failures', () => {
    expect(only(synth().template(), 'AWS::Lambda::EventSourceMapping')).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('waits for the permissions that Lambda checks when it is made', () => {
    synth()
      .template()
      .hasResource('AWS::Lambda::EventSourceMapping', { DependsOn: [Match.stringLikeRegexp('OrdersPolicy')] });
  });

  test('gathers for a second when the batch is above 10, as SQS then demands', () => {
    expect(only(synth({ batchSize: 100 }).template(), 'AWS::Lambda::EventSourceMapping')).toMatchObject({
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
    });
    synth({ batchSize: 100 }).template().hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 181 });
  });

  test('has the concurrency that was asked for', () => {
    const { template } = synth({ maxConcurrency: 7, reservedConcurrentExecutions: 7 });
    expect(only(template(), 'AWS::Lambda::EventSourceMapping').ScalingConfig).toEqual({ MaximumConcurrency: 7 });
    expect(only(template(), 'AWS::Lambda::Function').ReservedConcurrentExecutions).toBe(7);
  });
});

describe('the function', () => {
  test('logs JSON to a group of its own that forgets after a month', () => {
    const template = synth().template();
    expect(only(template, 'AWS::Lambda::Function').LoggingConfig.LogFormat).toBe('JSON');
    expect(only(template, 'AWS::Logs::LogGroup').RetentionInDays).toBe(30);
  });

  test('is told what the runtime needs, and what the user says beside it', () => {
    const { template } = synth({
      environment: { TABLE: 'orders' },
      backoff: Backoff.exponential({ initial: Duration.seconds(2), max: Duration.minutes(1), factor: 3 }),
      maxReceiveCount: 7,
    });
    expect(only(template(), 'AWS::Lambda::Function').Environment.Variables).toEqual({
      TABLE: 'orders',
      NODE_OPTIONS: '--enable-source-maps',
      ASYNC_WORKER: 'Stack/Orders',
      ASYNC_QUEUE_URL: { Ref: expect.stringMatching(/^OrdersQueue/) },
      ASYNC_DEAD_LETTER_QUEUE_URL: { Ref: expect.stringMatching(/^OrdersDeadLetterQueue/) },
      ASYNC_MAX_RECEIVE_COUNT: '7',
      ASYNC_BACKOFF: '{"initial":2,"max":60,"factor":3,"jitter":true}',
    });
  });

  test('has the dead-letter queue for who invokes it asynchronously, unless that is FIFO, which Lambda does not take', () => {
    expect(only(synth().template(), 'AWS::Lambda::Function').DeadLetterConfig).toEqual({
      TargetArn: { 'Fn::GetAtt': [expect.stringMatching(/^OrdersDeadLetterQueue/), 'Arn'] },
    });
    expect(only(synth({ fifo: true }).template(), 'AWS::Lambda::Function').DeadLetterConfig).toBeUndefined();
  });

  test('lets the user overrule NODE_OPTIONS', () => {
    const { template } = synth({ environment: { NODE_OPTIONS: '' } });
    expect(only(template(), 'AWS::Lambda::Function').Environment.Variables.NODE_OPTIONS).toBe('');
  });
});

describe('permissions', () => {
  test('are one managed policy of exact actions on exact resources, and nothing else', () => {
    const template = synth().template();
    template.resourceCountIs('AWS::IAM::Policy', 0);
    expect(only(template, 'AWS::IAM::Role').ManagedPolicyArns).toBeUndefined();
    const arn = (prefix: string) => ({ 'Fn::GetAtt': [expect.stringMatching(prefix), 'Arn'] });
    expect(only(template, 'AWS::IAM::ManagedPolicy').PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
        Resource: arn('^OrdersQueue'),
      },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('^OrdersDeadLetterQueue') },
      { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: arn('^OrdersLogGroup') },
    ]);
  });

  test('leave the role open to what the user grants, in a managed policy of its own', () => {
    const { stack, worker, template } = synth();
    const table = new Table(stack, 'Table', { partitionKey: { name: 'pk', type: AttributeType.STRING } });
    table.grantReadData(worker);
    const made = template();
    made.resourceCountIs('AWS::IAM::Policy', 0);
    made.hasResource('AWS::IAM::ManagedPolicy', {
      Properties: {
        PolicyDocument: {
          Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['dynamodb:GetItem']) })]),
        },
        Roles: [{ Ref: Match.stringLikeRegexp('OrdersRole') }],
      },
    });
    made.hasResource('AWS::Lambda::Function', {
      DependsOn: [Match.stringLikeRegexp('OrdersGrants'), Match.stringLikeRegexp('OrdersPolicy')],
    });
  });

  test('to send work come with the key', () => {
    const { stack, worker, template } = synth({ encryptionKey: undefined });
    const user = new iam.User(stack, 'User');
    worker.grantSendMessages(user);
    template().hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [Match.objectLike({ Action: Match.arrayWith(['sqs:SendMessage']) })] },
    });
  });
});

describe('a customer-managed key', () => {
  const withKey = () => {
    const stack = new Stack(new App(), 'Stack');
    const worker = new AsyncWorker(stack, 'Orders', { handler: handler(), encryptionKey: new kms.Key(stack, 'Key') });
    worker.grantSendMessages(new iam.User(stack, 'User'));
    return Template.fromStack(stack);
  };

  test('encrypts the queues, the log group and the environment', () => {
    const template = withKey();
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: key });
    template.hasResourceProperties('AWS::Logs::LogGroup', { KmsKeyId: key });
    template.hasResourceProperties('AWS::Lambda::Function', { KmsKeyArn: key });
  });

  test('may be used by the function, by the log service and by whoever may send', () => {
    const template = withKey();
    template.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'] })]),
      },
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({ Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': Match.anyValue() } } }),
        ]),
      },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['kms:GenerateDataKey*']) })]),
      },
    });
  });
});

describe('alarms', () => {
  const alarms = (props: Partial<AsyncWorkerProps> = {}) =>
    Object.values(synth(props).template().findResources('AWS::CloudWatch::Alarm'));

  test('each say what they mean and what to do, and how they take missing data', () => {
    expect(alarms()).toHaveLength(4);
    for (const { Properties } of alarms()) {
      expect(Properties.AlarmDescription).toMatch(/^Stack\/Orders: .+ Runbook: .+/);
      expect(Properties.AlarmDescription.length).toBeLessThanOrEqual(1024);
      expect(Properties.TreatMissingData).toBe('notBreaching');
      expect(Properties.AlarmActions).toBeUndefined();
    }
  });

  test('watch what is visible in the dead-letter queue, the age of the oldest message, errors and throttles', () => {
    const [deadLetters, age, errors, throttles] = alarms().map(({ Properties }) => Properties);
    expect(deadLetters).toMatchObject({ MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1 });
    expect(age).toMatchObject({ MetricName: 'ApproximateAgeOfOldestMessage', Threshold: 900 });
    expect(errors).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'Errors', Threshold: 1 });
    expect(throttles).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: 'Throttles', Threshold: 1 });
  });

  test('give the oldest message twice the visibility timeout', () => {
    expect(alarms({ timeout: Duration.minutes(5) })[1]!.Properties.Threshold).toBe(3600);
  });

  test('notify the topic', () => {
    const stack = new Stack(new App(), 'Stack');
    new AsyncWorker(stack, 'Orders', { handler: handler(), alarmTopic: new sns.Topic(stack, 'Topic') });
    Template.fromStack(stack).allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^Topic') }],
    });
  });
});

test('metrics are read under the names that the runtime writes', () => {
  const { worker, stack } = synth();
  const config = (metric: { toMetricConfig(): any }) => metric.toMetricConfig().metricStat;
  for (const [metric, metricName, statistic] of [
    [worker.metricProcessed(), 'Processed', 'Sum'],
    [worker.metricRetried(), 'Retried', 'Sum'],
    [worker.metricDead(), 'Dead', 'Sum'],
    [worker.metricDeferred(), 'Deferred', 'Sum'],
    [worker.metricAge(), 'Age', 'Maximum'],
  ] as const) {
    expect(stack.resolve(config(metric))).toMatchObject({
      namespace: 'AsyncPatterns',
      metricName,
      statistic,
      dimensions: [{ name: 'Worker', value: 'Stack/Orders' }],
    });
  }
  expect(config(worker.metricProcessed({ period: Duration.minutes(1), statistic: 'avg' }))).toMatchObject({
    statistic: 'Average',
    period: Duration.minutes(1),
  });
});

test('an encrypted alarm topic can be published to by CloudWatch', () => {
  const stack = new Stack(new App(), 'Stack');
  const alarmTopic = new sns.Topic(stack, 'Topic', { masterKey: new kms.Key(stack, 'Key') });
  new AsyncWorker(stack, 'Orders', { handler: handler(), alarmTopic });
  const { Statement } = only(Template.fromStack(stack), 'AWS::KMS::Key').KeyPolicy;
  expect(Statement.filter((s: any) => s.Principal.Service === 'cloudwatch.amazonaws.com')).toEqual([
    expect.objectContaining({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    }),
  ]);
});

describe('numbers that cannot work are refused with what, got, expected and what to do', () => {
  const minutes = Duration.minutes;
  const seconds = Duration.seconds;
  test.each<[Partial<AsyncWorkerProps>, RegExp]>([
    [{ timeout: seconds(0) }, /^Stack\/Orders: timeout: got 0, expected a whole number from 1 to 900; /],
    [{ timeout: seconds(901) }, /timeout: got 901/],
    [{ timeout: Duration.millis(1500) }, /timeout: got 1.5/],
    [{ memorySize: 127 }, /memorySize: got 127, expected a whole number from 128 to 10240/],
    [{ memorySize: 10_241 }, /memorySize: got 10241/],
    [{ batchSize: 0 }, /batchSize: got 0, expected a whole number from 1 to 10000/],
    [{ batchSize: 10_001 }, /batchSize: got 10001/],
    [{ batchSize: 1.5 }, /batchSize: got 1.5/],
    [{ batchSize: 11, fifo: true }, /batchSize: got 11, expected a whole number from 1 to 10;/],
    [
      { batchSize: 11, maxBatchingWindow: seconds(0) },
      /batchSize: got 11, expected at most 10 without a batching window/,
    ],
    [{ maxBatchingWindow: seconds(301) }, /maxBatchingWindow: got 301/],
    [{ maxBatchingWindow: seconds(1), fifo: true }, /maxBatchingWindow: got 1 s, expected none on a FIFO queue/],
    [{ maxConcurrency: 1 }, /maxConcurrency: got 1, expected a whole number from 2 to 1000/],
    [{ maxConcurrency: 1001 }, /maxConcurrency: got 1001/],
    [{ reservedConcurrentExecutions: 0 }, /reservedConcurrentExecutions: got 0/],
    [
      { maxConcurrency: 5, reservedConcurrentExecutions: 4 },
      /reservedConcurrentExecutions: got 4, expected at least maxConcurrency, 5/,
    ],
    [{ maxReceiveCount: 0 }, /maxReceiveCount: got 0, expected a whole number from 1 to 1000/],
    [{ maxReceiveCount: 1001 }, /maxReceiveCount: got 1001/],
    [{ maxReceiveCount: Number.NaN }, /maxReceiveCount: got NaN/],
    [
      { visibilityTimeout: seconds(29) },
      /visibilityTimeout: got 29 s, expected at least timeout \+ maxBatchingWindow, 30 s/,
    ],
    [{ visibilityTimeout: seconds(35), maxBatchingWindow: seconds(6) }, /visibilityTimeout: got 35 s, .* 36 s/],
    [{ visibilityTimeout: minutes(721) }, /visibilityTimeout: got 43260/],
  ])('%j', (props, message) => {
    expect(() => synth(props)).toThrow(message);
  });
});

test.each<Partial<AsyncWorkerProps>>([
  { timeout: Duration.seconds(1) },
  { timeout: Duration.seconds(900) },
  { memorySize: 128 },
  { memorySize: 10_240 },
  { batchSize: 1 },
  { batchSize: 10_000 },
  { batchSize: 10, fifo: true },
  { maxBatchingWindow: Duration.seconds(300) },
  { maxConcurrency: 2 },
  { maxConcurrency: 1000 },
  { maxConcurrency: 5, reservedConcurrentExecutions: 5 },
  { maxReceiveCount: 2 },
  { visibilityTimeout: Duration.hours(12), maxReceiveCount: 2 },
  { visibilityTimeout: Duration.seconds(180) },
])('%j is within the bounds: no error, no warning', (props) => {
  const { stack, template } = synth(props);
  template();
  expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
  expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
});

describe('numbers that are seldom meant warn with an id that can be acknowledged', () => {
  test.each<[string, Partial<AsyncWorkerProps>]>([
    ['shortVisibilityTimeout', { visibilityTimeout: Duration.seconds(30) }],
    ['shortVisibilityTimeout', { visibilityTimeout: Duration.seconds(179) }],
    ['noRetries', { maxReceiveCount: 1 }],
    ['retriesOutliveRetention', { maxReceiveCount: 1000, timeout: Duration.minutes(1) }],
    ['retriesOutliveRetention', { maxReceiveCount: 20, backoff: Backoff.constant(Duration.hours(12)) }],
  ])('%s', (id, props) => {
    const { stack } = synth(props);
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Orders',
      Match.stringLikeRegexp(`got .*expected .*cdk-async-patterns:${id}`),
    );

    const acknowledged = new Stack(new App(), 'Stack');
    CoreAnnotations.of(acknowledged).acknowledgeWarning(`cdk-async-patterns:${id}`, 'on purpose');
    new AsyncWorker(acknowledged, 'Orders', { handler: handler(), ...props });
    expect(Annotations.fromStack(acknowledged).findWarning('*', Match.stringLikeRegexp(id))).toEqual([]);
  });
});

test('tokens pass through, unvalidated', () => {
  const stack = new Stack(new App(), 'Stack');
  const number = (id: string) => Token.asNumber(new CfnParameter(stack, id, { type: 'Number' }).value);
  new AsyncWorker(stack, 'Orders', {
    handler: handler(),
    timeout: Duration.seconds(number('Timeout')),
    memorySize: number('Memory'),
    batchSize: number('Batch'),
    maxConcurrency: number('Concurrency'),
    reservedConcurrentExecutions: number('Reserved'),
    maxReceiveCount: number('Receives'),
    backoff: Backoff.exponential({
      initial: Duration.seconds(number('Initial')),
      max: Duration.seconds(number('Max')),
    }),
  });
  const template = Template.fromStack(stack);
  expect(only(template, 'AWS::Lambda::Function')).toMatchObject({
    Timeout: { Ref: 'Timeout' },
    Environment: {
      Variables: {
        ASYNC_MAX_RECEIVE_COUNT: { Ref: 'Receives' },
        ASYNC_BACKOFF: {
          'Fn::Join': [
            '',
            ['{"initial":', { Ref: 'Initial' }, ',"max":', { Ref: 'Max' }, ',"factor":2,"jitter":true}'],
          ],
        },
      },
    },
  });
  // 6 x the longest timeout there is.
  template.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 5400 });
  expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
});

describe('a function of the user’s', () => {
  const fnIn = (stack: Stack) =>
    new lambda.Function(stack, 'Python', {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: 'index.handler',
      code: lambda.Code.fromInline('def handler(event, context): return {}'),
      timeout: Duration.seconds(10),
    });

  test('gets the environment, the permissions and a queue that fits its timeout', () => {
    const stack = new Stack(new App(), 'Stack');
    const fn = fnIn(stack);
    const worker = new AsyncWorker(stack, 'Orders', { handler: Handler.fromFunction(fn) });
    expect(worker.function).toBe(fn);
    expect(worker.logGroup).toBeUndefined();
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 60 });
    expect(only(template, 'AWS::Lambda::Function').Environment.Variables).toMatchObject({
      ASYNC_WORKER: 'Stack/Orders',
    });
    expect(only(template, 'AWS::IAM::ManagedPolicy').Roles).toEqual([
      { Ref: expect.stringMatching(/^PythonServiceRole/) },
    ]);
  });

  test.each<[Partial<AsyncWorkerProps>, RegExp]>([
    [
      { memorySize: 256 },
      /memorySize: got 256, expected nothing with Handler.fromFunction; set it on the function itself/,
    ],
    [{ reservedConcurrentExecutions: 5 }, /reservedConcurrentExecutions: got 5/],
    [{ timeout: Duration.seconds(20) }, /timeout: got 20 s, expected nothing/],
  ])('keeps its own settings: %j is refused', (props, message) => {
    const stack = new Stack(new App(), 'Stack');
    expect(() => new AsyncWorker(stack, 'Orders', { handler: Handler.fromFunction(fnIn(stack)), ...props })).toThrow(
      message,
    );
  });

  test('that is imported is used as it is, with a warning about what cannot be seen', () => {
    const stack = new Stack(new App(), 'Stack');
    const fn = lambda.Function.fromFunctionArn(stack, 'Imported', 'arn:aws:lambda:us-east-1:123456789012:function:f');
    new AsyncWorker(stack, 'Orders', { handler: Handler.fromFunction(fn), timeout: Duration.seconds(15) });
    Template.fromStack(stack).hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 90 });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Orders',
      Match.stringLikeRegexp('ASYNC_QUEUE_URL.*cdk-async-patterns:importedFunction'),
    );
  });
});

describe('the template is the same as ever', () => {
  const everything = (context?: Record<string, unknown>) => {
    const stack = new Stack(new App({ context }), 'Stack');
    const alarmTopic = new sns.Topic(stack, 'Topic');
    new AsyncWorker(stack, 'Orders', { handler: handler(), alarmTopic });
    new AsyncWorker(stack, 'Shipments', {
      handler: handler(),
      fifo: true,
      maxConcurrency: 5,
      reservedConcurrentExecutions: 5,
      encryptionKey: new kms.Key(stack, 'Key'),
    });
    return maskAssets(Template.fromStack(stack).toJSON());
  };

  test('without feature flags', () => expect(everything()).toMatchSnapshot());
  test('with the recommended ones', () => expect(everything(recommendedFlags)).toMatchSnapshot());
});
