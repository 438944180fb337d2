import { App, CfnParameter, Annotations as CoreAnnotations, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import { Handler } from '../../lib';
import {
  type FanOutQueueOptions,
  FanOutTopic,
  type FanOutTopicProps,
  type FanOutWorkerProps,
} from '../../lib/fan-out-topic';
import { MessageFilter, MessageMatch } from '../../lib/message-filter';
import { variableName } from '../../lib/private/contract';

const ENTRY = `${__dirname}/../fixtures/handler.ts`;
const handler = () => Handler.fromEntry(ENTRY);

const make = (props: FanOutTopicProps = {}, context = {}) => {
  const stack = new Stack(new App({ context }), 'Stack');
  return { stack, events: new FanOutTopic(stack, 'OrderEvents', props) };
};

const withWorker = (props: Partial<FanOutWorkerProps> = {}, topic: FanOutTopicProps = {}) => {
  const { stack, events } = make(topic);
  const worker = events.addWorker('Billing', { handler: handler(), ...props });
  return { stack, events, worker, template: () => Template.fromStack(stack) };
};

const withQueue = (queue: sqs.QueueProps = {}, options: FanOutQueueOptions = {}, topic: FanOutTopicProps = {}) => {
  const { stack, events } = make(topic);
  const mine = new sqs.Queue(stack, 'Mine', queue);
  const deadLetterQueue = events.addQueue(mine, options);
  return { stack, events, queue: mine, deadLetterQueue, template: () => Template.fromStack(stack) };
};

const functionIn = (stack: Stack, id = 'Api') =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {}'),
  });

const all = (template: Template, type: string): any[] =>
  Object.values<any>(template.findResources(type)).map(({ Properties }) => Properties);
