// Two ways to use a worker that the reference app does not show: nothing given, and everything that the rules ask for.
import { join } from 'node:path';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import {
  AsyncApi,
  AsyncDashboard,
  AsyncDestination,
  AsyncFunction,
  AsyncWorker,
  Backpressure,
  CircuitBreaker,
  EventLog,
  FanOutTopic,
  Handler,
  Idempotency,
  LoadLevelingQueue,
  Pace,
  PayloadStore,
  StreamSource,
  StreamWorker,
  Webhook,
} from 'cdk-async-patterns';

const handler = () => Handler.fromEntry(join(__dirname, 'handler.ts'));

/** Imported, so that only what is ours is scanned. */
const sources = (stack: Stack): Record<'Clicks' | 'Changes' | 'Kafka', StreamSource> => ({
  Clicks: StreamSource.kinesis(
    Stream.fromStreamArn(stack, 'Stream', 'arn:aws:kinesis:us-east-1:123456789012:stream/clicks'),
  ),
  Changes: StreamSource.dynamodb(
    Table.fromTableAttributes(stack, 'Table', {
      tableArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/items',
      tableStreamArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/items/stream/2026-01-01T00:00:00.000',
    }),
  ),
  Kafka: StreamSource.msk(
    'arn:aws:kafka:us-east-1:123456789012:cluster/events/9c8ad5a3-2f5d-4e0b-8f7e-1c2d3e4f5a6b-2',
    'orders',
  ),
});

const defaults = (app: App): void => {
  const stack = new Stack(app, 'Defaults');
  new AsyncWorker(stack, 'Standard', { handler: handler() });
  new AsyncWorker(stack, 'Fifo', { handler: handler(), fifo: true });
  new AsyncWorker(stack, 'Idempotent', { handler: handler(), idempotency: Idempotency.table() });
  new AsyncWorker(stack, 'Guarded', { handler: handler(), circuitBreaker: new CircuitBreaker(stack, 'Breaker') });
  const events = new FanOutTopic(stack, 'Events');
  events.addWorker('Subscriber', { handler: handler() });
  events.addQueue(new AsyncWorker(stack, 'Given', { handler: handler() }).queue);
  new FanOutTopic(stack, 'OrderedEvents', { fifo: true }).addWorker('FifoSubscriber', {
    handler: handler(),
    fifo: true,
  });
  new AsyncFunction(stack, 'Async', { handler: handler() });
  for (const [id, source] of Object.entries(sources(stack)))
    new StreamWorker(stack, id, { source, handler: handler() });
  const log = new EventLog(stack, 'Log');
  log.connectWriter(log.addWorker('Projection', { handler: handler() }).function);
  large(stack, {});
  new LoadLevelingQueue(stack, 'Paced', { handler: handler(), pace: Pace.concurrency(5) });
  jobs(stack, {});
  new AsyncApi(stack, 'PacedJobs', {
    queue: new LoadLevelingQueue(stack, 'PacedJobsQueue', {
      handler: handler(),
      pace: Pace.rate(10, Duration.seconds(1)),
      backpressure: Backpressure.timeToDrain(Duration.minutes(1)),
    }),
    handler: handler(),
  });
  new AsyncDashboard(stack, 'Dashboard');
};

/** Whatever is sent, large or later. */
const large = (
  stack: Stack,
  props: { encryptionKey?: Key; alarmTopic?: Topic; reservedConcurrentExecutions?: number },
) => {
  const { encryptionKey, alarmTopic } = props;
  const payloadStore = new PayloadStore(stack, 'PayloadStore', { encryptionKey });
  const topic = new FanOutTopic(stack, 'LargeEvents', { payloadStore, encryptionKey, alarmTopic });
  const worker = topic.addWorker('Subscriber', { handler: handler(), ...props, rawMessageDelivery: false });
  const later = new AsyncWorker(stack, 'FifoLater', { handler: handler(), fifo: true, payloadStore, ...props });
  later.connectProducer(worker.function, 'later', { schedules: true });
  topic.connectPublisher(later.function, 'events');
};

/** Jobs behind an API, told of in every way. */
const jobs = (
  stack: Stack,
  props: { encryptionKey?: Key; alarmTopic?: Topic; reservedConcurrentExecutions?: number },
) => {
  const { encryptionKey, alarmTopic, reservedConcurrentExecutions } = props;
  const completions = new FanOutTopic(stack, 'JobsEnded', { encryptionKey, alarmTopic });
  const api = new AsyncApi(stack, 'Jobs', {
    queue: new AsyncWorker(stack, 'JobsWorker', { handler: handler(), ...props }),
    handler: handler(),
    completions,
    webhook: Webhook.toCallers(),
    payloadStore: new PayloadStore(stack, 'JobsResults', { encryptionKey }),
    encryptionKey,
    alarmTopic,
  });
  const client = new AsyncWorker(stack, 'JobsClient', {
    handler: handler(),
    encryptionKey,
    alarmTopic,
    reservedConcurrentExecutions,
  });
  api.connectClient(client.function);
  api.grantInvoke(client);
};

const optIn = (app: App): void => {
  const stack = new Stack(app, 'OptIn');
  const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
  const alarmTopic = new Topic(stack, 'Alarms', { enforceSSL: true, masterKey: encryptionKey });
  const everything = { encryptionKey, alarmTopic, reservedConcurrentExecutions: 10 };
  new AsyncWorker(stack, 'Standard', { handler: handler(), ...everything });
  new AsyncWorker(stack, 'Fifo', { handler: handler(), fifo: true, ...everything });
  new AsyncWorker(stack, 'Idempotent', { handler: handler(), idempotency: Idempotency.table(), ...everything });
  const circuitBreaker = new CircuitBreaker(stack, 'Breaker', { encryptionKey, alarmTopic });
  new AsyncWorker(stack, 'Guarded', { handler: handler(), circuitBreaker, ...everything });
  const events = new FanOutTopic(stack, 'Events', { encryptionKey, alarmTopic });
  events.addWorker('Subscriber', { handler: handler(), reservedConcurrentExecutions: 10 });
  new AsyncFunction(stack, 'Async', { handler: handler(), onSuccess: AsyncDestination.fanOut(events), ...everything });
  const log = new EventLog(stack, 'Log', { encryptionKey, alarmTopic });
  const projection = log.addWorker('Projection', { handler: handler(), reservedConcurrentExecutions: 10 });
  log.connectWriter(projection.function);
  log.connectReplayer(projection.function);
  large(stack, everything);
  const paced = new LoadLevelingQueue(stack, 'Paced', {
    handler: handler(),
    pace: Pace.rate(100, Duration.seconds(1)),
    backpressure: Backpressure.timeToDrain(Duration.minutes(10)),
    schedule: [{ at: ScheduleExpression.cron({ hour: '3', minute: '0' }), pace: Pace.closed() }],
    ...everything,
  });
  paced.connectProducer(new AsyncWorker(stack, 'Producing', { handler: handler(), ...everything }).function);
  for (const [id, source] of Object.entries(sources(stack))) {
    new StreamWorker(stack, id, { source, handler: handler(), ...everything });
  }
  jobs(stack, everything);
  new AsyncApi(stack, 'PacedJobs', { queue: paced, handler: handler(), encryptionKey, alarmTopic });
  new AsyncDashboard(stack, 'Dashboard', { dashboardName: 'opt-in' });
};

/** Under the flags of the environment, as the CLI hands them over. */
export const synthVariants = (outdir: string): void => {
  const app = new App({
    outdir,
    analyticsReporting: false,
    builtinCloudFormationValidation: false,
  });
  defaults(app);
  optIn(app);
  app.synth();
};
