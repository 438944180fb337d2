import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import { AsyncWorker, EventLog, type EventLogProps, FanOutTopic, Handler } from '../../lib';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`);

const synth = (props?: EventLogProps, build: (log: EventLog, stack: Stack) => void = () => {}) => {
  const stack = new Stack(new App(), 'Stack');
  const log = new EventLog(stack, 'OrderLog', props);
  build(log, stack);
  return { stack, log, template: Template.fromStack(stack) };
};

const plain = (stack: Stack, id = 'Fn') =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = () => {}'),
  });

/** The properties of the resource of a type whose logical id begins so. */
const find = (template: Template, type: string, prefix: string): any => {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  expect(found.map(([id]) => id)).toHaveLength(1);
  return found[0]![1].Properties;
};
const variables = (template: Template, prefix: string) =>
  find(template, 'AWS::Lambda::Function', prefix).Environment.Variables;
const att = (prefix: string, attribute: string) => ({ 'Fn::GetAtt': [expect.stringMatching(`^${prefix}`), attribute] });
const ref = (prefix: string) => ({ Ref: expect.stringMatching(`^${prefix}`) });
/** What the policy of a function of ours allows: actions by the text of the resource. */
const allowed = (template: Template, prefix: string): [string[], any][] =>
  find(template, 'AWS::IAM::ManagedPolicy', prefix).PolicyDocument.Statement.map(({ Action, Resource }: any) => [
    [Action].flat(),
    Resource,
  ]);

describe('the table of events', () => {
  test('has a row a version, tells of its changes, can be restored, and is not deleted', () => {
    const { template } = synth();
    const table = find(template, 'AWS::DynamoDB::Table', 'OrderLogTable');
    expect(table).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
    // Nothing in it is ever forgotten.
    expect(table).not.toHaveProperty('TimeToLiveSpecification');
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: { DeletionProtectionEnabled: true },
      DeletionPolicy: 'Retain',
    });
  });

  test('has an index by time that holds keys alone', () => {
    const { template } = synth();
    expect(find(template, 'AWS::DynamoDB::Table', 'OrderLogTable').GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'byTime',
        KeySchema: [
          { AttributeName: 'shard', KeyType: 'HASH' },
          { AttributeName: 'time', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  test('goes with the stack if that is asked for, as does an empty bucket', () => {
    const { template } = synth({ removalPolicy: RemovalPolicy.DESTROY });
    expect(find(template, 'AWS::DynamoDB::Table', 'OrderLogTable').DeletionProtectionEnabled).toBe(false);
    template.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
    template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  });
});

test('snapshots and replays may be lost: they go with the stack, and ended replays are forgotten', () => {
  const { template } = synth();
  const policies = Object.entries(template.findResources('AWS::DynamoDB::Table')).map(([id, { DeletionPolicy }]) => [
    id.replace(/[0-9A-F]{8}$/, ''),
    DeletionPolicy,
  ]);
  expect(Object.fromEntries(policies)).toEqual({
    OrderLogTable: 'Retain',
    OrderLogSnapshots: 'Delete',
    OrderLogReplays: 'Delete',
  });
  expect(find(template, 'AWS::DynamoDB::Table', 'OrderLogReplays').TimeToLiveSpecification).toEqual({
    AttributeName: 'ttl',
    Enabled: true,
  });
});

describe('the archive', () => {
  test('is private, encrypted, versioned, TLS only, and stays', () => {
    const { template } = synth();
    template.hasResource('AWS::S3::Bucket', {
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      },
      DeletionPolicy: 'Retain',
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ],
      },
    });
  });

  test('may be one of yours', () => {
    const stack = new Stack(new App(), 'Stack');
    const archive = new s3.Bucket(stack, 'Mine', { objectLockEnabled: true });
    const log = new EventLog(stack, 'OrderLog', { archive });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::S3::Bucket', 1);
    expect(log.archive).toBe(archive);
    expect(variables(template, 'OrderLogArchiver').ASYNC_LOG_BUCKET).toEqual(ref('Mine'));
  });
});

describe('what reads the stream', () => {
  test.each(['Outbox', 'Archiver'])(
    '%s has a mapping of its own, from the beginning, until a batch is done',
    (name) => {
      const { template } = synth();
      const mapping = find(template, 'AWS::Lambda::EventSourceMapping', `OrderLog${name}Stream`);
      expect(mapping).toMatchObject({
        EventSourceArn: att('OrderLogTable', 'StreamArn'),
        FunctionName: ref(`OrderLog${name}Function`),
        StartingPosition: 'TRIM_HORIZON',
        // More of a shard at once would not keep a stream's order.
        ParallelizationFactor: 1,
        DestinationConfig: { OnFailure: { Destination: att('OrderLogDeadLetterQueue', 'Arn') } },
      });
      for (const bound of ['MaximumRetryAttempts', 'MaximumRecordAgeInSeconds', 'BisectBatchOnFunctionError']) {
        expect(mapping).not.toHaveProperty(bound);
      }
    },
  );

  test('the outbox reports what it has not published; the archiver takes a batch as one', () => {
    const { template } = synth();
    const of = (name: string) => find(template, 'AWS::Lambda::EventSourceMapping', `OrderLog${name}Stream`);
    expect(of('Outbox').FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    expect(of('Archiver')).not.toHaveProperty('FunctionResponseTypes');
    expect(of('Archiver')).toMatchObject({ BatchSize: 1_000, MaximumBatchingWindowInSeconds: 60 });
  });
});

describe('least privilege', () => {
  const STREAM = [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
  ];
  const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
  const events = { 'Fn::Join': ['', [att('OrderLogArchive', 'Arn'), '/events/*']] };

  test('the outbox reads the stream and publishes', () => {
    expect(allowed(synth().template, 'OrderLogOutbox')).toEqual([
      [STREAM, att('OrderLogTable', 'StreamArn')],
      [['sqs:SendMessage'], att('OrderLogDeadLetterQueue', 'Arn')],
      [['sns:Publish'], ref('OrderLogTopic')],
      [LOGS, att('OrderLogOutboxLogGroup', 'Arn')],
    ]);
  });

  test('the archiver reads the stream and puts objects', () => {
    expect(allowed(synth().template, 'OrderLogArchiver')).toEqual([
      [STREAM, att('OrderLogTable', 'StreamArn')],
      [['sqs:SendMessage'], att('OrderLogDeadLetterQueue', 'Arn')],
      [['s3:PutObject'], events],
      [LOGS, att('OrderLogArchiverLogGroup', 'Arn')],
    ]);
  });

  test('the replayer reads the log, keeps its notes, and sends to its subscribers', () => {
    const { template } = synth({}, (log) => {
      log.addWorker('Totals', { handler: handler() });
      log.addWorker('Audit', { handler: handler() });
    });
    expect(allowed(template, 'OrderLogReplayerPolicy')).toEqual([
      [['dynamodb:Query'], { 'Fn::Join': ['', [att('OrderLogTable', 'Arn'), '/index/byTime']] }],
      [['dynamodb:BatchGetItem'], att('OrderLogTable', 'Arn')],
      [['dynamodb:Scan', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], att('OrderLogReplays', 'Arn')],
      [['s3:ListBucket'], att('OrderLogArchive', 'Arn')],
      [['s3:GetObject'], events],
      [['sns:Publish'], ref('OrderLogTopic')],
      [LOGS, att('OrderLogReplayerLogGroup', 'Arn')],
      [['sqs:SendMessage'], [att('OrderLogTopicTotalsQueue', 'Arn'), att('OrderLogTopicAuditQueue', 'Arn')]],
    ]);
  });

  const granted = (grant: (log: EventLog, user: iam.User) => unknown): any[] => {
    const { template } = synth({}, (log, stack) => {
      grant(log, new iam.User(stack, 'User'));
    });
    return find(template, 'AWS::IAM::Policy', 'User').PolicyDocument.Statement;
  };

  test('who appends may put and check, and read: not update, not delete', () => {
    expect(granted((log, user) => log.grantAppend(user))).toEqual([
      {
        Effect: 'Allow',
        Action: ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem', 'dynamodb:Query'],
        Resource: att('OrderLogTable', 'Arn'),
      },
    ]);
  });

  test('who reads may read', () => {
    expect(granted((log, user) => log.grantRead(user))).toEqual([
      { Effect: 'Allow', Action: 'dynamodb:Query', Resource: att('OrderLogTable', 'Arn') },
    ]);
  });

  test('nobody may update or delete a row of the log, whatever is connected', () => {
    const { template } = synth({}, (log, stack) => {
      const fn = plain(stack);
      log.connectWriter(fn);
      log.connectReader(fn);
      log.connectReplayer(fn);
      log.connectWriter(log.addWorker('Totals', { handler: handler() }).function);
    });
    const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
      Object.values<any>(template.findResources(type)),
    );
    const onTable = policies
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Resource }) => JSON.stringify(Resource).match(/"OrderLogTable[0-9A-F]{8}","Arn"/))
      .flatMap(({ Action }) => Action);
    expect([...new Set(onTable)].sort()).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
    ]);
  });
});

describe('connections', () => {
  const connected = (connect: (log: EventLog, fn: lambda.Function) => void) => {
    const { template } = synth({}, (log, stack) => connect(log, plain(stack)));
    const { ASYNC_EVENT_LOG_ORDER_LOG: variable } = variables(template, 'Fn');
    const text = JSON.stringify(
      variable['Fn::Join'][1].map((part: any) => (typeof part === 'string' ? part : part.Ref)),
    );
    const statements: any[] = find(template, 'AWS::IAM::Policy', 'FnServiceRole').PolicyDocument.Statement;
    return { text, statements };
  };

  test('a reader is told the tables, and reads', () => {
    const { text, statements } = connected((log, fn) => log.connectReader(fn));
    expect(text).toMatch(/\\"table\\":.*OrderLogTable.*\\"snapshots\\":.*OrderLogSnapshots/);
    expect(text).not.toMatch(/savesSnapshots|replays/);
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ['dynamodb:Query', att('OrderLogTable', 'Arn')],
      ['dynamodb:GetItem', att('OrderLogSnapshots', 'Arn')],
    ]);
  });

  test('a writer also appends and keeps snapshots', () => {
    const { text, statements } = connected((log, fn) => log.connectWriter(fn));
    expect(text).toMatch(/\\"savesSnapshots\\":true/);
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['dynamodb:PutItem', 'dynamodb:ConditionCheckItem', 'dynamodb:Query'], att('OrderLogTable', 'Arn')],
      [['dynamodb:GetItem', 'dynamodb:PutItem'], att('OrderLogSnapshots', 'Arn')],
    ]);
  });

  test('one that is connected for several things is told all of them, in any order', () => {
    const { text } = connected((log, fn) => {
      log.connectReplayer(fn, 'order-log');
      log.connectWriter(fn, 'orderLog');
      log.connectReader(fn);
    });
    expect(text).toMatch(/savesSnapshots\\":true.*replays.*OrderLogReplays/);
  });

  test('a worker is granted in its own managed policy', () => {
    const { template } = synth({}, (log) => {
      log.connectReader(log.addWorker('Totals', { handler: handler() }).function, 'orders');
    });
    template.resourceCountIs('AWS::IAM::Policy', 0);
    expect(variables(template, 'OrderLogTopicTotals')).toHaveProperty('ASYNC_EVENT_LOG_ORDERS');
  });

  test('two logs under one name are refused', () => {
    const build = (log: EventLog, stack: Stack) => {
      const fn = plain(stack);
      log.connectReader(fn, 'orders');
      new EventLog(stack, 'Other').connectReader(fn, 'Orders');
    };
    expect(() => synth({}, build)).toThrow(/the variable ASYNC_EVENT_LOG_ORDERS a second time, after Stack\/OrderLog/);
  });

  test('a function that cannot be seen gives a warning with what it needs', () => {
    const { stack } = synth({}, (log, scope) => {
      log.connectWriter(lambda.Function.fromFunctionName(scope, 'Imported', 'api'));
    });
    const messages = stack.node.findAll().flatMap(({ node }) => node.metadata.map(({ data }) => String(data)));
    expect(messages).toContainEqual(
      expect.stringMatching(/ASYNC_EVENT_LOG_ORDER_LOG, JSON with the keys table and snap/),
    );
  });
});

describe('subscribers', () => {
  test('are FIFO workers of the topic, and known to the replayer by their ids', () => {
    const { template } = synth({}, (log) => {
      log.addWorker('Totals', { handler: handler() });
      log.addWorker('Audit', { handler: handler(), types: ['OrderPlaced', 'OrderPaid'] });
    });
    expect(find(template, 'AWS::SQS::Queue', 'OrderLogTopicTotalsQueue').FifoQueue).toBe(true);
    expect(variables(template, 'OrderLogReplayer').ASYNC_LOG_SUBSCRIBERS).toEqual({
      'Fn::Join': [
        '',
        [
          '{"Totals":{"queueUrl":"',
          ref('OrderLogTopicTotalsQueue'),
          '"},"Audit":{"queueUrl":"',
          ref('OrderLogTopicAuditQueue'),
          '","types":["OrderPlaced","OrderPaid"]}}',
        ],
      ],
    });
    expect(find(template, 'AWS::SNS::Subscription', 'OrderLogTopicAudit')).toMatchObject({
      FilterPolicy: { type: ['OrderPlaced', 'OrderPaid'] },
      FilterPolicyScope: 'MessageAttributes',
    });
    expect(find(template, 'AWS::SNS::Subscription', 'OrderLogTopicTotals')).not.toHaveProperty('FilterPolicy');
  });

  test('may be on a topic of yours', () => {
    const stack = new Stack(new App(), 'Stack');
    const topic = new FanOutTopic(stack, 'Events', { fifo: true });
    const log = new EventLog(stack, 'OrderLog', { topic });
    log.addWorker('Totals', { handler: handler() });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::SNS::Topic', 1);
    expect(variables(template, 'OrderLogOutbox').ASYNC_LOG_TOPIC_ARN).toEqual(ref('Events'));
  });
});

describe('refused', () => {
  const many = Array.from({ length: 100 }, (_, i) => `some-event-with-a-long-name-${i}`);
  test.each<[string, (log: EventLog, stack: Stack) => void, RegExp]>([
    [
      'a standard topic',
      (_, stack) => new EventLog(stack, 'Other', { topic: new FanOutTopic(stack, 'Standard') }),
      /Stack\/Other: topic: got a standard topic, expected a FIFO topic/,
    ],
    [
      'a standard worker',
      (log) => log.addWorker('Totals', { handler: handler(), fifo: false }),
      /queue of Totals: got a standard queue on a FIFO topic/,
    ],
    [
      'no types at all',
      (log) => log.addWorker('Totals', { handler: handler(), types: [] }),
      /Stack\/OrderLog: types of Totals: got none, expected at least one type/,
    ],
    [
      'more names and types than an environment holds',
      (log) => {
        log.addWorker('Totals', { handler: handler() });
        log.addWorker('Audit', { handler: handler(), types: many });
      },
      /subscribers of the log, Audit among them: got 2 with \d{4} bytes/,
    ],
  ])('%s', (_, build, message) => {
    expect(() => synth({}, build)).toThrow(message);
  });
});

describe('alarms', () => {
  test('each says what it means and what to do, and tells the topic', () => {
    const stack = new Stack(new App(), 'Stack');
    const alarmTopic = new sns.Topic(stack, 'Alarms');
    const log = new EventLog(stack, 'OrderLog', { alarmTopic });
    const { Resources } = Template.fromStack(stack).toJSON();
    for (const alarm of [log.outboxAlarm, log.archiverAlarm, log.missedAlarm, log.tamperedAlarm, log.replayerAlarm]) {
      const { Properties } = Resources[stack.getLogicalId(alarm.node.defaultChild as any)];
      expect(Properties.AlarmDescription).toMatch(/^Stack\/OrderLog: .*Runbook: /);
      expect(Properties.AlarmActions).toEqual([ref('Alarms')]);
      expect(Properties.TreatMissingData).toBe('notBreaching');
    }
  });

  test.each([
    ['OutboxLag', 'IteratorAge', 600_000],
    ['ArchiverLag', 'IteratorAge', 3_600_000],
    ['Missed', 'ApproximateNumberOfMessagesVisible', 1],
    ['Tampered', 'Tampered', 1],
    ['ReplayerErrors', 'Errors', 1],
  ])('%s watches %s from %d', (name, MetricName, Threshold) => {
    const { template } = synth();
    expect(find(template, 'AWS::CloudWatch::Alarm', `OrderLogAlarms${name}`)).toMatchObject({
      MetricName,
      Threshold,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('what the functions emit can be read', () => {
    const { log, stack } = synth();
    const metrics = [log.metricPublished(), log.metricArchived(), log.metricReplayed(), log.metricTampered()];
    expect(metrics.map((metric) => stack.resolve(metric.toMetricConfig().metricStat))).toMatchObject(
      ['Published', 'Archived', 'Replayed', 'Tampered'].map((metricName) => ({
        namespace: 'AsyncPatterns',
        metricName,
        dimensions: [{ name: 'EventLog', value: 'Stack/OrderLog' }],
        statistic: 'Sum',
      })),
    );
  });
});

describe('the template', () => {
  const everything = (context?: Record<string, unknown>) => {
    const stack = new Stack(new App({ context }), 'Stack');
    const encryptionKey = new kms.Key(stack, 'Key');
    const log = new EventLog(stack, 'OrderLog', { encryptionKey, alarmTopic: new sns.Topic(stack, 'Alarms') });
    const totals = log.addWorker('Totals', { handler: handler(), types: ['OrderPlaced'] });
    const api = new AsyncWorker(stack, 'Api', { handler: handler() });
    log.connectReader(totals.function, 'orders');
    log.connectWriter(api.function);
    log.connectReplayer(api.function);
    return maskAssets(Template.fromStack(stack).toJSON());
  };

  test('is what it was', () => expect(everything(recommendedFlags)).toMatchSnapshot());
  test('encrypts everything with the key that it is given', () => {
    const { Resources } = everything() as { Resources: Record<string, any> };
    const of = (type: string) =>
      Object.entries(Resources).filter(([id, { Type }]) => Type === type && id.startsWith('OrderLog'));
    for (const [, { Properties }] of of('AWS::DynamoDB::Table')) {
      expect(Properties.SSESpecification).toMatchObject({ SSEEnabled: true, KMSMasterKeyId: att('Key', 'Arn') });
    }
    for (const [, { Properties }] of of('AWS::SQS::Queue'))
      expect(Properties.KmsMasterKeyId).toEqual(att('Key', 'Arn'));
    for (const [, { Properties }] of of('AWS::Lambda::Function'))
      expect(Properties.KmsKeyArn).toEqual(att('Key', 'Arn'));
    for (const [, { Properties }] of of('AWS::Logs::LogGroup')) expect(Properties.KmsKeyId).toEqual(att('Key', 'Arn'));
    for (const [, { Properties }] of of('AWS::SNS::Topic')) expect(Properties.KmsMasterKeyId).toBeDefined();
    expect(JSON.stringify(of('AWS::S3::Bucket'))).toMatch(/aws:kms/);
  });
});