const only = (template: Template, type: string): any => {
  const found = all(template, type);
  expect(found).toHaveLength(1);
  return found[0];
};
const arn = (prefix: string) => ({ 'Fn::GetAtt': [expect.stringMatching(prefix), 'Arn'] });
const TOPIC = { Ref: expect.stringMatching(/^OrderEventsTopic/) };
const SNS_MAY_SEND = (queue: unknown) => ({
  Effect: 'Allow',
  Principal: { Service: 'sns.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: queue,
  Condition: { ArnEquals: { 'aws:SourceArn': TOPIC } },
});
const policyOf = (template: Template, queue: RegExp): any[] =>
  all(template, 'AWS::SQS::QueuePolicy').find(({ Queues }) => queue.test(Queues[0].Ref)).PolicyDocument.Statement;

describe('the topic', () => {
  test('takes TLS only', () => {
    const { stack } = make();
    expect(only(Template.fromStack(stack), 'AWS::SNS::TopicPolicy').PolicyDocument.Statement).toEqual([
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    ]);
  });

  test('is standard and keeps nothing unless asked', () => {
    const { stack } = make();
    expect(only(Template.fromStack(stack), 'AWS::SNS::Topic')).toBeUndefined();
  });

  test('that is FIFO has the throughput of its groups, and the archive that was asked for', () => {
    const { stack } = make({ fifo: true, archive: Duration.days(30) });
    expect(only(Template.fromStack(stack), 'AWS::SNS::Topic')).toMatchObject({
      FifoTopic: true,
      FifoThroughputScope: 'MessageGroup',
      ArchivePolicy: { MessageRetentionPeriod: 30 },
    });
  });

  test.each([1, 365])('keeps an archive for %d days', (days) => {
    expect(() => make({ fifo: true, archive: Duration.days(days) })).not.toThrow();
  });

  test.each<[string, FanOutTopicProps, RegExp]>([
    [
      '0 days',
      { fifo: true, archive: Duration.days(0) },
      /^Stack\/OrderEvents: archive: got 0 days, expected whole days from 1 to 365; /,
    ],
    ['366 days', { fifo: true, archive: Duration.days(366) }, /archive: got 366 days/],
    ['parts of days', { fifo: true, archive: Duration.hours(36) }, /archive: got 1.5 days/],
    [
      'on a standard topic',
      { archive: Duration.days(1) },
      /archive: got a duration, expected none on a standard topic; /,
    ],
  ])('keeps no archive for %s', (_, props, message) => {
    expect(() => make(props)).toThrow(message);
  });

  test('takes the archive from a token', () => {
    const stack = new Stack(new App(), 'Stack');
    const days = Token.asNumber(new CfnParameter(stack, 'Days', { type: 'Number' }).value);
    new FanOutTopic(stack, 'OrderEvents', { fifo: true, archive: Duration.days(days) });
    expect(only(Template.fromStack(stack), 'AWS::SNS::Topic').ArchivePolicy).toEqual({
      MessageRetentionPeriod: { Ref: 'Days' },
    });
  });
});

describe('a worker', () => {
  test('gets the message as it was published', () => {
    const { template } = withWorker();
    expect(only(template(), 'AWS::SNS::Subscription')).toEqual({
      TopicArn: TOPIC,
      Protocol: 'sqs',
      Endpoint: arn('^OrderEventsBillingQueue'),
      RawMessageDelivery: true,
      RedrivePolicy: { deadLetterTargetArn: arn('^OrderEventsBillingDeadLetterQueue') },
    });
  });

  test('has queues that this topic alone may send to', () => {
    const template = withWorker().template();
    expect(policyOf(template, /BillingQueue/)).toContainEqual(SNS_MAY_SEND(arn('^OrderEventsBillingQueue')));
    expect(policyOf(template, /BillingDeadLetterQueue/)).toContainEqual(
      SNS_MAY_SEND(arn('^OrderEventsBillingDeadLetterQueue')),
    );
  });

  test('is subscribed only when SNS may send', () => {
    withWorker()
      .template()
      .hasResource('AWS::SNS::Subscription', {
        DependsOn: [
          Match.stringLikeRegexp('BillingDeadLetterQueuePolicy'),
          Match.stringLikeRegexp('BillingQueuePolicy'),
        ],
      });
  });

  test('has its own queues, whatever the others do', () => {
    const { events, template } = withWorker();
    events.addWorker('Audit', { handler: handler(), maxReceiveCount: 2 });
    const made = template();
    made.resourceCountIs('AWS::SQS::Queue', 4);
    const [billing, audit] = all(made, 'AWS::SNS::Subscription');
    expect(audit.Endpoint).toEqual(arn('^OrderEventsAuditQueue'));
    expect(audit.RedrivePolicy).not.toEqual(billing.RedrivePolicy);
  });

  test('is an AsyncWorker with its own props', () => {
    const { worker, template } = withWorker({ timeout: Duration.seconds(7), maxConcurrency: 3 });
    expect(worker.node.path).toBe('Stack/OrderEvents/Billing');
    template().hasResourceProperties('AWS::Lambda::Function', { Timeout: 7 });
    template().hasResourceProperties('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 3 } });
  });

  test('gets the envelope if it wants that', () => {
    expect(
      only(withWorker({ rawMessageDelivery: false }).template(), 'AWS::SNS::Subscription').RawMessageDelivery,
    ).toBe(false);
  });

  test('has the alarm topic of the topic, or its own', () => {
    const stack = new Stack(new App(), 'Stack');
    const events = new FanOutTopic(stack, 'OrderEvents', { alarmTopic: new sns.Topic(stack, 'Ours') });
    events.addWorker('Billing', { handler: handler() });
    events.addWorker('Audit', { handler: handler(), alarmTopic: new sns.Topic(stack, 'Theirs') });
    const actions = all(Template.fromStack(stack), 'AWS::CloudWatch::Alarm').map(
      ({ AlarmActions }) => AlarmActions[0].Ref,
    );
    expect(actions.filter((ref) => ref.startsWith('Ours'))).toHaveLength(2 + 4);
    expect(actions.filter((ref) => ref.startsWith('Theirs'))).toHaveLength(4);
  });
});

describe('a filter', () => {
  test('over attributes is in the subscription', () => {
    const filter = MessageFilter.attributes(
      { type: MessageMatch.prefix('order.') },
      { a: MessageMatch.exists() },
      { b: MessageMatch.absent() },
    );
    expect(only(withWorker({ filter }).template(), 'AWS::SNS::Subscription')).toMatchObject({
      FilterPolicyScope: 'MessageAttributes',
      FilterPolicy: { type: [{ prefix: 'order.' }], $or: [{ a: [{ exists: true }] }, { b: [{ exists: false }] }] },
    });
  });

  test('over the body too', () => {
    const filter = MessageFilter.body({ customer: MessageMatch.nested({ country: MessageMatch.strings('DE', '') }) });
    expect(only(withWorker({ filter }).template(), 'AWS::SNS::Subscription')).toMatchObject({
      FilterPolicyScope: 'MessageBody',
      FilterPolicy: { customer: { country: ['DE', ''] } },
    });
  });

  test.each<[string, string, unknown]>([
    ['values', 'eu-1', '{"parent":[null],"region":["eu-1"]}'],
    [
      'tokens',
      Token.asString({ Ref: 'AWS::Region' }),
      { 'Fn::Join': ['', ['{"parent":[null],"region":["', { Ref: 'AWS::Region' }, '"]}']] },
    ],
  ])('with null beside %s is a text, since a template has none', (_, region, expected) => {
    const filter = MessageFilter.body({ parent: MessageMatch.ofNull(), region: MessageMatch.strings(region) });
    expect(only(withWorker({ filter }).template(), 'AWS::SNS::Subscription').FilterPolicy).toEqual(expected);
  });

  test('beyond the quota of the topic gives a warning', () => {
    const filter = MessageFilter.attributes({ type: MessageMatch.strings('a') });
    const { stack, events } = make();
    const subscribe = (id: string) => events.addQueue(new sqs.Queue(stack, id), { filter });
    // Not synthesized: so many subscribers are in stacks of their own.
    const warnings = () => events.node.metadata.map(({ data }) => data);
    for (let i = 0; i < 200; i++) subscribe(`Queue${i}`);
    expect(warnings()).toEqual([]);
    for (let i = 200; i < 210; i++) subscribe(`Queue${i}`);
    expect(warnings()).toEqual([expect.stringMatching(/got more than 200, .*cdk-async-patterns:manyFilters/)]);
  });
});

describe('kinds', () => {
  test('a worker of a FIFO topic is FIFO, so that order and deduplication are kept', () => {
    const { worker, template } = withWorker({}, { fifo: true });
    expect(worker.queue.fifo).toBe(true);
    template().allResourcesProperties('AWS::SQS::Queue', { FifoQueue: true });
  });

  test('a standard worker on a FIFO topic has a FIFO dead-letter queue for what SNS cannot deliver', () => {
    const { stack, template } = withWorker({ unordered: true }, { fifo: true });
    const { RedrivePolicy } = only(template(), 'AWS::SNS::Subscription');
    expect(RedrivePolicy.deadLetterTargetArn).toEqual(arn('^OrderEventsBillingUndeliveredDeadLetterQueue'));
    template().resourcePropertiesCountIs('AWS::SQS::Queue', { FifoQueue: true }, 1);
    template().hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('^Stack/OrderEvents to Stack/OrderEvents/Billing: '),
    });
    // It was asked for.
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'a FIFO worker on a standard topic',
      () => withWorker({ fifo: true }),
      /queue of Billing: got a FIFO queue on a standard topic, expected a standard queue; /,
    ],
    [
      'a FIFO queue on a standard topic',
      () => withQueue({ fifo: true }),
      /queue of Stack\/Mine: got a FIFO queue on a standard topic/,
    ],
    [
      'a standard worker on a FIFO topic',
      () => withWorker({ fifo: false }, { fifo: true }),
      /queue of Billing: got a standard queue on a FIFO topic, expected a FIFO queue; .*unordered: true/,
    ],
    [
      'a standard queue on a FIFO topic',
      () => withQueue({}, {}, { fifo: true }),
      /queue of Stack\/Mine: got a standard queue on a FIFO topic/,
    ],
    [
      'unordered on a standard topic',
      () => withQueue({}, { unordered: true }),
      /unordered of Stack\/Mine: got true, expected a FIFO topic and a standard queue; /,
    ],
    [
      'unordered on a FIFO queue',
      () => withWorker({ fifo: true, unordered: true }, { fifo: true }),
      /unordered of Billing: got true/,
    ],
  ])('%s is refused', (_, subscribe, message) => {
    expect(subscribe).toThrow(message);
  });

  test('a standard queue on a FIFO topic passes when it is asked for', () => {
    expect(() => withQueue({}, { unordered: true }, { fifo: true })).not.toThrow();
  });
});

