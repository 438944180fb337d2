import { App, CfnParameter, Duration, Size, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { TokenAuthorizer } from 'aws-cdk-lib/aws-apigateway';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import { maskAssets } from '../../lambda/testing';
import {
  ApiAuthorization,
  AsyncApi,
  type AsyncApiProps,
  AsyncWorker,
  type AsyncWorkerProps,
  Backpressure,
  CircuitBreaker,
  FanOutTopic,
  Handler,
  Idempotency,
  LoadLevelingQueue,
  Pace,
  PayloadStore,
  Webhook,
} from '../../lib';
import { JOBS_ENV, PACE_ENV } from '../../lib/private/contract';

const handler = () => Handler.fromEntry(`${__dirname}/../fixtures/handler.ts`);

const synth = (props: Partial<AsyncApiProps> = {}, worker: Partial<AsyncWorkerProps> = {}) => {
  const stack = new Stack(new App(), 'Stack');
  const queue = new AsyncWorker(stack, 'Invoices', { handler: handler(), ...worker });
  const api = new AsyncApi(stack, 'Api', { queue, handler: handler(), ...props });
  return { stack, queue, api, template: () => Template.fromStack(stack) };
};
const find = (template: Template, type: string, prefix: string): any => {
  const found = Object.entries(template.findResources(type)).filter(([id]) => id.startsWith(prefix));
  expect(found).toHaveLength(1);
  return found[0]![1].Properties;
};
const variables = (template: Template, prefix: string) =>
  find(template, 'AWS::Lambda::Function', prefix).Environment.Variables;
/** What a variable with tokens reads once they are resolved, each as the logical id that it refers to. */
const text = (value: any): any =>
  JSON.parse(
    typeof value === 'string'
      ? value
      : value['Fn::Join'][1]
          .map((part: any) => (typeof part === 'string' ? part : (part.Ref ?? part['Fn::GetAtt'][0])))
          .join(''),
  );
const statements = (template: Template, prefix: string) =>
  find(template, 'AWS::IAM::ManagedPolicy', prefix).PolicyDocument.Statement;

describe('the API', () => {
  test('has three methods, all authorized, by IAM unless something else is said', () => {
    const methods = Object.values(synth().template().findResources('AWS::ApiGateway::Method'));
    expect(methods.map(({ Properties }) => Properties.HttpMethod).sort()).toEqual(['DELETE', 'GET', 'POST']);
    for (const { Properties } of methods) expect(Properties.AuthorizationType).toBe('AWS_IAM');
  });

  test('is throttled, logged and traced', () => {
    const { template } = synth({ rateLimit: 5, burstLimit: 7 });
    template().hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true,
      AccessLogSetting: {
        DestinationArn: Match.anyValue(),
        Format: Match.stringLikeRegexp('"status":"\\$context.status"'),
      },
      MethodSettings: [
        Match.objectLike({
          HttpMethod: '*',
          LoggingLevel: 'ERROR',
          DataTraceEnabled: false,
          MetricsEnabled: true,
          ThrottlingRateLimit: 5,
          ThrottlingBurstLimit: 7,
        }),
      ],
    });
  });

  test('logs no body, header or query', () => {
    const { Format } = find(synth().template(), 'AWS::ApiGateway::Stage', 'Api').AccessLogSetting;
    expect(Format).not.toMatch(/input|header|querystring|authorization/i);
  });

  const others: [string, (stack: Stack) => ApiAuthorization, string][] = [
    ['Cognito', (stack) => ApiAuthorization.cognito([new UserPool(stack, 'Pool')]), 'COGNITO_USER_POOLS'],
    ['a Lambda authorizer', (stack) => ApiAuthorization.lambda(fn(stack)), 'CUSTOM'],
    [
      'an authorizer of the user’s',
      (stack) => ApiAuthorization.custom(new TokenAuthorizer(stack, 'Own', { handler: fn(stack) })),
      'CUSTOM',
    ],
  ];
  const fn = (stack: Stack) =>
    new lambda.Function(stack, 'Authorizer', {
      code: lambda.Code.fromInline('exports.handler = async () => ({})'),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_22_X,
    });
  test.each(others)('is authorized by %s', (_, of, type) => {
    const stack = new Stack(new App(), 'Stack');
    const queue = new AsyncWorker(stack, 'Invoices', { handler: handler() });
    new AsyncApi(stack, 'Api', { queue, handler: handler(), authorization: of(stack) });
    for (const { Properties } of Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::Method'))) {
      expect(Properties.AuthorizationType).toBe(type);
      expect(Properties.AuthorizerId).toBeDefined();
    }
  });

  test('lets in whom it is granted, to these methods of this API alone', () => {
    const { api, stack, template } = synth();
    const role = new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
    api.grantInvoke(role);
    const [statement] = find(template(), 'AWS::IAM::Policy', 'Caller').PolicyDocument.Statement;
    expect(statement.Action).toBe('execute-api:Invoke');
    const ends = statement.Resource.map((resource: any) => resource['Fn::Join'][1].at(-1));
    expect(ends.sort()).toEqual(['/DELETE/jobs/*', '/GET/jobs/*', '/POST/jobs']);
  });

  test('makes the account’s log role only if it is asked to', () => {
    synth().template().resourceCountIs('AWS::ApiGateway::Account', 0);
    synth({ cloudWatchRole: true }).template().resourceCountIs('AWS::ApiGateway::Account', 1);
  });
});

