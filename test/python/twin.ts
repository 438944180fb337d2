// What app.py says, in TypeScript.
import { App, Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import {
  ApiAuthorization,
  AsyncApi,
  AsyncDashboard,
  AsyncDestination,
  AsyncFunction,
  AsyncWorker,
  Backoff,
  Backpressure,
  CircuitBreaker,
  EventLog,
  FanOutTopic,
  Handler,
  Idempotency,
  KafkaAuthentication,
  LoadLevelingQueue,
  MessageFilter,
  MessageMatch,
  Pace,
  PayloadStore,
  StreamSource,
  StreamWorker,
  Webhook,
} from 'cdk-async-patterns';

const ORDERS = 'test/python/handlers/orders.ts';
const CHARGES = 'test/python/handlers/charges.ts';
const CLICKS = 'test/python/handlers/clicks.ts';
const CLUSTER = 'arn:aws:kafka:us-east-1:123456789012:cluster/events/9c8ad5a3-2f5d-4e0b-8f7e-1c2d3e4f5a6b-2';
const THUMBNAILS = 'test/python/handlers/thumbnails.ts';

const app = new App({ outdir: process.env.CDK_OUTDIR, analyticsReporting: false });
const stack = new Stack(app, 'Stack');
const key = new Key(stack, 'Key', { enableKeyRotation: true, removalPolicy: RemovalPolicy.DESTROY });
const alarmTopic = new Topic(stack, 'Alarms', { enforceSSL: true, masterKey: key });
const api = new lambda.Function(stack, 'Api', {
  runtime: lambda.Runtime.NODEJS_24_X,
  handler: 'index.handler',
  code: lambda.Code.fromInline('exports.handler = async () => {}'),
});

const payloadStore = new PayloadStore(stack, 'Payloads', {
  threshold: Size.kibibytes(128),
  expiration: Duration.days(60),
  encryptionKey: key,
});

const breaker = new CircuitBreaker(stack, 'Breaker', {
  failureRatio: 0.25,
  minimumCalls: 20,
  window: Duration.minutes(2),
  coolDown: Duration.seconds(30),
  alarmTopic,
});

const orders = new AsyncWorker(stack, 'Orders', {
  handler: Handler.fromEntry(ORDERS),
  timeout: Duration.seconds(20),
  memorySize: 512,
  batchSize: 100,
  maxBatchingWindow: Duration.seconds(2),
  maxConcurrency: 5,
  maxReceiveCount: 8,
  backoff: Backoff.exponential({ initial: Duration.seconds(2), max: Duration.minutes(1), factor: 3 }),
  payloadStore,
  encryptionKey: key,
  alarmTopic,
  environment: { STAGE: 'test' },
});
orders.connectProducer(api, 'orders', { schedules: true });
orders.grantSendMessages(api);
new Alarm(stack, 'ManyRetries', {
  metric: orders.metricRetried({ period: Duration.minutes(1) }),
  threshold: 100,
  evaluationPeriods: 1,
});

const charges = new AsyncWorker(stack, 'Charges', {
  handler: Handler.fromEntry(CHARGES, { minify: true, architecture: lambda.Architecture.X86_64 }),
  fifo: true,
  backoff: Backoff.constant(Duration.seconds(7)),
  idempotency: Idempotency.table({ retention: Duration.days(10), leaseDuration: Duration.minutes(1) }),
  circuitBreaker: breaker,
});
orders.connectProducer(charges.function, 'orders');

const events = new FanOutTopic(stack, 'Events', {
  fifo: true,
  archive: Duration.days(30),
  payloadStore,
  encryptionKey: key,
  alarmTopic,
});
events.addWorker('Billing', { handler: Handler.fromEntry(ORDERS), rawMessageDelivery: false });
events.addWorker('Audit', {
  handler: Handler.fromEntry(ORDERS),
  unordered: true,
  filter: MessageFilter.body({
    customer: MessageMatch.nested({ country: MessageMatch.strings('CH', 'DE') }),
    amount: MessageMatch.numeric({ greaterThan: 100, lessThanOrEqualTo: 1000 }),
  }),
  replayFrom: new Date('2026-11-01T00:00:00Z'),
});
events.addQueue(new Queue(stack, 'Given', { fifo: true, enforceSSL: true, encryptionMasterKey: key }));
events.connectPublisher(api, 'events');

const notices = new FanOutTopic(stack, 'Notices');
notices.addFunction(api, {
  filter: MessageFilter.attributes({ kind: MessageMatch.anyOf(MessageMatch.prefix('order.'), MessageMatch.absent()) }),
});

const mails = new LoadLevelingQueue(stack, 'Mails', {
  handler: Handler.fromEntry(ORDERS),
  pace: Pace.rate(100, Duration.seconds(1)),
  backpressure: Backpressure.timeToDrain(Duration.minutes(10)),
  schedule: [{ at: ScheduleExpression.cron({ hour: '3', minute: '0' }), pace: Pace.closed() }],
});
mails.connectProducer(api, 'mails');

const thumbnails = new AsyncFunction(stack, 'Thumbnails', {
  handler: Handler.fromEntry(THUMBNAILS),
  onSuccess: AsyncDestination.worker(orders),
  retryAttempts: 1,
  maxEventAge: Duration.hours(1),
});
thumbnails.connectInvoker(api, 'thumbnails');

new StreamWorker(stack, 'Clicks', {
  source: StreamSource.kinesis(new Stream(stack, 'ClickStream')),
  handler: Handler.fromEntry(CLICKS),
  batchSize: 50,
  parallelizationFactor: 2,
  filters: [lambda.FilterCriteria.filter({ data: { kind: lambda.FilterRule.isEqual('click') } })],
});
new StreamWorker(stack, 'Payments', {
  source: StreamSource.msk(CLUSTER, 'payments', { authentication: KafkaAuthentication.iam() }),
  handler: Handler.fromEntry(CLICKS),
});

const log = new EventLog(stack, 'Log', { removalPolicy: RemovalPolicy.DESTROY, encryptionKey: key, alarmTopic });
log.addWorker('Placed', { handler: Handler.fromEntry(ORDERS), types: ['OrderPlaced'] });
log.connectWriter(api, 'log');

const ended = new FanOutTopic(stack, 'Ended');
const invoices = new AsyncWorker(stack, 'Invoices', { handler: Handler.fromEntry(ORDERS) });
const jobs = new AsyncApi(stack, 'Jobs', {
  queue: invoices,
  handler: Handler.fromEntry(ORDERS),
  authorization: ApiAuthorization.lambda(api),
  maxAge: Duration.hours(2),
  maxBodySize: Size.kibibytes(64),
  completions: ended,
  webhook: Webhook.toCallers({ timeout: Duration.seconds(5) }),
});
jobs.connectClient(thumbnails.function, 'jobs');

new AsyncDashboard(stack, 'Dashboard');

app.synth();
