import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
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
} from '../../lib';

const handler = () => Handler.fromEntry(join(__dirname, '..', 'fixtures', 'handler.ts'));

/** What is shared by the constructs of a stack, and is made when it is asked for. */
class World {
  readonly stack = new Stack(new App(), 'Stack');
  readonly encryptionKey = new Key(this.stack, 'Key');
  readonly alarmTopic = new Topic(this.stack, 'Alarms', { masterKey: this.encryptionKey });
  readonly opted = { encryptionKey: this.encryptionKey, alarmTopic: this.alarmTopic };

  fn(): lambda.Function {
    return new lambda.Function(this.stack, 'Function', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => {}'),
    });
  }
}

/** Each construct with everything that it can make. */
const FULLEST: Record<string, (world: World) => void> = {
  AsyncApi: (world) => {
    const { stack, opted } = world;
    const api = new AsyncApi(stack, 'It', {
      queue: new AsyncWorker(stack, 'Worker', { handler: handler() }),
      handler: handler(),
      completions: new FanOutTopic(stack, 'Ended'),
      webhook: Webhook.toCallers(),
      payloadStore: new PayloadStore(stack, 'Payloads'),
      cloudWatchRole: true,
      ...opted,
    });
    api.connectClient(world.fn(), 'it');
  },
  AsyncDashboard: ({ stack }) => {
    new AsyncWorker(stack, 'Worker', { handler: handler() });
    new AsyncDashboard(stack, 'It');
  },
  AsyncFunction: (world) => {
    const { stack, opted } = world;
    const payloadStore = new PayloadStore(stack, 'Payloads');
    const onSuccess = AsyncDestination.queue(new Queue(stack, 'Given'));
    const fn = new AsyncFunction(stack, 'It', { handler: handler(), onSuccess, payloadStore, ...opted });
    fn.connectInvoker(world.fn(), 'it');
  },
  'AsyncFunction, failing elsewhere': (world) => {
    const { stack } = world;
    new AsyncFunction(stack, 'It', {
      handler: handler(),
      onFailure: AsyncDestination.topic(new Topic(stack, 'Given')),
    });
    new AsyncFunction(stack, 'Other', { handler: handler(), onFailure: AsyncDestination.function(world.fn()) });
  },
  'AsyncApi, with a webhook of its own': ({ stack }) => {
    new AsyncApi(stack, 'It', {
      queue: new LoadLevelingQueue(stack, 'Queue', {
        handler: handler(),
        pace: Pace.concurrency(4),
        backpressure: Backpressure.timeToDrain(Duration.minutes(10)),
      }),
      handler: handler(),
      webhook: Webhook.to('https://example.org/ended'),
    });
  },
  AsyncWorker: ({ stack, opted }) => {
    const payloadStore = new PayloadStore(stack, 'Payloads');
    const idempotency = Idempotency.table({ leaseDuration: Duration.minutes(1) });
    const circuitBreaker = new CircuitBreaker(stack, 'Breaker');
    const worker = new AsyncWorker(stack, 'It', {
      handler: handler(),
      ...opted,
      idempotency,
      circuitBreaker,
      payloadStore,
      maxConcurrency: 5,
    });
    worker.connectProducer(worker.function, 'it', { schedules: true });
  },
  'AsyncWorker, FIFO': ({ stack, opted }) => {
    const worker = new AsyncWorker(stack, 'It', { handler: handler(), fifo: true, ...opted });
    worker.connectProducer(worker.function, 'it', { schedules: true });
  },
  CircuitBreaker: ({ stack, opted }) => {
    const circuitBreaker = new CircuitBreaker(stack, 'It', opted);
    new AsyncWorker(stack, 'Worker', { handler: handler(), circuitBreaker, maxConcurrency: 7 });
  },
  EventLog: (world) => {
    const log = new EventLog(world.stack, 'It', world.opted);
    log.addWorker('Worker', { handler: handler(), types: ['OrderPlaced'] });
    log.connectWriter(world.fn(), 'it');
  },
  'EventLog, read and replayed': (world) => {
    const log = new EventLog(world.stack, 'It');
    const { function: reader } = log.addWorker('Worker', { handler: handler() });
    log.connectReader(reader, 'it');
    log.connectReplayer(world.fn(), 'it');
  },
  FanOutTopic: (world) => {
    const { stack, opted } = world;
    const payloadStore = new PayloadStore(stack, 'Payloads', { expiration: Duration.days(60) });
    const topic = new FanOutTopic(stack, 'It', { fifo: true, archive: Duration.days(30), payloadStore, ...opted });
    topic.addWorker('Ordered', { handler: handler(), rawMessageDelivery: false });
    topic.addWorker('Unordered', { handler: handler(), unordered: true });
    topic.addQueue(new Queue(stack, 'Given', { fifo: true, encryptionMasterKey: world.encryptionKey }));
    topic.connectPublisher(world.fn(), 'it');
  },
  'FanOutTopic, standard': (world) => {
    const topic = new FanOutTopic(world.stack, 'It');
    topic.addWorker('Worker', { handler: handler() });
    topic.addFunction(world.fn());
  },
  LoadLevelingQueue: (world) => {
    const { stack, opted } = world;
    const queue = new LoadLevelingQueue(stack, 'It', {
      handler: handler(),
      ...opted,
      pace: Pace.rate(100, Duration.seconds(1)),
      backpressure: Backpressure.timeToDrain(Duration.minutes(10)),
      schedule: [{ at: ScheduleExpression.cron({ hour: '3', minute: '0' }), pace: Pace.closed() }],
      idempotency: Idempotency.table(),
      payloadStore: new PayloadStore(stack, 'Payloads'),
    });
    queue.connectProducer(world.fn(), 'it');
  },
  'LoadLevelingQueue, per tenant': ({ stack }) => {
    const pace = Pace.rate(5, Duration.seconds(1), { perTenant: true });
    new LoadLevelingQueue(stack, 'It', { handler: handler(), pace });
  },
  PayloadStore: ({ stack, encryptionKey }) => {
    new PayloadStore(stack, 'It', { encryptionKey });
  },
  StreamWorker: ({ stack, opted }) => {
    const source = StreamSource.kinesis(new Stream(stack, 'Given'));
    new StreamWorker(stack, 'It', { handler: handler(), source, ...opted });
  },
  'StreamWorker, of a table': ({ stack }) => {
    const table = new Table(stack, 'Given', {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      stream: StreamViewType.NEW_IMAGE,
    });
    const tumblingWindow = Duration.minutes(1);
    new StreamWorker(stack, 'It', { handler: handler(), source: StreamSource.dynamodb(table), tumblingWindow });
  },
  'StreamWorker, of Kafka': ({ stack }) => {
    const source = StreamSource.msk('arn:aws:kafka:eu-west-1:123456789012:cluster/c/1', 'orders');
    new StreamWorker(stack, 'It', { handler: handler(), source });
  },
};

export const fullest = (): [string, Stack][] =>
  Object.entries(FULLEST).map(([name, make]) => {
    const world = new World();
    make(world);
    return [name, world.stack];
  });
