import { App, CfnParameter, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as events from 'aws-cdk-lib/aws-events';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import {
  AsyncDestination,
  AsyncFunction,
  type AsyncFunctionProps,
  AsyncWorker,
  FanOutTopic,
  Handler,
  PayloadStore,
} from '../../lib';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`);

const synth = (props: (stack: Stack) => Partial<AsyncFunctionProps> = () => ({}), context = {}) => {
  const stack = new Stack(new App({ context }), 'Stack');
  const fn = new AsyncFunction(stack, 'Thumbnails', { handler: handler(), ...props(stack) });
  return { stack, fn, template: () => Template.fromStack(stack) };
};

const functionIn = (stack: Stack, id = 'Api', props: Partial<lambda.FunctionProps> = {}) =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {}'),
    ...props,
  });

/** The properties of the resource of a type whose logical id begins so. */
const find = (template: Template, type: string, prefix = ''): any => {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  expect(found).toHaveLength(1);
  return found[0]![1].Properties;
};
const config = (template: Template) => find(template, 'AWS::Lambda::EventInvokeConfig');
const statements = (template: Template, prefix = 'ThumbnailsPolicy'): any[] =>
  find(template, 'AWS::IAM::ManagedPolicy', prefix).PolicyDocument.Statement;
const variables = (template: Template, prefix = 'ThumbnailsFunction') =>
  find(template, 'AWS::Lambda::Function', prefix).Environment.Variables;
const arn = (prefix: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${prefix}`), 'Arn'] });
const ref = (prefix: string) => ({ Ref: expect.stringMatching(`^${prefix}`) });
const logs = { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: arn('ThumbnailsLog') };
const allow = (Action: string | string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource });

describe('with nothing given', () => {
  test('failures go to a queue of its own that keeps them for 14 days, encrypted and by TLS only', () => {
    const template = synth().template();
    expect(find(template, 'AWS::SQS::Queue')).toMatchObject({
      MessageRetentionPeriod: 14 * 86_400,
      SqsManagedSseEnabled: true,
    });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
      },
    });
    expect(config(template)).toEqual({
      FunctionName: ref('ThumbnailsFunction'),
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21_600,
      DestinationConfig: { OnFailure: { Destination: arn('ThumbnailsDeadLetterQueue') } },
    });
  });

  test('it may send there and write its log, and nothing else', () => {
    const template = synth().template();
    template.resourceCountIs('AWS::IAM::Policy', 0);
    expect(statements(template)).toEqual([logs, allow('sqs:SendMessage', arn('ThumbnailsDeadLetterQueue'))]);
  });

  test('failures are not sent a second time by a dead-letter queue of the function', () => {
    expect(find(synth().template(), 'AWS::Lambda::Function')).not.toHaveProperty('DeadLetterConfig');
  });

  test('the destination waits for the permissions that Lambda checks', () => {
    synth()
      .template()
      .hasResource('AWS::Lambda::EventInvokeConfig', {
        DependsOn: Match.arrayWith([Match.stringLikeRegexp('^ThumbnailsPolicy')]),
      });
  });

  test('the runtime is told where hopeless events go', () => {
    expect(variables(synth().template())).toMatchObject({
      ASYNC_WORKER: 'Stack/Thumbnails',
      ASYNC_FAILURE_DESTINATION: { 'Fn::Join': ['', ['{"queueUrl":"', ref('ThumbnailsDeadLetterQueue'), '"}']] },
    });
  });
});