describe('the worker', () => {
  test('is told what the door is told', () => {
    const { template } = synth({
      maxAge: Duration.hours(2),
      retention: Duration.days(3),
      maxBodySize: Size.kibibytes(10),
    });
    const made = template();
    const spec = text(variables(made, 'InvoicesFunction')[JOBS_ENV.worker]);
    expect(spec).toEqual({
      name: 'Stack/Api',
      table: expect.stringMatching(/^ApiTable/),
      queue: { queueUrl: expect.stringMatching(/^InvoicesQueue/), fifo: false },
      maxAge: 7_200,
      retention: 259_200,
      maxBodyBytes: 10_240,
      callbacks: false,
    });
    expect(text(variables(made, 'ApiFunction')[JOBS_ENV.api])).toEqual(spec);
  });

  test('ends jobs itself: SQS dead-letters only what the runtime did not', () => {
    const { template } = synth({}, { maxReceiveCount: 4 });
    const made = template();
    expect(find(made, 'AWS::SQS::Queue', 'InvoicesQueue').RedrivePolicy.maxReceiveCount).toBe(104);
    expect(variables(made, 'InvoicesFunction').ASYNC_MAX_RECEIVE_COUNT).toBe('4');
  });

  test('may change rows and look at them; the door may make them and send; both no more than that', () => {
    const made = synth().template();
    const of = (prefix: string, service: string) =>
      statements(made, prefix)
        .flatMap(({ Action }: any) => Action)
        .filter((action: string) => action.startsWith(service))
        .sort();
    expect(of('InvoicesPolicy', 'dynamodb')).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:PartiQLUpdate',
      'dynamodb:UpdateItem',
    ]);
    expect(of('ApiPolicy', 'dynamodb')).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PartiQLInsert',
      'dynamodb:PartiQLUpdate',
      'dynamodb:UpdateItem',
    ]);
    expect(of('ApiPolicy', 'sqs')).toEqual(['sqs:SendMessage']);
    for (const { Resource } of [...statements(made, 'InvoicesPolicy'), ...statements(made, 'ApiPolicy')]) {
      expect(JSON.stringify(Resource)).not.toContain('*');
    }
  });

  test('with a circuit breaker too', () => {
    const stack = new Stack(new App(), 'Stack');
    const circuitBreaker = new CircuitBreaker(stack, 'Breaker');
    const queue = new AsyncWorker(stack, 'Invoices', { handler: handler(), circuitBreaker });
    new AsyncApi(stack, 'Api', { queue, handler: handler() });
    expect(find(Template.fromStack(stack), 'AWS::SQS::Queue', 'InvoicesQueue').RedrivePolicy.maxReceiveCount).toBe(105);
  });
});