describe('a replay', () => {
  const archive = { fifo: true, archive: Duration.days(7) };
  const replayFrom = new Date('2026-11-01T00:00:00Z');

  test('goes to one subscriber', () => {
    const { events, template } = withWorker({ replayFrom }, archive);
    events.addWorker('Audit', { handler: handler() });
    const [billing, audit] = all(template(), 'AWS::SNS::Subscription');
    expect(billing.ReplayPolicy).toEqual({ PointType: 'Timestamp', StartingPoint: '2026-11-01T00:00:00.000Z' });
    expect(audit.ReplayPolicy).toBeUndefined();
  });

  test.each<[string, FanOutTopicProps, Date, RegExp]>([
    [
      'without an archive',
      { fifo: true },
      replayFrom,
      /replayFrom of Billing: got 2026-11-01T00:00:00.000Z, expected nothing on a topic without an archive; /,
    ],
    ['on a standard topic', {}, replayFrom, /replayFrom of Billing/],
    ['from no date', archive, new Date('yesterday'), /replayFrom of Billing: got no date, expected a date; /],
  ])('%s is refused', (_, topic, from, message) => {
    expect(() => withWorker({ replayFrom: from }, topic)).toThrow(message);
  });
});

describe('a queue of the user’s', () => {
  test('is subscribed, with a dead-letter queue for what SNS cannot deliver and an alarm on that', () => {
    const { deadLetterQueue, template } = withQueue();
    const made = template();
    expect(only(made, 'AWS::SNS::Subscription')).toMatchObject({
      Endpoint: arn('^Mine'),
      RawMessageDelivery: true,
      RedrivePolicy: { deadLetterTargetArn: arn('^MineStackOrderEvents.*DeadLetterQueue') },
    });
    expect(policyOf(made, /^Mine[0-9A-F]+$/)).toEqual([SNS_MAY_SEND(arn('^Mine'))]);
    expect(policyOf(made, /DeadLetterQueue/)).toContainEqual(SNS_MAY_SEND(arn('DeadLetterQueue')));
    made.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 14 * 86_400, SqsManagedSseEnabled: true });
    made.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      AlarmDescription: Match.stringLikeRegexp('^Stack/OrderEvents to Stack/Mine: .* Runbook: '),
    });
    expect(deadLetterQueue.fifo).toBe(false);
  });

  test('on a FIFO topic has a FIFO one', () => {
    expect(withQueue({ fifo: true }, {}, { fifo: true }).deadLetterQueue.fifo).toBe(true);
  });

  test('may be in another stack', () => {
    const { stack, events } = make();
    const other = new Stack(stack.node.root as App, 'Other');
    events.addQueue(new sqs.Queue(other, 'Mine'));
    Template.fromStack(stack).resourceCountIs('AWS::SNS::Subscription', 0);
    Template.fromStack(other).resourceCountIs('AWS::SNS::Subscription', 1);
    expect(other.dependencies).toEqual([stack]);
  });

  test('under the AWS-managed key is refused, since SNS cannot use that', () => {
    expect(() => withQueue({ encryption: sqs.QueueEncryption.KMS_MANAGED })).toThrow(
      /encryption of Stack\/Mine: got the AWS-managed key, expected SQS-managed encryption or a customer-managed key; /,
    );
  });

  test('gets the messages once', () => {
    const { events, queue } = withQueue();
    expect(() => events.addQueue(queue)).toThrow(/subscriber: got Stack\/Mine a second time, expected each once; /);
  });

  test('that is imported gives a warning about what cannot be seen', () => {
    const { stack, events } = make();
    events.addQueue(sqs.Queue.fromQueueArn(stack, 'Imported', 'arn:aws:sqs:us-east-1:123456789012:imported'));
    Annotations.fromStack(stack).hasWarning(
      '*',
      Match.stringLikeRegexp('Stack/Imported.*cdk-async-patterns:importedQueue'),
    );
    expect(() =>
      events.addQueue(sqs.Queue.fromQueueArn(stack, 'Fifo', 'arn:aws:sqs:us-east-1:123456789012:a.fifo')),
    ).toThrow(/got a FIFO queue on a standard topic/);
  });
});