describe('a destination', () => {
  const destinations: [string, (stack: Stack) => AsyncDestination, unknown, string][] = [
    ['queue', (stack) => AsyncDestination.queue(new sqs.Queue(stack, 'There')), arn('There'), 'sqs:SendMessage'],
    ['topic', (stack) => AsyncDestination.topic(new sns.Topic(stack, 'There')), ref('There'), 'sns:Publish'],
    ['bus', (stack) => AsyncDestination.bus(new events.EventBus(stack, 'There')), arn('There'), 'events:PutEvents'],
    [
      'function',
      (stack) => AsyncDestination.function(functionIn(stack, 'There')),
      arn('There'),
      'lambda:InvokeFunction',
    ],
    [
      'asynchronous function',
      (stack) => AsyncDestination.asyncFunction(new AsyncFunction(stack, 'There', { handler: handler() })),
      arn('ThereFunction'),
      'lambda:InvokeFunction',
    ],
    [
      'worker',
      (stack) => AsyncDestination.worker(new AsyncWorker(stack, 'There', { handler: handler() })),
      arn('ThereQueue'),
      'sqs:SendMessage',
    ],
    [
      'fan-out topic',
      (stack) => AsyncDestination.fanOut(new FanOutTopic(stack, 'There')),
      ref('ThereTopic'),
      'sns:Publish',
    ],
  ];

  test.each(destinations)('for failures may be a %s', (_, make, destination, action) => {
    const { stack, template } = synth((stack) => ({ onFailure: make(stack) }));
    const made = template();
    const configs = Object.values<any>(made.findResources('AWS::Lambda::EventInvokeConfig'));
    expect(configs.map(({ Properties }) => Properties.DestinationConfig)).toContainEqual({
      OnFailure: { Destination: destination },
    });
    expect(statements(made)).toEqual([logs, allow(action, destination)]);
    expect(stack.node.findChild('Thumbnails').node.tryFindChild('DeadLetterQueue')).toBeUndefined();
  });

  test.each(destinations)('for successes may be a %s', (_, make, destination, action) => {
    const made = synth((stack) => ({ onSuccess: make(stack) })).template();
    const configs = Object.values<any>(made.findResources('AWS::Lambda::EventInvokeConfig'));
    expect(configs.map(({ Properties }) => Properties.DestinationConfig)).toContainEqual({
      OnSuccess: { Destination: destination },
      OnFailure: { Destination: arn('ThumbnailsDeadLetterQueue') },
    });
    expect(statements(made)).toContainEqual(allow(action, destination));
  });

  test('under a customer-managed key brings the key along', () => {
    const made = synth((stack) => ({
      onFailure: AsyncDestination.queue(
        new sqs.Queue(stack, 'There', { encryptionMasterKey: new kms.Key(stack, 'Key') }),
      ),
    })).template();
    expect(statements(made)).toContainEqual(allow(['kms:Decrypt', 'kms:GenerateDataKey'], arn('Key')));
  });

  test.each<[string, (stack: Stack) => AsyncDestination]>([
    ['queue', (stack) => AsyncDestination.queue(new sqs.Queue(stack, 'There', { fifo: true }))],
    ['topic', (stack) => AsyncDestination.topic(new sns.Topic(stack, 'There', { fifo: true }))],
    ['worker', (stack) => AsyncDestination.worker(new AsyncWorker(stack, 'There', { handler: handler(), fifo: true }))],
    ['fanOut', (stack) => AsyncDestination.fanOut(new FanOutTopic(stack, 'There', { fifo: true }))],
    [
      'queue',
      (stack) => AsyncDestination.queue(sqs.Queue.fromQueueArn(stack, 'There', 'arn:aws:sqs:eu-west-1:1:q.fifo')),
    ],
  ])('that is a FIFO %s is refused', (kind, make) => {
    expect(() => make(new Stack())).toThrow(
      new RegExp(`There: AsyncDestination.${kind}: got a FIFO one, expected a standard one; give a standard one`),
    );
  });

  test('for successes leaves permanent errors to Lambda: what returns has succeeded', () => {
    const made = synth((stack) => ({ onSuccess: AsyncDestination.topic(new sns.Topic(stack, 'There')) })).template();
    expect(variables(made)).not.toHaveProperty('ASYNC_FAILURE_DESTINATION');
  });

  test.each<[string, (stack: Stack) => AsyncDestination, unknown]>([
    ['topic', (stack) => AsyncDestination.topic(new sns.Topic(stack, 'There')), '{"topicArn":"'],
    ['function', (stack) => AsyncDestination.function(functionIn(stack, 'There')), '{"functionArn":"'],
  ])('for failures that is a %s is where the runtime sends, too', (_, onFailure, json) => {
    const made = synth((stack) => ({ onFailure: onFailure(stack) })).template();
    expect(variables(made).ASYNC_FAILURE_DESTINATION['Fn::Join'][1][0]).toBe(json);
  });

  test('that is a bus is Lambda’s to reach alone', () => {
    const made = synth((stack) => ({ onFailure: AsyncDestination.bus(new events.EventBus(stack, 'There')) }));
    expect(variables(made.template())).not.toHaveProperty('ASYNC_FAILURE_DESTINATION');
  });
});