test('the table is on demand, forgets, can be restored, and has no stream that nobody reads', () => {
  const table = find(synth().template(), 'AWS::DynamoDB::Table', 'ApiTable');
  expect(table).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  });
  expect(table.StreamSpecification).toBeUndefined();
});

describe('ends are told', () => {
  const told = (props: (stack: Stack) => Partial<AsyncApiProps>) => {
    const stack = new Stack(new App(), 'Stack');
    const queue = new AsyncWorker(stack, 'Invoices', { handler: handler() });
    const api = new AsyncApi(stack, 'Api', { queue, handler: handler(), ...props(stack) });
    return { api, template: Template.fromStack(stack) };
  };

  test('to a topic, from the stream of the table, with a queue for what cannot be told', () => {
    const { template } = told((stack) => ({ completions: new FanOutTopic(stack, 'Ended') }));
    expect(find(template, 'AWS::DynamoDB::Table', 'ApiTable').StreamSpecification).toEqual({
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    });
    const mapping = find(template, 'AWS::Lambda::EventSourceMapping', 'ApiCompletionsStream');
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
    expect(JSON.parse(mapping.FilterCriteria.Filters[0].Pattern)).toEqual({
      eventName: ['MODIFY'],
      dynamodb: { NewImage: { state: { S: ['succeeded', 'failed', 'cancelled', 'expired'] } } },
    });
    expect(text(variables(template, 'ApiCompletionsFunction')[JOBS_ENV.completions])).toEqual({
      name: 'Stack/Api',
      topic: { topicArn: expect.stringMatching(/^EndedTopic/), fifo: false },
    });
  });

  test('by a webhook to one URL, signed with a secret of its own', () => {
    const { api, template } = told(() => ({ webhook: Webhook.to('https://hooks.example/jobs') }));
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 44, ExcludePunctuation: true },
    });
    expect(text(variables(template, 'ApiCompletionsFunction')[JOBS_ENV.completions])).toMatchObject({
      url: 'https://hooks.example/jobs',
      webhook: { queueUrl: expect.stringMatching(/^ApiCompletionsWebhookQueue/) },
    });
    expect(text(variables(template, 'ApiFunction')[JOBS_ENV.api]).callbacks).toBe(false);
    expect(api.webhookWorker).toBeDefined();
    expect(api.webhookSecret).toBeDefined();
  });

  test('whose sender may read the secret, and no more of it', () => {
    const { template } = told(() => ({ webhook: Webhook.to('https://hooks.example/jobs') }));
    const policies = JSON.stringify(template.findResources('AWS::IAM::ManagedPolicy'));
    expect(policies.match(/secretsmanager:\w+/g)).toEqual(['secretsmanager:GetSecretValue']);
  });

  test.each([
    ['by its whole ARN', 'secret:hooks-a1B2c3', true, 'secret:hooks-a1B2c3'],
    ['by its name', 'secret:hooks', false, 'secret:hooks-??????'],
  ])('signed with a secret of the app, which is known %s', (_, given, isWhole, allowed) => {
    const arn = `arn:aws:secretsmanager:eu-central-1:111122223333:`;
    const { template } = told((stack) => ({
      webhook: Webhook.to('https://hooks.example/jobs', {
        secret: isWhole
          ? Secret.fromSecretCompleteArn(stack, 'Secret', `${arn}${given}`)
          : Secret.fromSecretPartialArn(stack, 'Secret', `${arn}${given}`),
      }),
    }));
    template.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      PolicyDocument: {
        Statement: [{ Action: 'secretsmanager:GetSecretValue', Effect: 'Allow', Resource: `${arn}${allowed}` }],
      },
    });
  });

  test('by a webhook to whom the caller names', () => {
    const { template } = told(() => ({ webhook: Webhook.toCallers({ timeout: Duration.seconds(3) }) }));
    expect(text(variables(template, 'ApiFunction')[JOBS_ENV.api]).callbacks).toBe(true);
    expect(text(variables(template, 'ApiCompletionsWebhookFunction')[JOBS_ENV.webhook]).timeout).toBe(3);
  });
});

