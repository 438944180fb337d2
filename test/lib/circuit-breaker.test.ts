import { App, CfnParameter, Duration, Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import { AsyncWorker, CircuitBreaker, type CircuitBreakerProps, Handler } from '../../lib';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`);

const synth = (props?: CircuitBreakerProps, ...workers: (number | undefined)[]) => {
  const stack = new Stack(new App(), 'Stack');
  const breaker = new CircuitBreaker(stack, 'Payments', props);
  workers.forEach((maxConcurrency, i) => {
    new AsyncWorker(stack, `Worker${i}`, { handler: handler(), circuitBreaker: breaker, maxConcurrency });
  });
  return { stack, breaker, template: () => Template.fromStack(stack) };
};

/** The properties of the resource of a type whose logical id begins so. */
const find = (template: Template, type: string, prefix: string): any => {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  expect(found).toHaveLength(1);
  return found[0]![1].Properties;
};
const variables = (template: Template, prefix: string) =>
  find(template, 'AWS::Lambda::Function', prefix).Environment.Variables;
const att = (prefix: string, attribute: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${prefix}`), attribute] });
const ref = (prefix: string) => ({ Ref: expect.stringMatching(`^${prefix}`) });
const mappingArn = (prefix: string) => ({
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':lambda:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':event-source-mapping:',
      ref(prefix),
    ],
  ],
});

describe('the table', () => {
  test('is on demand, forgets, can be restored, and tells of its changes', () => {
    const { template } = synth();
    expect(find(template(), 'AWS::DynamoDB::Table', 'PaymentsTable')).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
    });
  });

  test('goes with the stack: nobody else has a use for it', () => {
    synth().template().hasResource('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
  });
});

describe('the controller', () => {
  test('is told the breaker and, once they are known, the mappings with the concurrency that they get back', () => {
    const { template } = synth(
      { failureRatio: 0.3, minimumCalls: 20, window: Duration.seconds(90), coolDown: Duration.minutes(2) },
      undefined,
      7,
    );
    const { ASYNC_CIRCUIT_BREAKER, ASYNC_MAPPINGS, ...others } = variables(template(), 'PaymentsController');
    expect(others).toEqual({});
    expect(ASYNC_CIRCUIT_BREAKER).toEqual({
      'Fn::Join': [
        '',
        [
          '{"name":"Stack/Payments","table":"',
          ref('PaymentsTable'),
          '","failureRatio":0.3,"minimumCalls":20,"window":90,"coolDown":120,"maxCoolDown":900}',
        ],
      ],
    });
    expect(ASYNC_MAPPINGS).toEqual({
      'Fn::Join': [
        '',
        [
          '[{"id":"',
          ref('Worker0EventSourceMapping'),
          '"},{"id":"',
          ref('Worker1EventSourceMapping'),
          '","maxConcurrency":7}]',
        ],
      ],
    });
  });

  test('may read and write the state, and change the mappings of its workers, no others', () => {
    const template = synth({}, undefined, undefined).template();
    template.resourceCountIs('AWS::IAM::Policy', 0);
    for (const { Properties } of Object.values(template.findResources('AWS::IAM::Role'))) {
      expect([Properties.Policies, Properties.ManagedPolicyArns]).toEqual([undefined, undefined]);
    }
    expect(find(template, 'AWS::IAM::ManagedPolicy', 'PaymentsController').PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], Resource: att('PaymentsTable', 'Arn') },
      {
        Effect: 'Allow',
        Action: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
        Resource: att('PaymentsTable', 'StreamArn'),
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: att('PaymentsControllerLogGroup', 'Arn'),
      },
      {
        Effect: 'Allow',
        Action: ['lambda:GetEventSourceMapping', 'lambda:UpdateEventSourceMapping'],
        Resource: [mappingArn('Worker0EventSourceMapping'), mappingArn('Worker1EventSourceMapping')],
      },
    ]);
  });

  test('hears of what concerns the mappings, not of every call that is counted nor of messages', () => {
    const stream = find(synth().template(), 'AWS::Lambda::EventSourceMapping', 'PaymentsControllerStream');
    expect(stream).toMatchObject({
      EventSourceArn: att('PaymentsTable', 'StreamArn'),
      StartingPosition: 'LATEST',
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 60,
    });
    const breaker = { Keys: { pk: { S: ['breaker'] } } };
    expect(stream.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern))).toEqual([
      { dynamodb: { ...breaker, NewImage: { state: { S: ['open', 'halfOpen'] } } } },
      { dynamodb: { ...breaker, NewImage: { paused: { SS: [{ exists: true }] } } } },
    ]);
  });

  test('waits for its permissions, which Lambda checks when the stream is connected', () => {
    synth()
      .template()
      .hasResource('AWS::Lambda::EventSourceMapping', {
        DependsOn: [Match.stringLikeRegexp('PaymentsControllerPolicy')],
      });
  });

  test('comes round every minute', () => {
    synth()
      .template()
      .hasResourceProperties('AWS::Events::Rule', {
        ScheduleExpression: 'rate(1 minute)',
        Targets: [Match.objectLike({ Input: '{"action":"reconcile"}', RetryPolicy: { MaximumRetryAttempts: 0 } })],
      });
  });

  test('logs JSON to a group of its own that forgets after a month', () => {
    const template = synth().template();
    expect(find(template, 'AWS::Lambda::Function', 'Payments').LoggingConfig.LogFormat).toBe('JSON');
    expect(find(template, 'AWS::Logs::LogGroup', 'Payments').RetentionInDays).toBe(30);
  });
});

