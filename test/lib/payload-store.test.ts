import { App, CfnParameter, Duration, Size, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import {
  AsyncWorker,
  FanOutTopic,
  type FanOutTopicProps,
  Handler,
  PayloadStore,
  type PayloadStoreProps,
} from '../../lib';
import { ENV } from '../../lib/private/contract';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`);
const functionIn = (stack: Stack, id = 'Api') =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {}'),
  });

const make = (props: PayloadStoreProps = {}, context = {}) => {
  const stack = new Stack(new App({ context }), 'Stack');
  return { stack, store: new PayloadStore(stack, 'Payloads', props), template: () => Template.fromStack(stack) };
};
const withWorker = (props: PayloadStoreProps = {}) => {
  const made = make(props);
  return { ...made, worker: new AsyncWorker(made.stack, 'Images', { handler: handler(), payloadStore: made.store }) };
};

const all = (template: Template, type: string): any[] =>
  Object.values<any>(template.findResources(type)).map(({ Properties }) => Properties);
const BUCKET_ARN = { 'Fn::GetAtt': [expect.stringMatching(/^PayloadsBucket/), 'Arn'] };
const KEY_ARN = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
const objects = (prefix: RegExp) => ({
  'Fn::Join': ['', [BUCKET_ARN, expect.stringMatching(new RegExp(`^/${prefix.source}/\\*$`))]],
});
const read = (prefix: RegExp) => [
  { Effect: 'Allow', Action: 's3:GetObject', Resource: objects(prefix) },
  {
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: BUCKET_ARN,
    Condition: { StringLike: { 's3:prefix': expect.stringMatching(new RegExp(`^${prefix.source}/\\*$`)) } },
  },
];
const statementsOf = (template: Template, type: 'ManagedPolicy' | 'Policy', id: RegExp): any[] =>
  Object.entries<any>(template.findResources(`AWS::IAM::${type}`))
    .filter(([logicalId]) => id.test(logicalId))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
/** The variable of a function, its tokens named. */
const variable = (stack: Stack, fn: lambda.IFunction, name: string): any => {
  const [logicalId] = [stack.getLogicalId(fn.node.defaultChild as lambda.CfnFunction)];
  const value = Template.fromStack(stack).toJSON().Resources[logicalId].Properties.Environment?.Variables?.[name];
  if (value === undefined || typeof value === 'string') return value && JSON.parse(value);
  const parts: unknown[] = value['Fn::Join'][1];
  return JSON.parse(
    parts.map((part: any) => (typeof part === 'string' ? part : `<${part.Ref ?? part['Fn::GetAtt'][0]}>`)).join(''),
  );
};
const IMAGES = /StackImages[0-9A-F]{8}/;
const EVENTS = /StackEvents[0-9A-F]{8}/;

describe('the bucket', () => {
  test('is closed, encrypted, takes TLS only, and forgets', () => {
    const { template } = make();
    template().hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        LifecycleConfiguration: {
          Rules: [
            { Status: 'Enabled', ExpirationInDays: 30, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
          ],
        },
        VersioningConfiguration: Match.absent(),
      },
    });
    template().hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ],
      },
    });
  });

  test.each([
    ['no flags', {}],
    ['the recommended flags', recommendedFlags],
  ])('is under the key that is given, asked once for many bodies, with %s', (_, context) => {
    const stack = new Stack(new App({ context }), 'Stack');
    const encryptionKey = new kms.Key(stack, 'Key');
    const payloadStore = new PayloadStore(stack, 'Payloads', { encryptionKey });
    const events = new FanOutTopic(stack, 'Events', { payloadStore, encryptionKey });
    events
      .addWorker('Images', { handler: handler() })
      .connectProducer(functionIn(stack), 'images', { schedules: true });
    Template.fromStack(stack).hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] },
            },
          },
        ],
      },
    });
  });

  test('may be given, and decides for itself', () => {
    const stack = new Stack(new App(), 'Stack');
    const bucket = new s3.Bucket(stack, 'Mine');
    const store = new PayloadStore(stack, 'Payloads', { bucket });
    expect(store.bucket).toBe(bucket);
    Template.fromStack(stack).resourceCountIs('AWS::S3::Bucket', 1);
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });

  test('that is imported gives a warning about what cannot be seen', () => {
    const stack = new Stack(new App(), 'Stack');
    new PayloadStore(stack, 'Payloads', { bucket: s3.Bucket.fromBucketName(stack, 'Imported', 'imported') });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Payloads',
      Match.stringLikeRegexp('Stack/Imported.*18 days.*cdk-async-patterns:importedBucket'),
    );
  });
});

describe('numbers', () => {
  test.each<[string, PayloadStoreProps, RegExp]>([
    [
      'a threshold beyond a message',
      { threshold: Size.bytes(1_048_577) },
      /threshold: got 1048577 bytes, expected 0 to 1048576; /,
    ],
    ['parts of days', { expiration: Duration.hours(36) }, /expiration: got 1.5 days, expected whole days; /],
    ['no time at all', { expiration: Duration.days(0) }, /expiration: got 0 days/],
    [
      'an expiration of a bucket that is given',
      { bucket: s3.Bucket.fromBucketName(new Stack(), 'Mine', 'mine'), expiration: Duration.days(30) },
      /expiration: got a value, expected nothing with bucket; /,
    ],
    [
      'a key of a bucket that is given',
      {
        bucket: s3.Bucket.fromBucketName(new Stack(), 'Mine', 'mine'),
        encryptionKey: kms.Key.fromKeyArn(new Stack(), 'Key', 'arn:aws:kms:us-east-1:123456789012:key/k'),
      },
      /encryptionKey: got a value/,
    ],
  ])('%s is refused', (_, props, message) => {
    expect(() => make(props)).toThrow(message);
  });

  test.each([0, 1, 1_048_576])('a threshold of %d bytes passes', (bytes) => {
    expect(() => make({ threshold: Size.bytes(bytes) })).not.toThrow();
  });

  test.each([
    [
      17,
      /^Stack\/Images: expiration of Stack\/Payloads: got 17 days, expected at least 18, as long as a message can live; /,
    ],
    [18, undefined],
  ])('bodies kept for %d days, for a worker', (days, message) => {
    const use = () => withWorker({ expiration: Duration.days(days) });
    if (message) expect(use).toThrow(message);
    else expect(use).not.toThrow();
  });

  test.each<[string, number, FanOutTopicProps, RegExp | undefined]>([
    ['a topic', 17, {}, /^Stack\/Events: .*expected at least 18, /],
    ['a topic', 18, {}, undefined],
    ['an archive of 7 days', 24, { fifo: true, archive: Duration.days(7) }, /expected at least 25, /],
    ['an archive of 7 days', 25, { fifo: true, archive: Duration.days(7) }, undefined],
  ])('of %s with bodies kept for %d days', (_, days, topic, message) => {
    const { stack, store } = make({ expiration: Duration.days(days) });
    const use = () => new FanOutTopic(stack, 'Events', { ...topic, payloadStore: store });
    if (message) expect(use).toThrow(message);
    else expect(use).not.toThrow();
  });

  test('of an archive of a topic that is given count too', () => {
    const { stack, store } = make();
    const { topic } = new FanOutTopic(stack, 'Archive', { fifo: true, archive: Duration.days(13) });
    expect(() => new FanOutTopic(stack, 'Events', { topic, payloadStore: store })).toThrow(/expected at least 31, /);
  });

  test('of tokens pass as they are', () => {
    const stack = new Stack(new App(), 'Stack');
    const number = (id: string) => Token.asNumber(new CfnParameter(stack, id, { type: 'Number' }).value);
    const store = new PayloadStore(stack, 'Payloads', {
      threshold: Size.bytes(number('Bytes')),
      expiration: Duration.days(number('Days')),
    });
    const worker = new AsyncWorker(stack, 'Images', { handler: handler(), payloadStore: store });
    const fn = functionIn(stack);
    worker.connectProducer(fn);
    Template.fromStack(stack).hasResourceProperties('AWS::S3::Bucket', {
      LifecycleConfiguration: { Rules: [Match.objectLike({ ExpirationInDays: { Ref: 'Days' } })] },
    });
    expect(JSON.stringify(all(Template.fromStack(stack), 'AWS::Lambda::Function'))).toContain(
      '\\"threshold\\":",{"Ref":"Bytes"},"}',
    );
  });
});

describe('a worker', () => {
  test('reads what was sent to it, and may tell what is gone from what is forbidden', () => {
    const { stack, worker, template } = withWorker();
    const statements = statementsOf(template(), 'ManagedPolicy', /^ImagesPolicy/);
    expect(statements.filter(({ Action }) => String(Action).startsWith('s3:'))).toEqual(read(IMAGES));
    expect(variable(stack, worker.function, ENV.payloads)).toEqual([
      {
        bucket: expect.stringMatching(/^<PayloadsBucket/),
        prefix: expect.stringMatching(new RegExp(`^${IMAGES.source}/$`)),
      },
    ]);
    expect(variable(stack, worker.function, ENV.envelopes)).toBeUndefined();
  });

  test('without a store is told of none', () => {
    const stack = new Stack(new App(), 'Stack');
    const worker = new AsyncWorker(stack, 'Images', { handler: handler() });
    worker.connectProducer(functionIn(stack));
    expect(variable(stack, worker.function, ENV.payloads)).toBeUndefined();
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).not.toMatch(/s3:|payloads|scheduler/);
  });

  test('may use the key of the bucket to read, and its senders to write', () => {
    const stack = new Stack(new App(), 'Stack');
    const payloadStore = new PayloadStore(stack, 'Payloads', { encryptionKey: new kms.Key(stack, 'Key') });
    new AsyncWorker(stack, 'Images', { handler: handler(), payloadStore }).connectProducer(functionIn(stack));
    const template = Template.fromStack(stack);
    expect(statementsOf(template, 'ManagedPolicy', /^ImagesPolicy/)).toContainEqual({
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: KEY_ARN,
    });
    expect(statementsOf(template, 'Policy', /^Api/)).toContainEqual({
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: KEY_ARN,
    });
  });

  test('has senders that store for it alone, and know where', () => {
    const { stack, worker, template } = withWorker();
    const fn = functionIn(stack);
    worker.connectProducer(fn);
    expect(variable(stack, fn, 'ASYNC_PRODUCER_IMAGES').payloads).toEqual({
      bucket: expect.stringMatching(/^<PayloadsBucket/),
      prefix: expect.stringMatching(new RegExp(`^${IMAGES.source}/$`)),
      threshold: 262_144,
      maxWait: 12 * 86_400,
    });
    const statements = statementsOf(template(), 'Policy', /^Api/);
    expect(statements.filter(({ Action }) => String(Action).startsWith('s3:'))).toEqual([
      { Effect: 'Allow', Action: 's3:PutObject', Resource: objects(IMAGES) },
    ]);
  });

  test('of an imported function warns about what it must be told', () => {
    const { stack, store } = make();
    const fn = lambda.Function.fromFunctionArn(stack, 'Imported', 'arn:aws:lambda:us-east-1:123456789012:function:f');
    new AsyncWorker(stack, 'Images', { handler: Handler.fromFunction(fn), payloadStore: store });
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Images',
      Match.stringLikeRegexp(`${ENV.payloads}.*importedFunction`),
    );
  });
});

describe('a topic', () => {
  const withTopic = () => {
    const made = make();
    const events = new FanOutTopic(made.stack, 'Events', { payloadStore: made.store });
    return { ...made, events };
  };
  const BILLING = /StackEventsBilling[0-9A-F]{8}/;

  test('has workers that read what was published, and what is sent to them, not to each other', () => {
    const { stack, events, template } = withTopic();
    const billing = events.addWorker('Billing', { handler: handler() });
    events.addWorker('Audit', { handler: handler() });
    expect(variable(stack, billing.function, ENV.payloads).map(({ prefix }: any) => prefix)).toEqual([
      expect.stringMatching(new RegExp(`^${BILLING.source}/$`)),
      expect.stringMatching(new RegExp(`^${EVENTS.source}/$`)),
    ]);
    const statements = statementsOf(template(), 'ManagedPolicy', /^EventsBillingPolicy/);
    expect(statements.filter(({ Action }) => String(Action).startsWith('s3:'))).toEqual([
      ...read(BILLING),
      ...read(EVENTS),
    ]);
  });

  test('has publishers that store for all its subscribers', () => {
    const { stack, events, template } = withTopic();
    const fn = functionIn(stack);
    events.connectPublisher(fn);
    expect(variable(stack, fn, 'ASYNC_PUBLISHER_EVENTS').payloads.prefix).toMatch(new RegExp(`^${EVENTS.source}/$`));
    expect(statementsOf(template(), 'Policy', /^Api/)).toContainEqual({
      Effect: 'Allow',
      Action: 's3:PutObject',
      Resource: objects(EVENTS),
    });
  });

  test('lets a worker read whose queue is added, and has no way to tell a queue of the user’s', () => {
    const { stack, events } = withTopic();
    const worker = new AsyncWorker(stack, 'Images', { handler: handler() });
    events.addQueue(worker.queue);
    events.addQueue(new sqs.Queue(stack, 'Mine'));
    expect(variable(stack, worker.function, ENV.payloads)).toHaveLength(1);
    expect(variable(stack, worker.function, ENV.payloads)[0].prefix).toMatch(EVENTS);
  });

  test('grants a worker that publishes in its managed policy', () => {
    const { events, template } = withTopic();
    const worker = events.addWorker('Billing', { handler: handler() });
    events.connectPublisher(worker.function);
    template().resourceCountIs('AWS::IAM::Policy', 0);
    expect(statementsOf(template(), 'ManagedPolicy', /^EventsBillingGrants/)).toContainEqual(
      expect.objectContaining({ Action: 's3:PutObject' }),
    );
  });

  test('with a store and a worker in stacks of their own refers one way', () => {
    const app = new App();
    const stores = new Stack(app, 'Stores');
    const topics = new Stack(app, 'Topics');
    const workers = new Stack(app, 'Workers');
    const events = new FanOutTopic(topics, 'Events', { payloadStore: new PayloadStore(stores, 'Payloads') });
    events.addQueue(new AsyncWorker(workers, 'Images', { handler: handler() }).queue);
    events.connectPublisher(functionIn(workers));
    app.synth();
    expect(workers.dependencies.map(({ node }) => node.id).sort()).toEqual(['Stores', 'Topics']);
    expect(stores.dependencies).toEqual([]);
  });
});

describe('envelopes', () => {
  const TOPIC = /^<EventsTopic/;
  const withTopic = () => {
    const stack = new Stack(new App(), 'Stack');
    return { stack, events: new FanOutTopic(stack, 'Events') };
  };

  test.each<[string, (events: FanOutTopic, stack: Stack, rawMessageDelivery?: boolean) => AsyncWorker]>([
    [
      'addWorker',
      (events, _, rawMessageDelivery) => events.addWorker('Audit', { handler: handler(), rawMessageDelivery }),
    ],
    [
      'addQueue',
      (events, stack, rawMessageDelivery) => {
        const worker = new AsyncWorker(stack, 'Images', { handler: handler() });
        events.addQueue(worker.queue, { rawMessageDelivery });
        return worker;
      },
    ],
  ])('are opened by a worker of %s that gets them, and by no other', (_, subscribe) => {
    const enveloped = withTopic();
    const worker = subscribe(enveloped.events, enveloped.stack, false);
    expect(variable(enveloped.stack, worker.function, ENV.envelopes)).toEqual([expect.stringMatching(TOPIC)]);
    const raw = withTopic();
    expect(variable(raw.stack, subscribe(raw.events, raw.stack).function, ENV.envelopes)).toBeUndefined();
  });

  test('may come from several topics', () => {
    const { stack, events } = withTopic();
    const worker = events.addWorker('Audit', { handler: handler(), rawMessageDelivery: false });
    new FanOutTopic(stack, 'Other').addQueue(worker.queue, { rawMessageDelivery: false });
    expect(variable(stack, worker.function, ENV.envelopes)).toEqual([
      expect.stringMatching(TOPIC),
      expect.stringMatching(/^<OtherTopic/),
    ]);
  });
});

describe('somebody who is no worker', () => {
  test('may read what was sent to one', () => {
    const { stack, store, worker, template } = withWorker();
    const { grantPrincipal } = new iam.User(stack, 'Operator');
    expect(store.grantRead({ grantPrincipal }, worker).success).toBe(true);
    expect(statementsOf(template(), 'Policy', /^Operator/)).toEqual(read(IMAGES));
  });

  test('may store for one', () => {
    const { stack, store, worker, template } = withWorker();
    store.grantWrite(new iam.User(stack, 'Sender'), worker);
    expect(statementsOf(template(), 'Policy', /^Sender/)).toEqual([
      { Effect: 'Allow', Action: 's3:PutObject', Resource: objects(IMAGES) },
    ]);
  });
});

test('prefixes stay, are different, and none begins with another', () => {
  const { stack, store, worker } = withWorker();
  const events = new FanOutTopic(stack, 'Events');
  const prefixes = [worker, events, events.addWorker('Billing', { handler: handler() })].map((it) =>
    store.prefixFor(it),
  );
  expect(prefixes).toEqual(['StackImagesD0DA5D99/', 'StackEvents0B6038A5/', 'StackEventsBilling702D8E88/']);
  for (const one of prefixes) {
    expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
  }
});

test('the template is the same as ever', () => {
  const { worker, stack, template } = withWorker();
  worker.connectProducer(functionIn(stack));
  expect(maskAssets(template().toJSON())).toMatchSnapshot();
});