describe('a function of the user’s', () => {
  const withFunction = (fn: (stack: Stack) => lambda.IFunction = functionIn, topic: FanOutTopicProps = {}) => {
    const { stack, events } = make(topic);
    const deadLetterQueue = events.addFunction(fn(stack), {
      filter: MessageFilter.attributes({ type: MessageMatch.strings('a') }),
    });
    return { stack, events, deadLetterQueue, template: () => Template.fromStack(stack) };
  };

  test('is invoked by this topic alone', () => {
    const template = withFunction().template();
    expect(only(template, 'AWS::Lambda::Permission')).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: arn('^Api'),
      Principal: 'sns.amazonaws.com',
      SourceArn: TOPIC,
    });
    template.hasResource('AWS::SNS::Subscription', {
      Properties: {
        Protocol: 'lambda',
        Endpoint: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Api'), 'Arn'] },
        RawMessageDelivery: Match.absent(),
        FilterPolicy: { type: ['a'] },
        RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetterQueue'), 'Arn'] } },
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('Permission')]),
    });
  });

  test('has what it fails to handle in the same dead-letter queue', () => {
    expect(only(withFunction().template(), 'AWS::Lambda::EventInvokeConfig').DestinationConfig).toEqual({
      OnFailure: { Destination: arn('DeadLetterQueue') },
    });
  });

  test.each<[string, (stack: Stack) => lambda.Function, number]>([
    [
      'a dead-letter queue',
      (stack) =>
        new lambda.Function(stack, 'Own', {
          runtime: lambda.Runtime.NODEJS_24_X,
          handler: 'index.handler',
          code: lambda.Code.fromInline('exports.handler = async () => {}'),
          deadLetterQueueEnabled: true,
        }),
      0,
    ],
    [
      'a destination',
      (stack) => {
        const fn = functionIn(stack);
        fn.configureAsyncInvoke({ onFailure: new SqsDestination(new sqs.Queue(stack, 'Mine')) });
        return fn;
      },
      1,
    ],
  ])('keeps %s of its own', (_, fn, configs) => {
    withFunction(fn).template().resourceCountIs('AWS::Lambda::EventInvokeConfig', configs);
  });

  test('on a FIFO topic is refused', () => {
    expect(() => withFunction(functionIn, { fifo: true })).toThrow(
      /subscriber of a FIFO topic: got the function Stack\/Api, expected a queue or a worker; /,
    );
  });

  test('that is imported gives a warning about what cannot be seen', () => {
    const { stack } = withFunction((scope) =>
      lambda.Function.fromFunctionArn(scope, 'Imported', 'arn:aws:lambda:us-east-1:123456789012:function:f'),
    );
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('cdk-async-patterns:importedFunction'));
  });
});