describe('a worker', () => {
  test('is told of the breaker, and may read and write its table', () => {
    const template = synth({}, undefined).template();
    const spec = variables(template, 'PaymentsController').ASYNC_CIRCUIT_BREAKER;
    expect(variables(template, 'Worker0').ASYNC_CIRCUIT_BREAKER).toEqual(spec);
    expect(find(template, 'AWS::IAM::ManagedPolicy', 'Worker0').PolicyDocument.Statement).toContainEqual({
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:BatchGetItem'],
      Resource: att('PaymentsTable', 'Arn'),
    });
  });

  test('in another stack is refused: the stacks would refer to each other', () => {
    const { breaker, stack } = synth();
    const other = new Stack(stack.node.root, 'Other');
    expect(() => new AsyncWorker(other, 'Worker', { handler: handler(), circuitBreaker: breaker })).toThrow(
      /^Other\/Worker: circuitBreaker: got Stack\/Payments of another stack, expected .* in the stack of the worker; /,
    );
  });

  test('is one of 40 at most: the list of mappings has no room for more', () => {
    const { breaker, stack } = synth({}, ...Array<undefined>(40));
    expect(() => new AsyncWorker(stack, 'More', { handler: handler(), circuitBreaker: breaker })).toThrow(
      /^Stack\/More: circuitBreaker: got worker number 41 of Stack\/Payments, expected at most 40 workers; /,
    );
  });
});

test('40 workers fit into the environment and the policy of the controller', () => {
  const env = { account: '123456789012', region: 'ap-southeast-2' };
  const stack = new Stack(new App(), 'Stack', { env });
  const breaker = new CircuitBreaker(stack, 'Payments');
  for (let i = 0; i < 40; i++) {
    const id = `01234567-89ab-cdef-0123-4567${String(i).padStart(8, '0')}`;
    breaker._pause(lambda.EventSourceMapping.fromEventSourceMappingId(stack, `Mapping${i}`, id), 1000);
  }
  const template = Template.fromStack(stack);
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, and the quotas of IAM. Half a kilobyte of each is
  // left for the names of the table and the log group.
  expect(variables(template, 'PaymentsController').ASYNC_MAPPINGS.length).toBeLessThan(4096 - 512);
  const policy = JSON.stringify(find(template, 'AWS::IAM::ManagedPolicy', 'PaymentsController').PolicyDocument);
  const resolved = policy.replace(
    /\{"Fn::Join":\["",\["arn:",\{"Ref":"AWS::Partition"\},"(.*?)"\]\]\}/g,
    '"arn:aws-us-gov$1"',
  );
  expect(resolved).not.toContain('Fn::Join');
  expect(resolved.length).toBeLessThan(6144 - 512);
});

