import { App, CfnParameter, Annotations as CoreAnnotations, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import { Handler, KafkaAuthentication, StreamSource, StreamWorker, type StreamWorkerProps } from '../../lib';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/stream-handler.ts`);
const CLUSTER = 'arn:aws:kafka:us-east-1:123456789012:cluster/events/9c8ad5a3-2f5d-4e0b-8f7e-1c2d3e4f5a6b-2';
const SERVERS = ['broker-1.example.com:9092', 'broker-2.example.com:9092'];

type Make = (stack: Stack) => StreamSource;
const ofKinesis: Make = (stack) => StreamSource.kinesis(new kinesis.Stream(stack, 'Stream'));
const ofDynamodb: Make = (stack) => StreamSource.dynamodb(tableIn(stack));
const ofMsk: Make = () => StreamSource.msk(CLUSTER, 'orders');
const ofKafka: Make = (stack) =>
  StreamSource.kafka(SERVERS, 'orders', { authentication: KafkaAuthentication.scram512(new Secret(stack, 'Secret')) });

const tableIn = (stack: Stack, more = {}) =>
  new Table(stack, 'Table', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    ...more,
  });

const synth = (source: Make, props: Partial<StreamWorkerProps> = {}) => {
  const stack = new Stack(new App(), 'Stack');
  const worker = new StreamWorker(stack, 'Clicks', { source: source(stack), handler: handler(), ...props });
  return { stack, worker, template: () => Template.fromStack(stack) };
};

const find = (template: Template, type: string, id: RegExp): any => {
  const found = Object.entries(template.findResources(type)).filter(([name]) => id.test(name));
  expect(found.map(([name]) => name)).toHaveLength(1);
  return found[0]![1].Properties;
};
const mappingOf = (template: Template) =>
  find(template, 'AWS::Lambda::EventSourceMapping', /^ClicksEventSourceMapping/);
const policyOf = (template: Template) =>
  find(template, 'AWS::IAM::ManagedPolicy', /^ClicksPolicy/).PolicyDocument.Statement;
const arn = (prefix: string, attribute = 'Arn') => ({ 'Fn::GetAtt': [expect.stringMatching(prefix), attribute] });
const action = (statements: any[], name: string) =>
  statements.find(({ Action }) => [Action].flat().includes(name))?.Resource;

describe('the event source mapping', () => {
  test.each([
    ['kinesis', ofKinesis],
    ['dynamodb', ofDynamodb],
    ['msk', ofMsk],
    ['kafka', ofKafka],
  ])('of %s reports partial batches, splits, and bounds retries and age', (_, source) => {
    expect(mappingOf(synth(source).template())).toMatchObject({
      BatchSize: 100,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: expect.any(Number),
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: arn('^ClicksOnFailureQueue') } },
    });
  });

  test('gives records up before the shortest retention of their stream, so that they can be read back', () => {
    expect(mappingOf(synth(ofKinesis).template()).MaximumRecordAgeInSeconds).toBe(18 * 3600);
    expect(mappingOf(synth(ofDynamodb).template()).MaximumRecordAgeInSeconds).toBe(18 * 3600);
    expect(mappingOf(synth(ofMsk).template()).MaximumRecordAgeInSeconds).toBe(3 * 86_400);
  });

  test('has what was asked for', () => {
    const { template } = synth(ofKinesis, {
      batchSize: 10_000,
      maxBatchingWindow: Duration.seconds(5),
      parallelizationFactor: 10,
      retryAttempts: 3,
      maxRecordAge: Duration.hours(1),
      tumblingWindow: Duration.minutes(2),
      filters: [lambda.FilterCriteria.filter({ data: { type: lambda.FilterRule.isEqual('click') } })],
    });
    expect(mappingOf(template())).toMatchObject({
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 5,
      ParallelizationFactor: 10,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 3600,
      TumblingWindowInSeconds: 120,
      FilterCriteria: { Filters: [{ Pattern: '{"data":{"type":["click"]}}' }] },
    });
  });

  test('waits for the permissions that Lambda checks when it is made', () => {
    synth(ofKinesis)
      .template()
      .hasResource('AWS::Lambda::EventSourceMapping', { DependsOn: [Match.stringLikeRegexp('^ClicksPolicy')] });
  });

  test('begins where it is told', () => {
    const at = new Date('2026-11-01T00:00:00Z');
    const from = (options: object) => {
      const { template } = synth((stack) => StreamSource.kinesis(new kinesis.Stream(stack, 'Stream'), options));
      const { StartingPosition, StartingPositionTimestamp } = mappingOf(template());
      return [StartingPosition, StartingPositionTimestamp];
    };
    expect(from({ startingPosition: lambda.StartingPosition.LATEST })).toEqual(['LATEST', undefined]);
    expect(from({ startingPositionTimestamp: at })).toEqual(['AT_TIMESTAMP', at.getTime() / 1000]);
  });
});

describe('Kinesis', () => {
  test('is read with exact actions on the stream', () => {
    const template = synth(ofKinesis).template();
    expect(policyOf(template)).toEqual([
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('^ClicksDeadLetterQueue') },
      { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: arn('^ClicksLogGroup') },
      {
        Effect: 'Allow',
        Action: [
          'kinesis:DescribeStream',
          'kinesis:DescribeStreamSummary',
          'kinesis:GetRecords',
          'kinesis:GetShardIterator',
          'kinesis:ListShards',
        ],
        Resource: arn('^Stream'),
      },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('^ClicksOnFailureQueue') },
    ]);
    template.resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('comes with the key of the stream, for reading and for recovering', () => {
    const template = synth((stack) =>
      StreamSource.kinesis(
        new kinesis.Stream(stack, 'Stream', {
          encryption: kinesis.StreamEncryption.KMS,
          encryptionKey: new kms.Key(stack, 'Key'),
        }),
      ),
    ).template();
    const key = arn('^Key');
    expect(action(policyOf(template), 'kms:Decrypt')).toEqual(key);
    const recovery = find(template, 'AWS::IAM::ManagedPolicy', /^ClicksRecovery/).PolicyDocument.Statement;
    expect(action(recovery, 'kms:Decrypt')).toEqual(key);
  });

  test('may have a consumer of its own; what is given up is read from the stream', () => {
    const template = synth((stack) => {
      const stream = new kinesis.Stream(stack, 'Stream');
      const consumer = new kinesis.StreamConsumer(stack, 'Consumer', { stream, streamConsumerName: 'clicks' });
      return StreamSource.kinesis(stream, { consumer });
    }).template();
    expect(mappingOf(template).EventSourceArn).toEqual(arn('^Consumer', 'ConsumerARN'));
    expect(action(policyOf(template), 'kinesis:SubscribeToShard')).toEqual(arn('^Consumer', 'ConsumerARN'));
    const recovery = find(template, 'AWS::IAM::ManagedPolicy', /^ClicksRecovery/).PolicyDocument.Statement;
    expect(action(recovery, 'kinesis:GetRecords')).toEqual(arn('^Stream'));
  });
});

describe('DynamoDB', () => {
  test('is read with exact actions on the stream of the table, and its key', () => {
    const template = synth((stack) =>
      StreamSource.dynamodb(
        tableIn(stack, { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: new kms.Key(stack, 'Key') }),
      ),
    ).template();
    const stream = arn('^Table', 'StreamArn');
    const statements = policyOf(template);
    expect(mappingOf(template).EventSourceArn).toEqual(stream);
    for (const name of ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams']) {
      expect(action(statements, `dynamodb:${name}`)).toEqual(stream);
    }
    expect(action(statements, 'kms:Decrypt')).toEqual(arn('^Key'));
  });

  test('needs a table with a stream, and cannot be read from a time on', () => {
    expect(() => synth((stack) => StreamSource.dynamodb(tableIn(stack, { stream: undefined })))).toThrow(
      /^Stack\/Clicks: source: got the table Stack\/Table without a stream, expected a table with one; set stream/,
    );
    const startingPosition = lambda.StartingPosition.AT_TIMESTAMP;
    expect(() => synth((stack) => StreamSource.dynamodb(tableIn(stack), { startingPosition }))).toThrow(
      /startingPosition: got AT_TIMESTAMP, expected TRIM_HORIZON or LATEST/,
    );
  });
});

describe('MSK', () => {
  test('is read by the role of the function, on exactly its topic and its group', () => {
    const template = synth(ofMsk).template();
    const mapping = mappingOf(template);
    const group = mapping.AmazonManagedKafkaEventSourceConfig.ConsumerGroupId;
    expect(group).toMatch(/^Stack-Clicks/);
    expect(mapping).toMatchObject({
      EventSourceArn: CLUSTER,
      Topics: ['orders'],
      ProvisionedPollerConfig: { MinimumPollers: 1 },
    });
    expect(mapping.SourceAccessConfigurations).toBeUndefined();
    const of = (name: string) => action(policyOf(template), name);
    const within = (what: string) => CLUSTER.replace(':cluster/', `:${what}/`);
    expect(of('kafka:GetBootstrapBrokers')).toBe(CLUSTER);
    expect(of('kafka-cluster:Connect')).toBe(CLUSTER);
    expect(of('kafka-cluster:ReadData')).toBe(`${within('topic')}/orders`);
    expect(of('kafka-cluster:AlterGroup')).toBe(`${within('group')}/${group}`);
    // What EC2 knows no narrower resource for, and nothing else.
    expect(policyOf(template).filter(({ Resource }: any) => Resource === '*')).toEqual([
      expect.objectContaining({ Action: expect.arrayContaining(['ec2:CreateNetworkInterface']) }),
    ]);
  });

  test('takes the ARN of a cluster that is not known yet', () => {
    const template = synth((stack) =>
      StreamSource.msk(new CfnParameter(stack, 'Cluster').valueAsString, 'orders'),
    ).template();
    expect(JSON.stringify(action(policyOf(template), 'kafka-cluster:ReadData'))).toContain(':topic/');
  });

  test('may have a secret instead', () => {
    const template = synth((stack) =>
      StreamSource.msk(CLUSTER, 'orders', {
        authentication: KafkaAuthentication.mutualTls(new Secret(stack, 'Secret')),
        consumerGroupId: 'mine',
        minimumPollers: 2,
        maximumPollers: 8,
      }),
    ).template();
    expect(mappingOf(template)).toMatchObject({
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'mine' },
      ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 8 },
      SourceAccessConfigurations: [
        { Type: 'CLIENT_CERTIFICATE_TLS_AUTH', URI: { Ref: expect.stringMatching('^Secret') } },
      ],
    });
    expect(action(policyOf(template), 'secretsmanager:GetSecretValue')).toEqual({
      Ref: expect.stringMatching('^Secret'),
    });
    expect(action(policyOf(template), 'kafka-cluster:Connect')).toBeUndefined();
  });
});

describe('a cluster of one’s own', () => {
  test('is read over the internet with a secret, and without access to a network', () => {
    const template = synth(ofKafka).template();
    expect(mappingOf(template)).toMatchObject({
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: SERVERS } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: expect.stringMatching(/^Stack-Clicks/) },
      SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: expect.anything() }],
    });
    expect(action(policyOf(template), 'ec2:CreateNetworkInterface')).toBeUndefined();
  });

  test('is reached in its VPC', () => {
    const template = synth((stack) => {
      const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
      return StreamSource.kafka(SERVERS, 'orders', {
        authentication: KafkaAuthentication.plain(new Secret(stack, 'Secret')),
        vpc,
        securityGroup: new SecurityGroup(stack, 'Group', { vpc }),
        rootCertificate: new Secret(stack, 'Root'),
      });
    }).template();
    const types = mappingOf(template).SourceAccessConfigurations.map(({ Type }: any) => Type);
    expect(types).toEqual([
      'BASIC_AUTH',
      'SERVER_ROOT_CA_CERTIFICATE',
      'VPC_SECURITY_GROUP',
      'VPC_SUBNET',
      'VPC_SUBNET',
    ]);
    expect(action(policyOf(template), 'ec2:CreateNetworkInterface')).toBe('*');
  });

  const auth = (stack: Stack) => KafkaAuthentication.scram256(new Secret(stack, 'Secret'));
  test.each<[Make, RegExp]>([
    [
      (stack) => StreamSource.kafka([], 'orders', { authentication: auth(stack) }),
      /bootstrapServers: got 0, expected 1 to 10/,
    ],
    [
      (stack) => StreamSource.kafka(Array(11).fill(SERVERS[0]), 'orders', { authentication: auth(stack) }),
      /bootstrapServers: got 11/,
    ],
    [
      (stack) => StreamSource.kafka(['broker'], 'orders', { authentication: auth(stack) }),
      /bootstrapServers: got "broker", expected hosts with their ports/,
    ],
    [() => StreamSource.kafka(SERVERS, 'orders'), /authentication: got none, expected one/],
    [
      () => StreamSource.kafka(SERVERS, 'orders', { authentication: KafkaAuthentication.iam() }),
      /authentication: got iam, expected scram512, scram256, plain or mutualTls/,
    ],
    [
      (stack) => StreamSource.kafka(SERVERS, 'orders', { vpc: new Vpc(stack, 'Vpc') }),
      /vpc and securityGroup: got vpc alone, expected both or neither/,
    ],
    [(stack) => StreamSource.kafka(SERVERS, '.x', { authentication: auth(stack) }), /topic: got ".x"/],
    [() => StreamSource.msk(CLUSTER, ''), /topic: got ""/],
    [() => StreamSource.msk(CLUSTER, 'x'.repeat(250)), /topic: got "x+", expected 1 to 249/],
    [() => StreamSource.msk(CLUSTER, 'x', { consumerGroupId: '' }), /consumerGroupId: got ""/],
    [() => StreamSource.msk(CLUSTER, 'x', { consumerGroupId: 'a b' }), /consumerGroupId: got "a b"/],
    [() => StreamSource.msk(CLUSTER, 'x', { minimumPollers: 0 }), /minimumPollers: got 0, .* 1 to 200/],
    [() => StreamSource.msk(CLUSTER, 'x', { minimumPollers: 201 }), /minimumPollers: got 201/],
    [() => StreamSource.msk(CLUSTER, 'x', { maximumPollers: 2001 }), /maximumPollers: got 2001, .* 1 to 2000/],
    [
      () => StreamSource.msk(CLUSTER, 'x', { minimumPollers: 3, maximumPollers: 2 }),
      /maximumPollers: got 2, expected at least minimumPollers, 3/,
    ],
    [
      (stack) => StreamSource.msk(CLUSTER, 'x', { authentication: auth(stack) }),
      /authentication: got scram256, expected iam, scram512 or mutualTls with MSK/,
    ],
  ])('what cannot work is refused: %#', (source, message) => {
    expect(() => synth(source)).toThrow(message);
  });
});

describe('the queues', () => {
  test('keep dead letters for 14 days, and put what cannot be recovered there as it is', () => {
    const template = synth(ofKinesis).template();
    expect(find(template, 'AWS::SQS::Queue', /^ClicksDeadLetterQueue/)).toMatchObject({
      MessageRetentionPeriod: 14 * 86_400,
      SqsManagedSseEnabled: true,
    });
    expect(find(template, 'AWS::SQS::Queue', /^ClicksOnFailureQueue/)).toMatchObject({
      VisibilityTimeout: 360,
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: arn('^ClicksDeadLetterQueue') },
    });
  });

  test('take TLS only', () => {
    synth(ofKinesis)
      .template()
      .resourcePropertiesCountIs(
        'AWS::SQS::QueuePolicy',
        {
          PolicyDocument: {
            Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
          },
        },
        2,
      );
  });
});

describe('recovery', () => {
  test('may read the stream, take from its queue and send to the dead-letter queue, and nothing else', () => {
    const template = synth(ofDynamodb).template();
    expect(find(template, 'AWS::IAM::ManagedPolicy', /^ClicksRecovery/).PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        Resource: arn('^ClicksOnFailureQueue'),
      },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn('^ClicksDeadLetterQueue') },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        Resource: arn('^Table', 'StreamArn'),
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arn('^ClicksRecoveryLogGroup'),
      },
    ]);
  });

  test('takes one message at a time from the queue that Lambda tells', () => {
    const template = synth(ofKinesis).template();
    expect(find(template, 'AWS::Lambda::EventSourceMapping', /^ClicksRecovery/)).toMatchObject({
      BatchSize: 1,
      EventSourceArn: arn('^ClicksOnFailureQueue'),
    });
    expect(find(template, 'AWS::Lambda::Function', /^ClicksRecovery/).Environment.Variables).toEqual({
      ASYNC_WORKER: 'Stack/Clicks',
      ASYNC_DEAD_LETTER_QUEUE_URL: { Ref: expect.stringMatching('^ClicksDeadLetterQueue') },
    });
  });
});

describe('the function', () => {
  const variables = (props: Partial<StreamWorkerProps>) =>
    find(synth(ofKinesis, props).template(), 'AWS::Lambda::Function', /^ClicksFunction/).Environment.Variables;

  test('is told what the runtime needs, and what the user says beside it', () => {
    expect(variables({ environment: { TABLE: 'clicks' } })).toEqual({
      TABLE: 'clicks',
      NODE_OPTIONS: '--enable-source-maps',
      ASYNC_WORKER: 'Stack/Clicks',
      ASYNC_DEAD_LETTER_QUEUE_URL: { Ref: expect.stringMatching('^ClicksDeadLetterQueue') },
      ASYNC_STREAM: '{"window":false}',
    });
    expect(variables({ tumblingWindow: Duration.minutes(1) }).ASYNC_STREAM).toBe('{"window":true}');
  });

  test('of the user’s gets the environment and the permissions', () => {
    const stack = new Stack(new App(), 'Stack');
    const fn = new lambda.Function(stack, 'Python', {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: 'index.handler',
      code: lambda.Code.fromInline('def handler(event, context): return {}'),
    });
    const worker = new StreamWorker(stack, 'Clicks', { source: ofKinesis(stack), handler: Handler.fromFunction(fn) });
    expect(worker.function).toBe(fn);
    expect(worker.logGroup).toBeUndefined();
    const template = Template.fromStack(stack);
    expect(find(template, 'AWS::Lambda::Function', /^Python/).Environment.Variables).toMatchObject({
      ASYNC_WORKER: 'Stack/Clicks',
    });
    expect(action(policyOf(template), 'kinesis:GetRecords')).toEqual(arn('^Stream'));
  });

  test('leaves the role open to what the user grants', () => {
    const { stack, worker, template } = synth(ofKinesis);
    tableIn(stack).grantReadData(worker);
    template().resourceCountIs('AWS::IAM::Policy', 0);
    expect(
      action(find(template(), 'AWS::IAM::ManagedPolicy', /^ClicksGrants/).PolicyDocument.Statement, 'dynamodb:GetItem'),
    ).toBeDefined();
  });
});

test('a customer-managed key encrypts the queues, the log groups and the environments', () => {
  const stack = new Stack(new App(), 'Stack');
  new StreamWorker(stack, 'Clicks', {
    source: ofKinesis(stack),
    handler: handler(),
    encryptionKey: new kms.Key(stack, 'Key'),
  });
  const template = Template.fromStack(stack);
  const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
  template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: key });
  template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: key });
  template.allResourcesProperties('AWS::Lambda::Function', { KmsKeyArn: key });
  for (const policy of [
    policyOf(template),
    find(template, 'AWS::IAM::ManagedPolicy', /^ClicksRecovery/).PolicyDocument.Statement,
  ]) {
    expect(action(policy, 'kms:GenerateDataKey')).toEqual(arn('^Key'));
  }
});

describe('alarms', () => {
  const alarms = (source: Make, props: Partial<StreamWorkerProps> = {}) =>
    Object.values(synth(source, props).template().findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties,
    );

  test.each([
    ['Kinesis', ofKinesis],
    ['Kafka', ofMsk],
  ])('of %s each say what they mean and what to do, and how they take missing data', (_, source) => {
    const all = alarms(source);
    expect(all).toHaveLength(5);
    for (const { AlarmDescription, TreatMissingData, AlarmActions } of all) {
      expect(AlarmDescription).toMatch(/^Stack\/Clicks: .+ Runbook: .+/);
      expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
      expect(TreatMissingData).toBe('notBreaching');
      expect(AlarmActions).toBeUndefined();
    }
  });

  test('watch the dead-letter queue, the iterator’s age, lasting errors, throttles and what is lost', () => {
    expect(alarms(ofKinesis)).toEqual([
      expect.objectContaining({ MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1 }),
      expect.objectContaining({
        MetricName: 'IteratorAge',
        Statistic: 'Maximum',
        Threshold: 900_000,
        EvaluationPeriods: 3,
      }),
      expect.objectContaining({ MetricName: 'Errors', Period: 300, Threshold: 1, EvaluationPeriods: 3 }),
      expect.objectContaining({ MetricName: 'Throttles', Threshold: 1, EvaluationPeriods: 1 }),
      expect.objectContaining({ MetricName: 'DestinationDeliveryFailures', Threshold: 1, EvaluationPeriods: 1 }),
    ]);
  });

  test('watch the offsets of Kafka instead, by batches', () => {
    expect(alarms(ofMsk, { batchSize: 50 })[1]).toMatchObject({ MetricName: 'OffsetLag', Threshold: 5_000 });
  });

  test('fire before records are given up', () => {
    expect(alarms(ofKinesis, { maxRecordAge: Duration.minutes(10) })[1]).toMatchObject({ Threshold: 300_000 });
  });

  test('notify the topic', () => {
    const stack = new Stack(new App(), 'Stack');
    const alarmTopic = new sns.Topic(stack, 'Topic');
    new StreamWorker(stack, 'Clicks', { source: ofKinesis(stack), handler: handler(), alarmTopic });
    Template.fromStack(stack).allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('^Topic') }],
    });
  });
});

test('metrics are read under the names that the runtime writes', () => {
  const { worker, stack } = synth(ofKinesis);
  const config = (metric: { toMetricConfig(): any }) => stack.resolve(metric.toMetricConfig().metricStat);
  for (const [metric, metricName, statistic] of [
    [worker.metricProcessed(), 'Processed', 'Sum'],
    [worker.metricRetried(), 'Retried', 'Sum'],
    [worker.metricDead(), 'Dead', 'Sum'],
    [worker.metricDeferred(), 'Deferred', 'Sum'],
    [worker.metricAge(), 'Age', 'Maximum'],
  ] as const) {
    expect(config(metric)).toMatchObject({
      namespace: 'AsyncPatterns',
      metricName,
      statistic,
      dimensions: [{ name: 'Worker', value: 'Stack/Clicks' }],
    });
  }
});

describe('numbers that cannot work are refused with what, got, expected and what to do', () => {
  const { seconds, hours, days } = Duration;
  const retaining =
    (retentionPeriod: Duration): Make =>
    (stack) =>
      StreamSource.kinesis(new kinesis.Stream(stack, 'Stream', { retentionPeriod }));
  const pattern = (length: number) => [{ pattern: 'x'.repeat(length) }];
  test.each<[Make, Partial<StreamWorkerProps>, RegExp]>([
    [ofKinesis, { timeout: seconds(0) }, /^Stack\/Clicks: timeout: got 0, expected a whole number from 1 to 900; /],
    [ofKinesis, { timeout: seconds(901) }, /timeout: got 901/],
    [ofKinesis, { memorySize: 127 }, /memorySize: got 127/],
    [ofKinesis, { batchSize: 0 }, /batchSize: got 0, expected a whole number from 1 to 10000/],
    [ofDynamodb, { batchSize: 10_001 }, /batchSize: got 10001/],
    [ofMsk, { batchSize: 1.5 }, /batchSize: got 1.5/],
    [
      ofKinesis,
      { maxBatchingWindow: seconds(301) },
      /maxBatchingWindow: got 301, expected a whole number from 0 to 300/,
    ],
    [ofKinesis, { parallelizationFactor: 0 }, /parallelizationFactor: got 0, expected a whole number from 1 to 10/],
    [ofDynamodb, { parallelizationFactor: 11 }, /parallelizationFactor: got 11/],
    [ofMsk, { parallelizationFactor: 2 }, /parallelizationFactor: got one, expected none on Kafka/],
    [ofKafka, { tumblingWindow: seconds(60) }, /tumblingWindow: got one, expected none on Kafka/],
    [ofKinesis, { tumblingWindow: seconds(901) }, /tumblingWindow: got 901, expected a whole number from 1 to 900/],
    [ofKinesis, { tumblingWindow: seconds(0) }, /tumblingWindow: got 0/],
    [ofKinesis, { retryAttempts: -1 }, /retryAttempts: got -1, expected a whole number from 0 to 10000/],
    [ofKinesis, { retryAttempts: 10_001 }, /retryAttempts: got 10001/],
    [ofKinesis, { retryAttempts: Number.NaN }, /retryAttempts: got NaN/],
    [ofKinesis, { maxRecordAge: seconds(59) }, /maxRecordAge: got 59, expected a whole number from 60 to 604800/],
    [ofMsk, { maxRecordAge: seconds(604_801) }, /maxRecordAge: got 604801/],
    [
      ofDynamodb,
      { maxRecordAge: hours(24) },
      /maxRecordAge: got 86400 s, expected less than the stream keeps a record, 86400 s/,
    ],
    [ofKinesis, { maxRecordAge: hours(24) }, /maxRecordAge: got 86400 s/],
    [retaining(days(2)), { maxRecordAge: hours(48) }, /maxRecordAge: got 172800 s/],
    [ofKinesis, { reservedConcurrentExecutions: 0 }, /reservedConcurrentExecutions: got 0/],
    [ofKinesis, { filters: [] }, /filters: got 0, expected a whole number from 1 to 10/],
    [ofKinesis, { filters: Array(11).fill({ pattern: '{}' }) }, /filters: got 11/],
    [
      ofKinesis,
      { filters: pattern(4_097) },
      /a pattern of filters: got 4097 characters, expected what FilterCriteria.filter/,
    ],
    [ofKinesis, { filters: [{ data: {} }] }, /a pattern of filters: got undefined/],
  ])('%#', (source, props, message) => {
    expect(() => synth(source, props)).toThrow(message);
  });

  test.each<[Make, Partial<StreamWorkerProps>]>([
    [ofKinesis, {}],
    [ofKinesis, { timeout: seconds(900), memorySize: 10_240, batchSize: 1, retryAttempts: 1 }],
    [ofDynamodb, { batchSize: 10_000, parallelizationFactor: 10, tumblingWindow: seconds(900) }],
    [ofKinesis, { maxBatchingWindow: seconds(0), tumblingWindow: seconds(1), parallelizationFactor: 1 }],
    [ofKinesis, { maxBatchingWindow: seconds(300), retryAttempts: 10_000, maxRecordAge: seconds(60) }],
    [retaining(days(2)), { maxRecordAge: hours(47) }],
    [retaining(days(8)), { maxRecordAge: days(7) }],
    [
      (stack) => StreamSource.kinesis(kinesis.Stream.fromStreamArn(stack, 'S', 'arn:aws:kinesis:us-east-1:1:stream/s')),
      { maxRecordAge: days(7) },
    ],
    [ofMsk, { maxRecordAge: days(7) }],
    [ofKinesis, { filters: pattern(4_096) }],
  ])('%# is within the bounds: no error, no warning', (source, props) => {
    const { stack, template } = synth(source, props);
    template();
    expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });
});

describe('what is seldom meant warns with an id that can be acknowledged', () => {
  const late: Make = (stack) =>
    StreamSource.kinesis(new kinesis.Stream(stack, 'Stream'), { startingPosition: lambda.StartingPosition.LATEST });
  test.each<[string, Make, Partial<StreamWorkerProps>]>([
    ['noRetries', ofKinesis, { retryAttempts: 0 }],
    ['startsLate', late, {}],
  ])('%s', (id, source, props) => {
    const { stack } = synth(source, props);
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Clicks',
      Match.stringLikeRegexp(`got .*expected .*cdk-async-patterns:${id}`),
    );
    const acknowledged = new Stack(new App(), 'Stack');
    CoreAnnotations.of(acknowledged).acknowledgeWarning(`cdk-async-patterns:${id}`, 'on purpose');
    new StreamWorker(acknowledged, 'Clicks', { source: source(acknowledged), handler: handler(), ...props });
    expect(Annotations.fromStack(acknowledged).findWarning('*', Match.stringLikeRegexp(id))).toEqual([]);
  });
});

describe('a mapping that was changed through its L1', () => {
  const changed = (change: (mapping: lambda.CfnEventSourceMapping) => void) => {
    const made = synth(ofDynamodb);
    change(made.worker.eventSourceMapping.node.defaultChild as lambda.CfnEventSourceMapping);
    return made;
  };

  test.each<[(mapping: lambda.CfnEventSourceMapping) => void, RegExp]>([
    [
      (m) => (m.functionResponseTypes = undefined),
      /functionResponseTypes of the event source mapping: got none, expected Rep/,
    ],
    [(m) => (m.destinationConfig = undefined), /destinationConfig of the event source mapping: got none/],
    [(m) => (m.maximumRecordAgeInSeconds = -1), /maximumRecordAgeInSeconds of the event source mapping: got -1/],
    [(m) => (m.maximumRecordAgeInSeconds = 86_400), /got 86400, expected less than the stream keeps a record, 86400/],
  ])('is refused where it would lose records: %#', (change, message) => {
    expect(() => changed(change).template()).toThrow(message);
  });

  test('warns where it is disabled', () => {
    const { stack, template } = changed((mapping) => {
      mapping.enabled = false;
    });
    template();
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Clicks/EventSourceMapping',
      Match.stringLikeRegexp('cdk-async-patterns:mappingDisabled'),
    );
  });

  test('may be anything else', () => {
    const { stack, template } = changed((mapping) => {
      mapping.maximumRecordAgeInSeconds = 3600;
      mapping.bisectBatchOnFunctionError = false;
    });
    template();
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });
});

test('tokens pass through, unvalidated', () => {
  const stack = new Stack(new App(), 'Stack');
  const number = (id: string) => Token.asNumber(new CfnParameter(stack, id, { type: 'Number' }).value);
  new StreamWorker(stack, 'Clicks', {
    source: StreamSource.msk(
      new CfnParameter(stack, 'Cluster').valueAsString,
      new CfnParameter(stack, 'Topic').valueAsString,
    ),
    handler: handler(),
    timeout: Duration.seconds(number('Timeout')),
    batchSize: number('Batch'),
    maxBatchingWindow: Duration.seconds(number('Window')),
    retryAttempts: number('Retries'),
    maxRecordAge: Duration.seconds(number('Age')),
  });
  expect(mappingOf(Template.fromStack(stack))).toMatchObject({
    BatchSize: { Ref: 'Batch' },
    MaximumBatchingWindowInSeconds: { Ref: 'Window' },
    MaximumRetryAttempts: { Ref: 'Retries' },
    MaximumRecordAgeInSeconds: { Ref: 'Age' },
    Topics: [{ Ref: 'Topic' }],
  });
  expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
});

describe('the template is the same as ever', () => {
  const everything = (context?: Record<string, unknown>) => {
    const stack = new Stack(new App({ context }), 'Stack');
    const alarmTopic = new sns.Topic(stack, 'Topic');
    new StreamWorker(stack, 'Clicks', { source: ofKinesis(stack), handler: handler(), alarmTopic });
    new StreamWorker(stack, 'Changes', {
      source: ofDynamodb(stack),
      handler: handler(),
      parallelizationFactor: 2,
      tumblingWindow: Duration.minutes(1),
      encryptionKey: new kms.Key(stack, 'Key'),
    });
    new StreamWorker(stack, 'Orders', { source: ofMsk(stack), handler: handler() });
    return maskAssets(Template.fromStack(stack).toJSON());
  };

  test('without feature flags', () => expect(everything()).toMatchSnapshot());
  test('with the recommended ones', () => expect(everything(recommendedFlags)).toMatchSnapshot());
});