describe('connectInvoker', () => {
  test('grants the invocation of this function alone, and tells its ARN and what fits its dead-letter queue', () => {
    const { stack, fn, template } = synth();
    fn.connectInvoker(functionIn(stack), 'make-thumbnails');
    const made = template();
    expect(variables(made, 'Api')).toEqual({
      ASYNC_INVOKER_MAKE_THUMBNAILS: {
        'Fn::Join': ['', ['{"functionArn":"', arn('ThumbnailsFunction'), '","maxBytes":1015808}']],
      },
    });
    expect(find(made, 'AWS::IAM::Policy').PolicyDocument.Statement).toEqual([
      allow('lambda:InvokeFunction', arn('ThumbnailsFunction')),
    ]);
  });

  test('of a worker’s function keeps the grant in a managed policy', () => {
    const { stack, fn, template } = synth();
    fn.connectInvoker(new AsyncWorker(stack, 'Orders', { handler: handler() }).function);
    const made = template();
    made.resourceCountIs('AWS::IAM::Policy', 0);
    expect(statements(made, 'OrdersGrants')).toEqual([allow('lambda:InvokeFunction', arn('ThumbnailsFunction'))]);
    expect(variables(made, 'OrdersFunction')).toHaveProperty('ASYNC_INVOKER_THUMBNAILS');
  });

  test('of another asynchronous function, too', () => {
    const { stack, fn, template } = synth();
    fn.connectInvoker(new AsyncFunction(stack, 'Upload', { handler: handler() }).function);
    expect(statements(template(), 'UploadGrants')).toEqual([allow('lambda:InvokeFunction', arn('ThumbnailsFunction'))]);
  });

  test('leaves less room where failures go to a topic', () => {
    const { stack, fn, template } = synth((stack) => ({
      onFailure: AsyncDestination.topic(new sns.Topic(stack, 'There')),
    }));
    fn.connectInvoker(functionIn(stack));
    expect(variables(template(), 'Api').ASYNC_INVOKER_THUMBNAILS['Fn::Join'][1][2]).toBe('","maxBytes":229376}');
  });

  test('to itself is refused', () => {
    const { fn } = synth();
    expect(() => fn.connectInvoker(fn.function)).toThrow(
      'Stack/Thumbnails: invoker: got the function itself, expected another function; use a queue',
    );
  });
});