describe('with a payload store', () => {
  const made = () => {
    const stack = new Stack(new App(), 'Stack');
    const queue = new AsyncWorker(stack, 'Invoices', { handler: handler() });
    new AsyncApi(stack, 'Api', { queue, handler: handler(), payloadStore: new PayloadStore(stack, 'Store') });
    return Template.fromStack(stack);
  };

  test('the worker may put results there, the door may fetch them', () => {
    const template = made();
    const of = (prefix: string) =>
      statements(template, prefix)
        .flatMap(({ Action }: any) => Action)
        .filter((action: string) => action.startsWith('s3'));
    expect(of('InvoicesPolicy')).toEqual(['s3:PutObject']);
    expect(of('ApiPolicy')).toEqual(['s3:GetObject', 's3:ListBucket']);
    const spec = text(variables(template, 'InvoicesFunction')[JOBS_ENV.worker]);
    expect(spec.results).toMatchObject({ bucket: expect.stringMatching(/^StoreBucket/), prefix: expect.any(String) });
  });

  test('results must not be gone before their jobs are', () => {
    const stack = new Stack(new App(), 'Stack');
    const queue = new AsyncWorker(stack, 'Invoices', { handler: handler() });
    const payloadStore = new PayloadStore(stack, 'Store');
    const retention = Duration.days(90);
    expect(() => new AsyncApi(stack, 'Api', { queue, handler: handler(), payloadStore, retention })).toThrow(
      'expiration of Stack/Store: got 30 days',
    );
  });
});

describe('a client', () => {
  test('is told and may submit; its grants are in its managed policy', () => {
    const { api, stack, template } = synth();
    const client = new AsyncWorker(stack, 'Client', { handler: handler() });
    api.connectClient(client.function, 'invoices');
    const made = template();
    expect(text(variables(made, 'ClientFunction').ASYNC_JOBS_CLIENT_INVOICES)).toEqual(
      text(variables(made, 'ApiFunction')[JOBS_ENV.api]),
    );
    const actions = statements(made, 'ClientGrants').flatMap(({ Action }: any) => Action);
    expect(actions).toEqual(expect.arrayContaining(['dynamodb:PartiQLInsert', 'dynamodb:GetItem', 'sqs:SendMessage']));
    made.resourceCountIs('AWS::IAM::Policy', 0);
  });
});