describe('one customer-managed key', () => {
  const everything = (context?: Record<string, unknown>) => {
    const stack = new Stack(new App({ context }), 'Stack');
    const encryptionKey = new kms.Key(stack, 'Key');
    const alarmTopic = new sns.Topic(stack, 'Alarms', { masterKey: encryptionKey });
    const events = new FanOutTopic(stack, 'OrderEvents', {
      encryptionKey,
      alarmTopic,
      fifo: true,
      archive: Duration.days(30),
    });
    events.addWorker('Billing', {
      handler: handler(),
      filter: MessageFilter.body({ total: MessageMatch.numeric({ greaterThan: 0 }) }),
      replayFrom: new Date('2026-11-01T00:00:00Z'),
    });
    events.addWorker('Audit', { handler: handler(), unordered: true });
    events.addQueue(new sqs.Queue(stack, 'Mine', { fifo: true, encryptionMasterKey: encryptionKey }));
    events.connectPublisher(functionIn(stack));
    const standard = new FanOutTopic(stack, 'StandardEvents', { encryptionKey, alarmTopic });
    standard.addWorker('Billing', {
      handler: handler(),
      filter: MessageFilter.attributes({ type: MessageMatch.strings('a') }),
    });
    standard.addFunction(functionIn(stack, 'Direct'));
    return Template.fromStack(stack);
  };

  test.each([
    ['no flags', {}],
    ['the recommended flags', recommendedFlags],
  ])('encrypts topics and queues without a cycle, with %s', (_, context) => {
    const template = everything(context);
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: key });
    template.allResourcesProperties('AWS::SNS::Topic', { KmsMasterKeyId: key });
  });

  test('may be used by SNS for this account, said once', () => {
    const { Statement } = only(everything(), 'AWS::KMS::Key').KeyPolicy;
    expect(Statement.filter(({ Principal }: any) => Principal.Service === 'sns.amazonaws.com')).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: '*',
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
  });

  test('that is imported gives a warning about what could not be checked', () => {
    const stack = new Stack(new App(), 'Stack');
    const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:123456789012:key/k');
    new FanOutTopic(stack, 'OrderEvents', { encryptionKey }).addWorker('Billing', { handler: handler() });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/OrderEvents/Billing',
      Match.stringLikeRegexp('Stack/Key.*cdk-async-patterns:importedKey'),
    );
  });

  describe('the template is the same as ever', () => {
    test('without feature flags', () => expect(maskAssets(everything().toJSON())).toMatchSnapshot());
    test('with the recommended ones', () =>
      expect(maskAssets(everything(recommendedFlags).toJSON())).toMatchSnapshot());
  });
});

