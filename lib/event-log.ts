import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AsyncWorker, AsyncWorkerProps } from './async-worker';
import { FanOutTopic } from './fan-out-topic';
import { MessageFilter, MessageMatch } from './message-filter';
import { EVENT_ATTRIBUTE, EVENT_LOG_ENV, EVENT_LOG_METRIC } from './private/contract';
import { shows } from './private/dashboard/view';
import { logView } from './private/dashboard/views';
import { EventLogAlarms } from './private/event-log/alarms';
import { grantOn, LogConnections } from './private/event-log/connections';
import { Feed } from './private/event-log/feeds';
import { LogReplayer } from './private/event-log/replayer';
import { type Subscriber, subscriberRefusals, topicRefusals } from './private/event-log/rules';
import { APPEND, archiverStatements, outboxStatements, READ } from './private/event-log/statements';
import { archiveBucket, eventTable, missedQueue, replayTable, snapshotTable } from './private/event-log/storage';
import { inventory } from './private/inventory';
import { eventLogMetric } from './private/metrics';
import { InvalidInput } from './private/problem';

/** Properties of an `EventLog`. */
export interface EventLogProps {
  /**
   * Where every event is published once it is appended. FIFO.
   * @default - a topic of its own
   */
  readonly topic?: FanOutTopic;

  /**
   * Where events are archived, below `events/`: give one with an object lock or replication, for instance.
   * @default - a bucket of its own: versioned, encrypted, private, TLS only
   */
  readonly archive?: s3.IBucket;

  /**
   * What becomes of the events when the stack goes. With DESTROY the table is not protected against deletion either; the
   * bucket goes only when it is empty.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;

  /**
   * Customer-managed key for the tables, the bucket, the topic, the queues, the log groups and the functions' environment.
   * @default - AWS-owned keys, SQS-managed and S3-managed encryption; SNS encrypts no topic by itself
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Who hears of alarms, the workers' included.
   * @default - the alarms exist and notify nobody
   */
  readonly alarmTopic?: sns.ITopic;
}

/** A worker that gets the events of a log. */
export interface EventLogWorkerProps extends AsyncWorkerProps {
  /**
   * The only types of events that it gets, also when they are replayed.
   * @default - all
   */
  readonly types?: string[];
}

/**
 * An immutable log of what happened. Events are appended to streams, one for each aggregate, each version once; state is
 * rebuilt from them; every one is published to whoever subscribes, in the order of its stream, and can be delivered again to
 * one subscriber. Write and read it with `eventLog` of `cdk-async-patterns/runtime`.
 *
 * @example
 * const orders = new EventLog(this, 'OrderLog');
 * orders.connectWriter(api);
 * const totals = orders.addWorker('Totals', { handler: Handler.fromEntry('lambda/totals.ts') });
 * orders.connectReader(totals.function);
 */
export class EventLog extends Construct {
  /** The events: a stream is a partition (`pk`), a version a row (`sk`). */
  public readonly table: dynamodb.Table;
  /** A cache of aggregates. What is in it may be deleted at any time. */
  public readonly snapshotTable: dynamodb.Table;
  /** Replays, and how far they are. */
  public readonly replayTable: dynamodb.Table;
  /** Every event, below `events/` by the hour, in JSON lines. */
  public readonly archive: s3.IBucket;
  /** Where every event is published. */
  public readonly topic: FanOutTopic;
  /** What publishes, from the table's stream. */
  public readonly outbox: lambda.Function;
  /** What archives, from the table's stream. */
  public readonly archiver: lambda.Function;
  /**
   * What replays. Let operators invoke it with `replayer.grantInvoke`: `{ "action": "replay", "subscriber": "Totals" }` with
   * `from`, `to`, `types` and `rate`; `list`; `status` or `cancel` with an `id`.
   */
  public readonly replayer: lambda.Function;
  /** Says which part of the table's stream was not published or not archived within 24 hours. Kept for 14 days. */
  public readonly deadLetterQueue: sqs.Queue;
  /** Fires when events wait for more than ten minutes to be published. */
  public readonly outboxAlarm: cloudwatch.Alarm;
  /** Fires when events wait for more than an hour to be archived. */
  public readonly archiverAlarm: cloudwatch.Alarm;
  /** Fires when events were not published or archived within 24 hours. */
  public readonly missedAlarm: cloudwatch.Alarm;
  /** Fires when events were changed or deleted. */
  public readonly tamperedAlarm: cloudwatch.Alarm;
  /** Fires when replays make no progress. */
  public readonly replayerAlarm: cloudwatch.Alarm;

  private readonly replaying: LogReplayer;
  private readonly subscribers: Subscriber[] = [];
  private readonly connections: LogConnections;