test('a customer-managed key encrypts the table, the log group and the environment, and all may use it', () => {
  const stack = new Stack(new App(), 'Stack');
  const breaker = new CircuitBreaker(stack, 'Payments', { encryptionKey: new kms.Key(stack, 'Key') });
  new AsyncWorker(stack, 'Worker', { handler: handler(), circuitBreaker: breaker });
  const template = Template.fromStack(stack);
  expect(find(template, 'AWS::DynamoDB::Table', 'Payments').SSESpecification).toEqual({
    KMSMasterKeyId: att('Key', 'Arn'),
    SSEEnabled: true,
    SSEType: 'KMS',
  });
  expect(find(template, 'AWS::Logs::LogGroup', 'Payments').KmsKeyId).toEqual(att('Key', 'Arn'));
  expect(find(template, 'AWS::Lambda::Function', 'Payments').KmsKeyArn).toEqual(att('Key', 'Arn'));
  for (const prefix of ['Payments', 'Worker']) {
    expect(find(template, 'AWS::IAM::ManagedPolicy', prefix).PolicyDocument.Statement).toContainEqual({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
      Resource: att('Key', 'Arn'),
    });
  }
  template.hasResourceProperties('AWS::KMS::Key', {
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({ Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': Match.anyValue() } } }),
      ]),
    },
  });
});

describe('alarms', () => {
  const alarms = (props?: CircuitBreakerProps) =>
    Object.values(synth(props).template().findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

  test('each say what they mean and what to do, and how they take missing data', () => {
    expect(alarms()).toHaveLength(3);
    for (const { AlarmDescription, AlarmActions } of alarms()) {
      expect(AlarmDescription).toMatch(/^Stack\/Payments: .+ Runbook: .+/);
      expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
      expect(AlarmActions).toBeUndefined();
    }
    expect(alarms().map(({ TreatMissingData }) => TreatMissingData)).toEqual([
      'ignore',
      'notBreaching',
      'notBreaching',
    ]);
  });

  test('watch that it opens, that its state can be reached, and that the controller works', () => {
    const [open, unavailable, controller] = alarms();
    const ours = { Namespace: 'AsyncPatterns', Dimensions: [{ Name: 'CircuitBreaker', Value: 'Stack/Payments' }] };
    expect(open).toMatchObject({ ...ours, MetricName: 'Open', Statistic: 'Maximum', Threshold: 1, Period: 60 });
    expect(unavailable).toMatchObject({ ...ours, MetricName: 'StateUnavailable', Statistic: 'Sum', Threshold: 1 });
    expect([unavailable.EvaluationPeriods, unavailable.DatapointsToAlarm]).toEqual([5, 3]);
    expect(controller).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Threshold: 1,
      EvaluationPeriods: 3,
      Dimensions: [{ Name: 'FunctionName', Value: ref('PaymentsControllerFunction') }],
    });
  });

  test('notify the topic, also an encrypted one', () => {
    const stack = new Stack(new App(), 'Stack');
    const alarmTopic = new sns.Topic(stack, 'Topic', { masterKey: new kms.Key(stack, 'Key') });
    new CircuitBreaker(stack, 'Payments', { alarmTopic });
    const template = Template.fromStack(stack);
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^Topic') }],
    });
    const { Statement } = find(template, 'AWS::KMS::Key', 'Key').KeyPolicy;
    const forCloudWatch = Statement.filter((s: any) => s.Principal.Service === 'cloudwatch.amazonaws.com');
    expect(forCloudWatch).toHaveLength(1);
  });
});

test('metrics are read under the names that are written', () => {
  const { breaker, stack } = synth();
  for (const [metric, metricName, statistic] of [
    [breaker.metricOpen(), 'Open', 'Maximum'],
    [breaker.metricStateUnavailable(), 'StateUnavailable', 'Sum'],
  ] as const) {
    expect(stack.resolve(metric.toMetricConfig().metricStat)).toMatchObject({
      namespace: 'AsyncPatterns',
      metricName,
      statistic,
      dimensions: [{ name: 'CircuitBreaker', value: 'Stack/Payments' }],
    });
  }
  expect(breaker.metricOpen({ statistic: 'avg' }).toMetricConfig().metricStat?.statistic).toBe('Average');
});