describe('a topic of the user’s', () => {
  const around = (topic: (stack: Stack) => sns.ITopic, props: FanOutTopicProps = {}) => {
    const stack = new Stack(new App(), 'Stack');
    return { stack, events: new FanOutTopic(stack, 'OrderEvents', { topic: topic(stack), ...props }) };
  };
  const own = (stack: Stack) => new sns.Topic(stack, 'Own', { fifo: true, messageRetentionPeriodInDays: 1 });
  const imported = (stack: Stack) =>
    sns.Topic.fromTopicArn(stack, 'Imported', 'arn:aws:sns:us-east-1:123456789012:orders.fifo');
  const replay = { handler: handler(), replayFrom: new Date(0) };

  test('is used as it is: kind and archive are seen', () => {
    const { stack, events } = around(own);
    expect(events.addWorker('Billing', replay).queue.fifo).toBe(true);
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
    Template.fromStack(stack).resourceCountIs('AWS::SNS::Topic', 1);
  });

  test('that keeps no archive replays nothing', () => {
    const { events } = around((stack) => new sns.Topic(stack, 'Own', { fifo: true }));
    expect(() => events.addWorker('Billing', replay)).toThrow(/replayFrom of Billing/);
  });

  test('that is imported gives a warning, and may have an archive', () => {
    const { stack, events } = around(imported);
    expect(events.addWorker('Billing', replay).queue.fifo).toBe(true);
    Annotations.fromStack(stack).hasWarning(
      '/Stack/OrderEvents',
      Match.stringLikeRegexp('Stack/Imported.*cdk-async-patterns:importedTopic'),
    );
  });

  test.each<[string, FanOutTopicProps]>([
    ['fifo', { fifo: true }],
    ['archive', { archive: Duration.days(1) }],
  ])('has its own %s', (name, props) => {
    expect(() => around(own, props)).toThrow(
      `${name}: got a value, expected nothing with topic; set it on the topic itself`,
    );
  });
});