describe('before a load-leveling queue', () => {
  const made = (backpressure?: Backpressure) => {
    const stack = new Stack(new App(), 'Stack');
    const queue = new LoadLevelingQueue(stack, 'Mails', {
      handler: handler(),
      pace: Pace.rate(10, Duration.seconds(1)),
      maxReceiveCount: 4,
      backpressure,
    });
    const api = new AsyncApi(stack, 'Api', { queue, handler: handler() });
    const client = new AsyncWorker(stack, 'Client', { handler: handler() });
    api.connectClient(client.function, 'mails');
    return Template.fromStack(stack);
  };
  const specs = (template: Template) => [
    text(variables(template, 'MailsFunction')[JOBS_ENV.worker]),
    text(variables(template, 'ApiFunction')[JOBS_ENV.api]),
    text(variables(template, 'ClientFunction').ASYNC_JOBS_CLIENT_MAILS),
  ];
  /** What somebody may do with the table of the pace. */
  const ofPaces = (template: Template, prefix: string) =>
    statements(template, prefix).filter(({ Resource }: any) => JSON.stringify(Resource).includes('MailsPaceTable'));

  test('its function keeps jobs and a pace, and may write to both tables', () => {
    const template = made();
    expect(variables(template, 'MailsFunction')).toMatchObject({
      [JOBS_ENV.worker]: expect.anything(),
      [PACE_ENV.spec]: expect.anything(),
    });
    const actions = statements(template, 'MailsPolicy').flatMap(({ Action }: any) => Action);
    expect(actions).toEqual(expect.arrayContaining(['dynamodb:PartiQLUpdate', 'dynamodb:GetItem']));
    expect(ofPaces(template, 'MailsPolicy')).toHaveLength(1);
    // Neither waiting nor what the runtime ends itself is left to the count of SQS.
    expect(find(template, 'AWS::SQS::Queue', 'MailsQueue').RedrivePolicy.maxReceiveCount).toBe(1000);
  });

  test('with backpressure the door and its clients see the backlog, and read no other row', () => {
    const template = made(Backpressure.timeToDrain(Duration.minutes(2)));
    for (const { queue } of specs(template)) {
      expect(queue.backpressure).toEqual({ table: expect.stringMatching(/^MailsPaceTable/), limit: 120 });
    }
    for (const prefix of ['ApiPolicy', 'ClientGrants']) {
      expect(ofPaces(template, prefix)).toEqual([
        {
          Effect: 'Allow',
          Action: 'dynamodb:GetItem',
          Resource: expect.anything(),
          Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['pace'] } },
        },
      ]);
    }
  });

  test('without it they see nothing of that', () => {
    const template = made();
    for (const { queue } of specs(template)) expect(queue).not.toHaveProperty('backpressure');
    for (const prefix of ['ApiPolicy', 'ClientGrants']) expect(ofPaces(template, prefix)).toEqual([]);
  });

  test('with idempotency it is refused', () => {
    const stack = new Stack(new App(), 'Stack');
    const queue = new LoadLevelingQueue(stack, 'Mails', {
      handler: handler(),
      pace: Pace.rate(10, Duration.seconds(1)),
      idempotency: Idempotency.table(),
    });
    expect(() => new AsyncApi(stack, 'Api', { queue, handler: handler() })).toThrow('a worker with idempotency');
  });
});

describe('is refused', () => {
  const bad: [string, Partial<AsyncApiProps>, string][] = [
    ['a life too short', { maxAge: Duration.seconds(59) }, 'maxAge: got 59 s'],
    ['a life longer than the queue’s memory', { maxAge: Duration.days(5) }, 'the queue keeps messages for 4 days'],
    ['part of a second', { maxAge: Duration.millis(90_500) }, 'maxAge: got 90.5 s'],
    ['no retention', { retention: Duration.seconds(0) }, 'retention: got 0 s'],
    ['a body that SQS does not take', { maxBodySize: Size.mebibytes(1) }, 'maxBodySize in bytes: got 1048576'],
    ['no rate', { rateLimit: 0 }, 'rateLimit: got 0'],
    ['half a burst', { burstLimit: 1.5 }, 'burstLimit: got 1.5'],
    ['little memory', { memorySize: 64 }, 'memorySize: got 64'],
  ];
  test.each(bad)('%s', (_, props, message) => {
    expect(() => synth(props)).toThrow(message);
  });

  const workers: [string, Partial<AsyncWorkerProps>, string][] = [
    ['a FIFO queue', { fifo: true }, 'got a FIFO queue'],
    ['a worker with idempotency', { idempotency: Idempotency.table() }, 'callers send an Idempotency-Key'],
  ];
  test.each(workers)('%s', (_, props, message) => {
    expect(() => synth({}, props)).toThrow(message);
  });

  test('a second API for one worker', () => {
    const { queue, stack } = synth();
    expect(() => new AsyncApi(stack, 'Other', { queue, handler: handler() })).toThrow('the worker of Stack/Api');
  });

  test('a worker of another stack', () => {
    const app = new App();
    const queue = new AsyncWorker(new Stack(app, 'One'), 'Invoices', { handler: handler() });
    expect(() => new AsyncApi(new Stack(app, 'Two'), 'Api', { queue, handler: handler() })).toThrow('of another stack');
  });

  test('a door without our code', () => {
    const fn = lambda.Function.fromFunctionName(new Stack(), 'Fn', 'name');
    expect(() => synth({ handler: Handler.fromFunction(fn) })).toThrow('expected Handler.fromEntry');
  });

  test.each(['http://hooks.example/', 'hooks.example', `https://hooks.example/${'x'.repeat(2_000)}`])(
    'the webhook %s',
    (url) => {
      expect(() => Webhook.to(url)).toThrow('expected an https URL');
    },
  );

  test.each([0, 26, 1.5])('a webhook that waits for %p s', (seconds) => {
    expect(() => Webhook.toCallers({ timeout: Duration.millis(seconds * 1000) })).toThrow('timeout of the webhook');
  });

  test('Cognito without a pool', () => {
    expect(() => ApiAuthorization.cognito([])).toThrow('got none');
  });
});

