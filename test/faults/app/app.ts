import { App, CfnOutput, Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import type { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import {
  AsyncApi,
  AsyncFunction,
  AsyncWorker,
  Backoff,
  CircuitBreaker,
  EventLog,
  FanOutTopic,
  Handler,
  Idempotency,
  LoadLevelingQueue,
  MessageFilter,
  MessageMatch,
  Pace,
  PayloadStore,
  StreamSource,
  StreamWorker,
} from 'cdk-async-patterns';

const { EFFECTS_URL, FUNCTION_TIMEOUT, MAX_CONCURRENCY } = process.env;
if (EFFECTS_URL === undefined || FUNCTION_TIMEOUT === undefined || MAX_CONCURRENCY === undefined) {
  throw new Error('EFFECTS_URL, FUNCTION_TIMEOUT, MAX_CONCURRENCY: expected what the run sets');
}
const timeout = Duration.seconds(Number(FUNCTION_TIMEOUT));

/** Every pattern, with the limits that somebody would set who knows that a third of all calls goes wrong. */
const stack = new Stack(new App(), 'Faults');
const entry = (file: string, exportName?: string) =>
  Handler.fromEntry(`test/faults/app/${file}.ts`, exportName === undefined ? {} : { exportName });
const environment = { EFFECTS_URL };
/** So high that faults alone do not spend it: the report tells how far they came. */
const maxReceiveCount = 15;
const backoff = Backoff.exponential({ initial: Duration.seconds(1), max: Duration.seconds(3) });
const patient = { timeout, maxReceiveCount, backoff, environment };
// What a dead process had in hand comes back soon.
const worker = { ...patient, visibilityTimeout: Duration.seconds(2 * Number(FUNCTION_TIMEOUT)) };
const idempotency = Idempotency.table({ leaseDuration: timeout.plus(Duration.seconds(1)) });

const provider = new CircuitBreaker(stack, 'Provider', {
  minimumCalls: 10,
  window: Duration.seconds(30),
  coolDown: Duration.seconds(5),
  maxCoolDown: Duration.seconds(10),
});
const charges = new AsyncWorker(stack, 'Charges', {
  ...worker,
  handler: entry('once', 'charges'),
  idempotency,
  circuitBreaker: provider,
  maxConcurrency: Number(MAX_CONCURRENCY),
});
const steps = new AsyncWorker(stack, 'Steps', { ...worker, handler: entry('handlers', 'steps'), fifo: true });
const payloadStore = new PayloadStore(stack, 'Payloads', { threshold: Size.bytes(2_000) });
const documents = new AsyncWorker(stack, 'Documents', {
  ...worker,
  handler: entry('handlers', 'documents'),
  payloadStore,
  maxConcurrency: 2,
});
const mails = new LoadLevelingQueue(stack, 'Mails', {
  ...patient,
  timeout: Duration.seconds(Math.ceil(Number(FUNCTION_TIMEOUT) / 2)),
  handler: entry('handlers', 'mails'),
  pace: Pace.rate(50, Duration.seconds(1)),
  batchSize: 10,
  maxConcurrency: 2,
});
const renders = new AsyncWorker(stack, 'Renders', {
  ...worker,
  handler: entry('handlers', 'renders'),
  maxConcurrency: 2,
});
const api = new AsyncApi(stack, 'Api', {
  queue: renders,
  handler: entry('door'),
  rateLimit: 10_000,
  burstLimit: 10_000,
});

const events = new FanOutTopic(stack, 'Events');
const billing = events.addWorker('Billing', {
  ...worker,
  handler: entry('once', 'billing'),
  idempotency,
  maxConcurrency: 2,
});
const audit = events.addWorker('Audit', {
  ...worker,
  handler: entry('handlers', 'audit'),
  filter: MessageFilter.attributes({ size: MessageMatch.strings('large') }),
  maxConcurrency: 2,
});
const orders = new AsyncWorker(stack, 'Orders', { ...worker, handler: entry('orders'), maxConcurrency: 3 });
events.connectPublisher(orders.function, 'events');

const log = new EventLog(stack, 'Log', { removalPolicy: RemovalPolicy.DESTROY });
const accounts = new AsyncWorker(stack, 'Accounts', {
  ...worker,
  handler: entry('accounts', 'commands'),
  maxConcurrency: 2,
});
log.connectWriter(accounts.function, 'log');
const sums = new Table(stack, 'Sums', {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
});
const balances = log.addWorker('Balances', {
  ...worker,
  handler: entry('accounts', 'projection'),
  environment: { ...environment, SUMS_TABLE: sums.tableName },
});
log.connectReader(balances.function, 'log');
sums.grant(balances, 'dynamodb:GetItem', 'dynamodb:PutItem');

const stream = new Stream(stack, 'ClicksStream', { shardCount: 2 });
const clicks = new StreamWorker(stack, 'Clicks', {
  source: StreamSource.kinesis(stream),
  handler: entry('handlers', 'clicks'),
  batchSize: 50,
  timeout,
  environment,
});
const thumbnails = new AsyncFunction(stack, 'Thumbnails', {
  handler: entry('handlers', 'thumbnails'),
  payloadStore,
  retryAttempts: 2,
  timeout,
  environment,
});

// The local target takes no partial batches of streams: what feeds these is run beside it, as Lambda does.
for (const scope of [clicks, log]) {
  for (const { node } of scope.node.findAll()) {
    const mapping = node.defaultChild as CfnEventSourceMapping | undefined;
    if (mapping?.cfnResourceType === 'AWS::Lambda::EventSourceMapping' && mapping.startingPosition)
      mapping.enabled = false;
  }
}

const outputs: Record<string, string> = {
  DocumentsPrefix: payloadStore.prefixFor(documents),
  PayloadBucket: payloadStore.bucket.bucketName,
  EventsArn: events.topic.topicArn,
  ApiId: api.restApi.restApiId,
  JobsTable: api.table.tableName,
  LogTable: log.table.tableName,
  LogArchive: log.archive.bucketName,
  LogStreamArn: log.table.tableStreamArn!,
  OutboxFunction: log.outbox.functionName,
  ArchiverFunction: log.archiver.functionName,
  SumsTable: sums.tableName,
  ClicksStream: stream.streamName,
  ClicksFunction: clicks.function.functionName,
  ThumbnailsFunction: thumbnails.function.functionName,
  ThumbnailsPrefix: payloadStore.prefixFor(thumbnails),
  ProviderController: provider.controller.functionName,
};
const workers = { charges, steps, documents, mails, renders, billing, audit, orders, accounts, balances };
for (const [name, { queue, deadLetterQueue }] of Object.entries(workers)) {
  outputs[`${name}Queue`] = queue.queueUrl;
  outputs[`${name}DeadLetters`] = deadLetterQueue.queueUrl;
}
outputs.clicksDeadLetters = clicks.deadLetterQueue.queueUrl;
outputs.thumbnailsDeadLetters = thumbnails.deadLetterQueue!.queueUrl;
for (const [name, value] of Object.entries(outputs))
  new CfnOutput(stack, `${name}Output`, { value }).overrideLogicalId(name);