describe('numbers that cannot work are refused with what, got, expected and what to do', () => {
  const { seconds, minutes, hours } = Duration;
  test.each<[CircuitBreakerProps, RegExp]>([
    [{ failureRatio: 0 }, /^Stack\/Payments: failureRatio: got 0, expected above 0 and up to 1; give the share/],
    [{ failureRatio: 1.01 }, /failureRatio: got 1.01/],
    [{ failureRatio: -0.5 }, /failureRatio: got -0.5/],
    [{ failureRatio: Number.NaN }, /failureRatio: got NaN/],
    [{ minimumCalls: 0 }, /minimumCalls: got 0, expected a whole number from 1 to 10000; /],
    [{ minimumCalls: 10_001 }, /minimumCalls: got 10001/],
    [{ minimumCalls: 2.5 }, /minimumCalls: got 2.5/],
    [{ window: seconds(9) }, /window: got 9, expected a whole number from 10 to 3600; /],
    [{ window: seconds(3601) }, /window: got 3601/],
    [{ window: Duration.millis(10_500) }, /window: got 10.5/],
    [{ coolDown: seconds(0) }, /coolDown: got 0, expected a whole number from 1 to 39600; /],
    [{ coolDown: hours(12) }, /coolDown: got 43200/],
    [{ coolDown: Duration.millis(1500) }, /coolDown: got 1.5/],
    [{ maxCoolDown: seconds(0) }, /maxCoolDown: got 0/],
    [{ maxCoolDown: hours(12) }, /maxCoolDown: got 43200/],
    [{ maxCoolDown: seconds(59) }, /maxCoolDown: got 59 s, expected at least coolDown, 60 s; /],
    [{ coolDown: minutes(3), maxCoolDown: minutes(2) }, /maxCoolDown: got 120 s, expected at least coolDown, 180 s; /],
  ])('%j', (props, message) => {
    expect(() => synth(props)).toThrow(message);
  });

  test.each<CircuitBreakerProps>([
    { failureRatio: 0.001 },
    { failureRatio: 1 },
    { minimumCalls: 1 },
    { minimumCalls: 10_000 },
    { window: seconds(10) },
    { window: hours(1) },
    { coolDown: seconds(1) },
    { coolDown: hours(11) },
    { coolDown: seconds(60), maxCoolDown: seconds(60) },
    { maxCoolDown: hours(11) },
  ])('%j is within the bounds', (props) => {
    synth(props);
  });
});

test('a cool-down above 15 minutes is its own maximum', () => {
  const spec = JSON.stringify(
    variables(synth({ coolDown: Duration.minutes(20) }).template(), 'Payments').ASYNC_CIRCUIT_BREAKER,
  );
  expect(spec).toContain('\\"coolDown\\":1200,\\"maxCoolDown\\":1200');
});

test('tokens pass through, unvalidated', () => {
  const stack = new Stack(new App(), 'Stack');
  const number = (id: string) => Token.asNumber(new CfnParameter(stack, id, { type: 'Number' }).value);
  new CircuitBreaker(stack, 'Payments', {
    failureRatio: number('Ratio'),
    minimumCalls: number('Minimum'),
    window: Duration.seconds(number('Window')),
    coolDown: Duration.seconds(number('CoolDown')),
    maxCoolDown: Duration.seconds(number('MaxCoolDown')),
  });
  const spec = JSON.stringify(variables(Template.fromStack(stack), 'Payments').ASYNC_CIRCUIT_BREAKER);
  for (const id of ['Ratio', 'Minimum', 'Window', 'CoolDown', 'MaxCoolDown']) expect(spec).toContain(`{"Ref":"${id}"}`);
});

describe('the template is the same as ever', () => {
  const everything = (context?: Record<string, unknown>) => {
    const stack = new Stack(new App({ context }), 'Stack');
    new CircuitBreaker(stack, 'Defaults');
    const everything = new CircuitBreaker(stack, 'Everything', {
      alarmTopic: new sns.Topic(stack, 'Topic'),
      encryptionKey: new kms.Key(stack, 'Key'),
    });
    new AsyncWorker(stack, 'Orders', { handler: handler(), circuitBreaker: everything, maxConcurrency: 5 });
    return maskAssets(Template.fromStack(stack).toJSON());
  };

  test('without feature flags', () => expect(everything()).toMatchSnapshot());
  test('with the recommended ones', () => expect(everything(recommendedFlags)).toMatchSnapshot());
});