test('tokens pass', () => {
  const stack = new Stack(new App(), 'Stack');
  const number = new CfnParameter(stack, 'Number', { type: 'Number' }).valueAsNumber;
  const queue = new AsyncWorker(stack, 'Invoices', { handler: handler() });
  const api = new AsyncApi(stack, 'Api', { queue, handler: handler(), rateLimit: number, burstLimit: number });
  expect(() => Template.fromStack(Stack.of(api))).not.toThrow();
});

test('a worker with an imported function is told of its variable', () => {
  const stack = new Stack(new App(), 'Stack');
  const fn = lambda.Function.fromFunctionName(stack, 'Fn', 'name');
  const queue = new AsyncWorker(stack, 'Invoices', { handler: Handler.fromFunction(fn), timeout: Duration.seconds(5) });
  new AsyncApi(stack, 'Api', { queue, handler: handler() });
  Annotations.fromStack(stack).hasWarning('/Stack/Invoices', Match.stringLikeRegexp('ASYNC_JOBS'));
});

test('a key of the user’s is on everything', () => {
  const stack = new Stack(new App(), 'Stack');
  const encryptionKey = new kms.Key(stack, 'Key');
  const alarmTopic = new sns.Topic(stack, 'Alarms');
  const queue = new AsyncWorker(stack, 'Invoices', { handler: handler(), encryptionKey });
  new AsyncApi(stack, 'Api', { queue, handler: handler(), webhook: Webhook.toCallers(), encryptionKey, alarmTopic });
  const template = Template.fromStack(stack);
  for (const type of [
    'AWS::SecretsManager::Secret',
    'AWS::Logs::LogGroup',
    'AWS::SQS::Queue',
    'AWS::Lambda::Function',
  ]) {
    for (const [id, { Properties }] of Object.entries(template.findResources(type))) {
      expect([id, JSON.stringify(Properties).includes('"Key')]).toEqual([id, true]);
    }
  }
  for (const { Properties } of Object.values(
    template.findResources('AWS::CloudWatch::Alarm', { Properties: { AlarmActions: Match.anyValue() } }),
  )) {
    expect(Properties.AlarmDescription).toContain('Runbook:');
  }
});

test('the template is the same as ever', () => {
  const stack = new Stack(new App(), 'Stack');
  const queue = new AsyncWorker(stack, 'Invoices', { handler: handler() });
  new AsyncApi(stack, 'Api', {
    queue,
    handler: handler(),
    completions: new FanOutTopic(stack, 'Ended'),
    webhook: Webhook.toCallers(),
  });
  expect(maskAssets(Template.fromStack(stack).toJSON())).toMatchSnapshot();
});