describe('connectPublisher', () => {
  test('grants, and tells the function where the topic is', () => {
    const { stack, events } = make({ encryptionKey: undefined });
    events.connectPublisher(functionIn(stack));
    const template = Template.fromStack(stack);
    expect(only(template, 'AWS::Lambda::Function').Environment.Variables).toEqual({
      ASYNC_PUBLISHER_ORDER_EVENTS: { 'Fn::Join': ['', ['{"topicArn":"', TOPIC, '","fifo":false}']] },
    });
    expect(only(template, 'AWS::IAM::Policy').PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sns:Publish', Resource: TOPIC },
    ]);
  });

  test('grants the key of the topic too', () => {
    const stack = new Stack(new App(), 'Stack');
    new FanOutTopic(stack, 'OrderEvents', { encryptionKey: new kms.Key(stack, 'Key') }).connectPublisher(
      functionIn(stack),
    );
    expect(only(Template.fromStack(stack), 'AWS::IAM::Policy').PolicyDocument.Statement).toContainEqual({
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: arn('^Key'),
    });
  });

  test('grants a worker in its managed policy', () => {
    const { events, worker, template } = withWorker();
    new FanOutTopic(worker.node.scope!, 'Next').connectPublisher(worker.function, 'next-step');
    events.connectPublisher(worker.function);
    template().resourceCountIs('AWS::IAM::Policy', 0);
    const variables = only(template(), 'AWS::Lambda::Function').Environment.Variables;
    expect(Object.keys(variables)).toEqual(
      expect.arrayContaining(['ASYNC_PUBLISHER_NEXT_STEP', 'ASYNC_PUBLISHER_ORDER_EVENTS']),
    );
  });

  test('refuses a name that another topic has in the function, and one that is none', () => {
    const { stack, events } = make();
    const fn = functionIn(stack);
    events.connectPublisher(fn);
    expect(() => events.connectPublisher(fn)).not.toThrow();
    const other = new FanOutTopic(stack, 'Other');
    expect(() => other.connectPublisher(fn, 'order-events')).toThrow(
      /^Stack\/Other: connection of Stack\/Api: got the variable ASYNC_PUBLISHER_ORDER_EVENTS a second time, after Stack\/OrderEvents, expected /,
    );
    expect(() => other.connectPublisher(fn, '--')).toThrow(
      /name of a connection: got '--', expected letters or digits; /,
    );
  });

  test('of an imported function warns about what it must be told', () => {
    const { stack, events } = make();
    events.connectPublisher(
      lambda.Function.fromFunctionArn(stack, 'Imported', 'arn:aws:lambda:us-east-1:123456789012:function:f'),
    );
    Annotations.fromStack(stack).hasWarning(
      '/Stack/OrderEvents',
      Match.stringLikeRegexp('ASYNC_PUBLISHER_ORDER_EVENTS.*topicArn and fifo.*cdk-async-patterns:importedFunction'),
    );
  });
});