describe('alarms', () => {
  const find = (template: Template, metric: string): any => {
    const found = Object.values<any>(template.findResources('AWS::CloudWatch::Alarm')).filter(
      ({ Properties }) => Properties.MetricName === metric,
    );
    expect(found).toHaveLength(1);
    return found[0]!.Properties;
  };

  test.each([
    ['AsyncEventsDropped', 'Sum', 1],
    ['DestinationDeliveryFailures', 'Sum', 1],
    ['Errors', 'Sum', 3],
    ['Throttles', 'Sum', 1],
  ])('of Lambda’s %s: %s, %d periods, from 1, silence is well', (metric, Statistic, EvaluationPeriods) => {
    expect(find(synth().template(), metric)).toMatchObject({
      Namespace: 'AWS/Lambda',
      Dimensions: [{ Name: 'FunctionName', Value: ref('ThumbnailsFunction') }],
      Statistic,
      EvaluationPeriods,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test('of the dead-letter queue: what is visible there', () => {
    expect(find(synth().template(), 'ApproximateNumberOfMessagesVisible')).toMatchObject({
      Namespace: 'AWS/SQS',
      Statistic: 'Maximum',
      Period: 60,
      Threshold: 1,
    });
  });

  test.each([
    ['by default: longer than both rests and attempts take, at least 15 minutes', {}, 900_000],
    ['with long attempts', { timeout: Duration.minutes(15) }, 1_980_000],
    ['without retries', { retryAttempts: 0, timeout: Duration.minutes(15) }, 900_000],
    ['before events are given up', { maxEventAge: Duration.minutes(5) }, 150_000],
  ])('of the age, %s', (_, props, Threshold) => {
    expect(find(synth(() => props).template(), 'AsyncEventAge')).toMatchObject({
      Statistic: 'Maximum',
      Threshold,
      ComparisonOperator: 'GreaterThanThreshold',
    });
  });

  test('tell the topic', () => {
    const template = synth((stack) => ({ alarmTopic: new sns.Topic(stack, 'Tell') })).template();
    const alarms = Object.values<any>(template.findResources('AWS::CloudWatch::Alarm'));
    expect(alarms).toHaveLength(6);
    for (const { Properties } of alarms) {
      expect(Properties.AlarmActions).toEqual([ref('Tell')]);
      expect(Properties.AlarmDescription).toMatch(/^Stack\/Thumbnails: .* Runbook: /);
    }
  });

  test('of a dead-letter queue that the function brought along only where there is one', () => {
    const count = (deadLetterQueueEnabled: boolean) => {
      const { template } = synth((stack) => ({
        handler: Handler.fromFunction(functionIn(stack, 'Mine', { deadLetterQueueEnabled })),
      }));
      const all = Object.values<any>(template().findResources('AWS::CloudWatch::Alarm'));
      return all.filter(({ Properties }) => Properties.MetricName === 'DeadLetterErrors').length;
    };
    expect([count(false), count(true)]).toEqual([0, 1]);
  });
});

describe('numbers', () => {
  test.each<[string, Partial<AsyncFunctionProps>, string]>([
    ['retryAttempts', { retryAttempts: -1 }, 'from 0 to 2'],
    ['retryAttempts', { retryAttempts: 3 }, 'from 0 to 2'],
    ['retryAttempts', { retryAttempts: 0.5 }, 'from 0 to 2'],
    ['retryAttempts', { retryAttempts: Number.NaN }, 'from 0 to 2'],
    ['maxEventAge', { maxEventAge: Duration.seconds(59) }, 'from 60 to 21600'],
    ['maxEventAge', { maxEventAge: Duration.seconds(21_601) }, 'from 60 to 21600'],
    ['maxEventAge', { maxEventAge: Duration.millis(60_500) }, 'from 60 to 21600'],
    ['timeout', { timeout: Duration.seconds(0) }, 'from 1 to 900'],
    ['timeout', { timeout: Duration.seconds(901) }, 'from 1 to 900'],
    ['memorySize', { memorySize: 127 }, 'from 128 to 10240'],
    ['memorySize', { memorySize: 10_241 }, 'from 128 to 10240'],
    ['reservedConcurrentExecutions', { reservedConcurrentExecutions: 0 }, 'from 1 to 100000'],
  ])('that cannot be are refused: %s, case %#', (what, props, expected) => {
    expect(() => synth(() => props)).toThrow(
      new RegExp(`^Stack/Thumbnails: ${what}: got .*, expected a whole number ${expected}; `),
    );
  });

  test.each<[Partial<AsyncFunctionProps>, Record<string, number>]>([
    [{ retryAttempts: 0 }, { MaximumRetryAttempts: 0 }],
    [{ retryAttempts: 2 }, { MaximumRetryAttempts: 2 }],
    [{ maxEventAge: Duration.seconds(60) }, { MaximumEventAgeInSeconds: 60 }],
    [{ maxEventAge: Duration.hours(6) }, { MaximumEventAgeInSeconds: 21_600 }],
  ])('at the bounds are taken, case %#', (props, expected) => {
    expect(config(synth(() => props).template())).toMatchObject(expected);
  });

  test('that are known at deployment only pass', () => {
    const made = synth((stack) => ({
      retryAttempts: Token.asNumber(new CfnParameter(stack, 'Retries', { type: 'Number' }).valueAsNumber),
      maxEventAge: Duration.seconds(new CfnParameter(stack, 'Age', { type: 'Number' }).valueAsNumber),
    })).template();
    expect(config(made)).toMatchObject({
      MaximumRetryAttempts: { Ref: 'Retries' },
      MaximumEventAgeInSeconds: { Ref: 'Age' },
    });
  });
});

describe('a function that exists already', () => {
  test('keeps its code and gets the environment and the permissions', () => {
    const { template, fn } = synth((stack) => ({ handler: Handler.fromFunction(functionIn(stack, 'Mine')) }));
    const made = template();
    expect(fn.logGroup).toBeUndefined();
    expect(config(made).FunctionName).toEqual(ref('Mine'));
    expect(statements(made)).toEqual([allow('sqs:SendMessage', arn('ThumbnailsDeadLetterQueue'))]);
    expect(variables(made, 'Mine')).toHaveProperty('ASYNC_FAILURE_DESTINATION');
  });

  test.each<[string, (fn: lambda.Function) => lambda.IFunction, unknown]>([
    ['alias', (fn) => new lambda.Alias(fn, 'Live', { aliasName: 'live', version: fn.currentVersion }), 'live'],
    ['version', (fn) => fn.currentVersion, { 'Fn::GetAtt': [expect.stringMatching(/^Mine/), 'Version'] }],
  ])('may be an %s of one', (_, of, Qualifier) => {
    const made = synth((stack) => ({ handler: Handler.fromFunction(of(functionIn(stack, 'Mine'))) })).template();
    expect(config(made)).toMatchObject({ FunctionName: ref('Mine'), Qualifier });
  });

  test('that is imported gives a warning', () => {
    const { stack } = synth((stack) => ({
      handler: Handler.fromFunction(lambda.Function.fromFunctionName(stack, 'Imported', 'mine')),
    }));
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Thumbnails',
      Match.stringLikeRegexp('ASYNC_WORKER, ASYNC_FAILURE_DESTINATION.*cdk-async-patterns:importedFunction'),
    );
  });

  test('that has its asynchronous invocation configured is refused', () => {
    expect(() =>
      synth((stack) => ({ handler: Handler.fromFunction(functionIn(stack, 'Mine', { retryAttempts: 1 })) })),
    ).toThrow(/Stack\/Mine: got a function that has its asynchronous invocation configured, expected one that has not/);
  });

  test('is no destination of itself', () => {
    const itself = (prop: 'onSuccess' | 'onFailure') => (stack: Stack) => {
      const fn = functionIn(stack, 'Mine');
      return { handler: Handler.fromFunction(fn), [prop]: AsyncDestination.function(fn) };
    };
    for (const prop of ['onSuccess', 'onFailure'] as const) {
      expect(() => synth(itself(prop))).toThrow(`${prop}: got the function itself, expected another destination`);
    }
  });

  test('has its own timeout', () => {
    expect(() =>
      synth((stack) => ({
        handler: Handler.fromFunction(functionIn(stack, 'Mine')),
        timeout: Duration.seconds(10),
      })),
    ).toThrow('timeout: got 10 s, expected nothing with Handler.fromFunction');
  });
});

describe('with a payload store', () => {
  const withStore = () => {
    const made = synth((stack) => ({ payloadStore: new PayloadStore(stack, 'Store') }));
    made.fn.connectInvoker(functionIn(made.stack));
    return made;
  };
  const objects = { 'Fn::Join': ['', [arn('StoreBucket'), expect.stringMatching(/^\/StackThumbnails\w+\/\*$/)]] };

  test('who invokes is told where large payloads go, and may put them there', () => {
    const made = withStore().template();
    const [, ...parts] = variables(made, 'Api').ASYNC_INVOKER_THUMBNAILS['Fn::Join'][1];
    expect(parts.at(-1)).toMatch(/^","prefix":"StackThumbnails\w+\/","threshold":262144,"maxWait":\d+}}$/);
    expect(find(made, 'AWS::IAM::Policy').PolicyDocument.Statement).toEqual([
      allow('lambda:InvokeFunction', arn('ThumbnailsFunction')),
      allow('s3:PutObject', objects),
    ]);
  });

  test('the function is told where they lie, and may read them', () => {
    const made = withStore().template();
    expect(variables(made).ASYNC_PAYLOADS['Fn::Join'][1][0]).toBe('[{"bucket":"');
    expect(statements(made)).toContainEqual(allow('s3:GetObject', objects));
  });
});

test('metrics are those of Lambda and of the runtime', () => {
  const { fn } = synth();
  expect([fn.metricProcessed(), fn.metricRetried(), fn.metricDead()].map(({ metricName }) => metricName)).toEqual([
    'Processed',
    'Retried',
    'Dead',
  ]);
  expect(fn.metricProcessed().dimensions).toEqual({ Worker: 'Stack/Thumbnails' });
  expect(fn.metricEventsDropped({ period: Duration.minutes(1) })).toMatchObject({
    namespace: 'AWS/Lambda',
    metricName: 'AsyncEventsDropped',
    period: Duration.minutes(1),
  });
});

test('whoever may invoke may invoke this function alone', () => {
  const { stack, fn, template } = synth();
  fn.grantInvoke(functionIn(stack));
  expect(find(template(), 'AWS::IAM::Policy').PolicyDocument.Statement).toEqual([
    allow('lambda:InvokeFunction', arn('ThumbnailsFunction')),
  ]);
});

test.each([
  ['none', {}],
  ['the recommended', recommendedFlags],
])('one key for everything makes no cycle with %s feature flags', (_, flags) => {
  const { template } = synth((stack) => {
    const encryptionKey = new kms.Key(stack, 'Key');
    return { encryptionKey, alarmTopic: new sns.Topic(stack, 'Alarms', { masterKey: encryptionKey }) };
  }, flags);
  expect(find(template(), 'AWS::SQS::Queue')).toMatchObject({ KmsMasterKeyId: arn('Key') });
});

test('the template is the same as ever', () => {
  const { stack, fn, template } = synth((stack) => ({
    onSuccess: AsyncDestination.queue(new sqs.Queue(stack, 'Done')),
    alarmTopic: new sns.Topic(stack, 'Alarms'),
  }));
  fn.connectInvoker(functionIn(stack));
  expect(maskAssets(template().toJSON())).toMatchSnapshot();
});