  public constructor(scope: Construct, id: string, props: EventLogProps = {}) {
    super(scope, id);
    const { encryptionKey, alarmTopic, removalPolicy = RemovalPolicy.RETAIN } = props;
    const [problem] = topicRefusals(props.topic?.topic.fifo ?? true);
    if (problem) throw new InvalidInput(problem, this);

    this.table = eventTable(this, { removalPolicy, encryptionKey });
    this.snapshotTable = snapshotTable(this, encryptionKey);
    this.replayTable = replayTable(this, encryptionKey);
    this.archive = props.archive ?? archiveBucket(this, { removalPolicy, encryptionKey });
    this.topic = props.topic ?? new FanOutTopic(this, 'Topic', { fifo: true, encryptionKey, alarmTopic });
    this.deadLetterQueue = missedQueue(this, encryptionKey);
    this.connections = new LogConnections(this, {
      events: this.table,
      snapshots: this.snapshotTable,
      replays: this.replayTable,
    });

    const { table, archive: bucket, deadLetterQueue, topic } = this;
    const resources = { table, deadLetterQueue, encryptionKey };
    const name = { [EVENT_LOG_ENV.name]: this.node.path };
    this.outbox = new Feed(this, 'Outbox', {
      ...resources,
      code: 'event-log-outbox',
      description: 'Publishes the events of a log',
      environment: { ...name, [EVENT_LOG_ENV.topicArn]: topic.topic.topicArn },
      statements: outboxStatements(resources, topic.topic),
      batchSize: 200,
      reportBatchItemFailures: true,
    }).function;
    this.archiver = new Feed(this, 'Archiver', {
      ...resources,
      code: 'event-log-archiver',
      description: 'Archives the events of a log',
      environment: { ...name, [EVENT_LOG_ENV.bucket]: bucket.bucketName },
      statements: archiverStatements(resources, bucket),
      // Few and large objects: a batch is one, and nobody waits for them.
      batchSize: 1_000,
      maxBatchingWindow: Duration.minutes(1),
      // All of a batch or all of it again: an object is written whole.
      reportBatchItemFailures: false,
    }).function;
    this.replaying = new LogReplayer(this, 'Replayer', {
      ...resources,
      replays: this.replayTable,
      topic: topic.topic,
      bucket,
      environment: {
        ...name,
        [EVENT_LOG_ENV.table]: table.tableName,
        [EVENT_LOG_ENV.replays]: this.replayTable.tableName,
        [EVENT_LOG_ENV.bucket]: bucket.bucketName,
        [EVENT_LOG_ENV.topicArn]: topic.topic.topicArn,
      },
    });
    this.replayer = this.replaying.function;

    const alarms = new EventLogAlarms(this, 'Alarms', {
      name: this.node.path,
      outbox: this.outbox,
      archiver: this.archiver,
      replayer: this.replayer,
      deadLetterQueue,
      tampered: this.metricTampered({ period: Duration.minutes(1) }),
      alarmTopic,
    });
    this.outboxAlarm = alarms.outbox;
    this.archiverAlarm = alarms.archiver;
    this.missedAlarm = alarms.missed;
    this.tamperedAlarm = alarms.tampered;
    this.replayerAlarm = alarms.replayer;

    inventory(this, 'EventLog', {
      table,
      snapshotTable: this.snapshotTable,
      replayTable: this.replayTable,
      archive: bucket,
      missedQueue: deadLetterQueue,
      outbox: this.outbox,
      archiver: this.archiver,
      replayer: this.replayer,
    });
    shows(this, () => logView(this));
  }

  /**
   * Make a FIFO worker that gets the events, each stream in its order, and that events can be replayed to by this id. Its
   * handler reads them with `parse` of the runtime's log.
   */
  public addWorker(id: string, props: EventLogWorkerProps): AsyncWorker {
    const { types, ...workerProps } = props;
    this.subscribers.push({ name: id, types });
    const [problem] = subscriberRefusals(this.subscribers);
    if (problem) throw new InvalidInput(problem, this);
    const worker = this.topic.addWorker(id, {
      ...workerProps,
      filter: types && MessageFilter.attributes({ [EVENT_ATTRIBUTE.type]: MessageMatch.strings(...types) }),
    });
    this.replaying.serves(id, worker.queue, types);
    return worker;
  }

  /**
   * Let a function append and read: the permissions, and the variable that `eventLog(name)` of the runtime reads in its code.
   *
   * @param name what the function calls the log; the id of this construct by default
   */
  public connectWriter(fn: lambda.IFunction, name?: string): void {
    this.connections.writer(fn, name);
  }

  /**
   * Let a function read, as a projection does to catch up.
   *
   * @param name what the function calls the log; the id of this construct by default
   */
  public connectReader(fn: lambda.IFunction, name?: string): void {
    this.connections.reader(fn, name);
  }

  /**
   * Let a function ask for replays, and see how far they are.
   *
   * @param name what the function calls the log; the id of this construct by default
   */
  public connectReplayer(fn: lambda.IFunction, name?: string): void {
    this.connections.replayer(fn, name);
  }

  /**
   * Let somebody append and read. Nobody who has only this can update or delete what is there. That a version is put once is
   * a condition of each put, which IAM cannot demand: one without it is told by `tamperedAlarm`.
   */
  public grantAppend(grantee: iam.IGrantable): iam.Grant {
    return grantOn(grantee, this.table, ...APPEND, ...READ);
  }

  /** Let somebody read streams of events. */
  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return grantOn(grantee, this.table, ...READ);
  }

  /** Events that were published. Sum of 5 minutes by default. */
  public metricPublished(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return eventLogMetric(this, EVENT_LOG_METRIC.published, options);
  }

  /** Events that were archived. Sum of 5 minutes by default. */
  public metricArchived(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return eventLogMetric(this, EVENT_LOG_METRIC.archived, options);
  }

  /** Events that were sent again. Sum of 5 minutes by default. */
  public metricReplayed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return eventLogMetric(this, EVENT_LOG_METRIC.replayed, options);
  }

  /** Events that were changed or deleted. Sum of 5 minutes by default. */
  public metricTampered(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return eventLogMetric(this, EVENT_LOG_METRIC.tampered, options);
  }
}