test('connectProducer grants, and tells the function where the queue is', () => {
  const { stack, worker, template } = withWorker({}, { fifo: true });
  worker.connectProducer(functionIn(stack));
  template().hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: {
        ASYNC_PRODUCER_BILLING: {
          'Fn::Join': ['', ['{"queueUrl":"', { Ref: Match.stringLikeRegexp('BillingQueue') }, '","fifo":true}']],
        },
      },
    },
  });
  template().hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: [Match.objectLike({ Action: 'sqs:SendMessage' })] },
  });
});

test.each([
  ['OrderEvents', 'ORDER_EVENTS'],
  ['orderEvents', 'ORDER_EVENTS'],
  ['order-events', 'ORDER_EVENTS'],
  ['ORDER_EVENTS', 'ORDER_EVENTS'],
  ['order  events!', 'ORDER_EVENTS'],
  ['HTTPServer2Go', 'HTTP_SERVER2_GO'],
  ['x', 'X'],
  ['é', ''],
])('the variable of %s ends in %s', (name, expected) => {
  expect(variableName(name)).toBe(expected);
});

test('whoever may publish may also use the key', () => {
  const stack = new Stack(new App(), 'Stack');
  new FanOutTopic(stack, 'OrderEvents', { encryptionKey: new kms.Key(stack, 'Key') }).grantPublish(
    new iam.User(stack, 'User'),
  );
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Action: 'sns:Publish' }),
        Match.objectLike({ Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] }),
      ]),
    },
  });
});

test('alarms say what they mean and what to do, and how they take missing data', () => {
  const { events, stack } = make();
  const [failed, lost, ...more] = all(Template.fromStack(stack), 'AWS::CloudWatch::Alarm');
  expect(more).toEqual([]);
  expect(failed).toMatchObject({
    Namespace: 'AWS/SNS',
    MetricName: 'NumberOfNotificationsFailed',
    Statistic: 'Sum',
    Threshold: 1,
  });
  expect(lost).toMatchObject({
    MetricName: 'NumberOfNotificationsFailedToRedriveToDlq',
    Statistic: 'Sum',
    Threshold: 1,
  });
  for (const { AlarmDescription, TreatMissingData } of [failed, lost]) {
    expect(AlarmDescription).toMatch(/^Stack\/OrderEvents: .+ Runbook: .+/);
    expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
    expect(TreatMissingData).toBe('notBreaching');
  }
  expect(stack.resolve(events.failedAlarm.alarmName)).not.toEqual(stack.resolve(events.lostAlarm.alarmName));
});

test('metrics are those of the topic', () => {
  const { events, stack } = make();
  const names = [
    events.metricNumberOfMessagesPublished(),
    events.metricNumberOfNotificationsDelivered(),
    events.metricNumberOfNotificationsFailed(),
    events.metricNumberOfNotificationsFilteredOut(),
    events.metricNumberOfNotificationsFailedToRedriveToDlq(),
  ].map((metric) => stack.resolve(metric.toMetricConfig().metricStat));
  for (const stat of names) expect(stat).toMatchObject({ namespace: 'AWS/SNS', statistic: 'Sum' });
  expect(names.map(({ metricName }) => metricName)).toEqual([
    'NumberOfMessagesPublished',
    'NumberOfNotificationsDelivered',
    'NumberOfNotificationsFailed',
    'NumberOfNotificationsFilteredOut',
    'NumberOfNotificationsFailedToRedriveToDlq',
  ]);
});

test('a warning can be acknowledged', () => {
  const { stack, events } = make();
  events.connectPublisher(
    lambda.Function.fromFunctionArn(stack, 'Imported', 'arn:aws:lambda:us-east-1:123456789012:function:f'),
  );
  CoreAnnotations.of(events).acknowledgeWarning('cdk-async-patterns:importedFunction', 'told by hand');
  expect(Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('importedFunction'))).toEqual([]);
});
