import { App, CfnParameter, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as kms from 'aws-cdk-lib/aws-kms';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { maskAssets } from '../../lambda/testing';
import { AsyncWorker, type AsyncWorkerProps, Handler, Idempotency } from '../../lib';

const ENTRY = `${__dirname}/../fixtures/handler.ts`;

const synth = (idempotency: (stack: Stack) => Idempotency, props: Partial<AsyncWorkerProps> = {}, context = {}) => {
  const stack = new Stack(new App({ context }), 'Stack');
  const worker = new AsyncWorker(stack, 'Orders', {
    handler: Handler.fromEntry(ENTRY),
    idempotency: idempotency(stack),
    ...props,
  });
  return { stack, worker, template: () => Template.fromStack(stack) };
};

const own = () => Idempotency.table();
const spec = (template: Template): unknown =>
  Object.values<any>(template.findResources('AWS::Lambda::Function'))[0].Properties.Environment.Variables
    .ASYNC_IDEMPOTENCY;

test('a table of its own is on demand, forgets by TTL and can be restored', () => {
  synth(own)
    .template()
    .hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
});

test('the function is told the table, and that keys are remembered longer than a message can lie in the queue', () => {
  expect(spec(synth(own).template())).toEqual({
    'Fn::Join': [
      '',
      ['{"table":"', { Ref: expect.stringMatching(/^OrdersIdempotencyTable/) }, '","retention":604800}'],
    ],
  });
});

test('lengths are told in seconds', () => {
  const idempotency = () => Idempotency.table({ retention: Duration.hours(1), leaseDuration: Duration.minutes(1) });
  expect(JSON.stringify(spec(synth(idempotency).template()))).toContain('\\"retention\\":3600,\\"lease\\":60}');
});

test('the function may write its keys and nothing else, in the same managed policy', () => {
  const template = synth(own).template();
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 1);
  template.hasResourceProperties('AWS::IAM::ManagedPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        {
          Effect: 'Allow',
          Action: ['dynamodb:PartiQLInsert', 'dynamodb:PartiQLUpdate', 'dynamodb:PartiQLDelete'],
          Resource: { 'Fn::GetAtt': [Match.stringLikeRegexp('^OrdersIdempotencyTable'), 'Arn'] },
        },
      ]),
    },
  });
});

test('a customer-managed key encrypts the table, and the function may use it', () => {
  const stack = new Stack(new App(), 'Stack');
  new AsyncWorker(stack, 'Orders', {
    handler: Handler.fromEntry(ENTRY),
    idempotency: Idempotency.table(),
    encryptionKey: new kms.Key(stack, 'Key'),
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    SSESpecification: { SSEType: 'KMS', KMSMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] } },
  });
  template.hasResourceProperties('AWS::IAM::ManagedPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Action: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'] }),
      ]),
    },
  });
});

describe('a shared table', () => {
  const table = (stack: Stack, name = 'pk', type = dynamodb.AttributeType.STRING, sortKey?: dynamodb.Attribute) =>
    new dynamodb.Table(stack, 'Shared', { partitionKey: { name, type }, sortKey });

  test('is used instead of one of its own', () => {
    const { worker, template } = synth((stack) => Idempotency.shared(table(stack)));
    template().resourceCountIs('AWS::DynamoDB::Table', 1);
    expect(worker.idempotencyTable?.node.path).toBe('Stack/Shared');
  });

  test('may be a global one', () => {
    const { stack } = synth((scope) =>
      Idempotency.shared(
        new dynamodb.TableV2(scope, 'Shared', { partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING } }),
      ),
    );
    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  });

  test.each<[string, string, dynamodb.AttributeType, dynamodb.Attribute?]>([
    ['another name', 'id', dynamodb.AttributeType.STRING],
    ['another type', 'pk', dynamodb.AttributeType.NUMBER],
    ['a sort key', 'pk', dynamodb.AttributeType.STRING, { name: 'sk', type: dynamodb.AttributeType.STRING }],
  ])('with %s as its key is refused', (_, ...key) => {
    expect(() => synth((stack) => Idempotency.shared(table(stack, ...key)))).toThrow(
      /^Stack\/Orders: key of the shared idempotency table: got .*, expected pk \(S\) alone; /,
    );
  });

  test('that is imported gives a warning that can be acknowledged', () => {
    const { stack } = synth((scope) => Idempotency.shared(dynamodb.Table.fromTableName(scope, 'Imported', 'keys')));
    Annotations.fromStack(stack).hasWarning(
      '/Stack/Orders',
      Match.stringLikeRegexp('pk.*cdk-async-patterns:importedTable'),
    );
  });
});

test.each<[string, () => Idempotency, RegExp]>([
  [
    'retention below a minute',
    () => Idempotency.table({ retention: Duration.seconds(59) }),
    /retention: got 59 s, expected whole seconds from 60 to 31536000; /,
  ],
  ['retention above a year', () => Idempotency.table({ retention: Duration.days(366) }), /retention: got 31622400 s/],
  [
    'no lease',
    () => Idempotency.table({ leaseDuration: Duration.seconds(0) }),
    /leaseDuration: got 0 s, expected whole seconds from 1 to 86400; /,
  ],
  ['a lease above a day', () => Idempotency.table({ leaseDuration: Duration.days(2) }), /leaseDuration: got 172800 s/],
  ['parts of seconds', () => Idempotency.table({ leaseDuration: Duration.millis(1500) }), /leaseDuration: got 1.5 s/],
])('%s is refused', (_, make, message) => {
  expect(make).toThrow(message);
});

test('tokens pass through', () => {
  const { template } = synth((stack) =>
    Idempotency.table({
      retention: Duration.seconds(Token.asNumber(new CfnParameter(stack, 'Days', { type: 'Number' }).value)),
    }),
  );
  expect(JSON.stringify(spec(template()))).toContain('{"Ref":"Days"}');
});

describe('the template is the same as ever', () => {
  test('without feature flags', () => expect(maskAssets(synth(own).template().toJSON())).toMatchSnapshot());
  test('with the recommended ones', () =>
    expect(maskAssets(synth(own, {}, recommendedFlags).template().toJSON())).toMatchSnapshot());
});
