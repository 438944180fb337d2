import { Annotations, type Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AsyncWorker, type AsyncWorkerProps } from './async-worker';
import { LoadLevelingQueue } from './load-leveling-queue';
import type { MessageFilter } from './message-filter';
import type { PayloadStore } from './payload-store';
import { shows } from './private/dashboard/view';
import { topicView } from './private/dashboard/views';
import { TopicAlarms } from './private/fan-out/alarms';
import { connectPublisher } from './private/fan-out/connect';
import { archiveDays, topicRefusals } from './private/fan-out/rules';
import { Subscribers } from './private/fan-out/subscribers';
import { inventory } from './private/inventory';
import { InvalidInput } from './private/problem';

/** Properties of a `FanOutTopic`. */
export interface FanOutTopicProps {
  /**
   * Make a FIFO topic, which keeps the order of each group and drops duplicates on the way to FIFO queues.
   * @default false
   */
  readonly fifo?: boolean;

  /**
   * For how long the topic keeps what was published, to replay it to a subscriber: 1 to 365 days. FIFO topics only. AWS
   * deletes no topic that has an archive: first deploy without.
   * @default - nothing is kept
   */
  readonly archive?: Duration;

  /**
   * Fan out a topic that exists already. Its kind, its key and its archive stay as they are.
   * @default - a topic is made
   */
  readonly topic?: sns.ITopic;

  /**
   * Where bodies lie that are too large to travel, SNS takes 256 KiB. Connected publishers put them there; workers get them
   * as if they had come with the message, other subscribers with the store's `grantRead` and a client that knows the format.
   * The workers use the store for what is sent to them alone, too, unless they are given another.
   * @default - none
   */
  readonly payloadStore?: PayloadStore;

  /**
   * Customer-managed key for the topic, its workers and the dead-letter queues of its subscriptions.
   * @default - SQS-managed encryption of the queues; SNS encrypts no topic by itself
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Who hears of alarms, the workers' included.
   * @default - the alarms exist and notify nobody
   */
  readonly alarmTopic?: sns.ITopic;
}

/** How a function gets messages of a topic. */
export interface FanOutFunctionOptions {
  /**
   * Which messages it gets.
   * @default - all
   */
  readonly filter?: MessageFilter;
}

/** How a queue gets messages of a topic. */
export interface FanOutQueueOptions extends FanOutFunctionOptions {
  /**
   * Deliver the message as it was published, its attributes included, instead of an envelope of SNS's that holds it. SNS
   * takes 10 attributes at most then. A worker opens the envelope itself: its handler gets the same either way.
   * @default true
   */
  readonly rawMessageDelivery?: boolean;

  /**
   * Take the messages of a FIFO topic on a standard queue: in any order, and now and then twice.
   * @default - refused
   */
  readonly unordered?: boolean;

  /**
   * Deliver again what the topic was sent since then, to this subscriber alone. The topic must keep an archive. Take it out
   * again when that is done: another date, or another subscriber in its place, is another replay.
   * @default - only what is published from now on
   */
  readonly replayFrom?: Date;
}

/** A worker that gets messages of a topic. */
export interface FanOutWorkerProps extends AsyncWorkerProps, FanOutQueueOptions {}

/**
 * Publish once, deliver to everyone who asked. Each subscriber has a queue of its own, a dead-letter queue for what it
 * cannot handle and one for what SNS cannot deliver, so that a slow or broken one hurts no other.
 *
 * @example
 * const events = new FanOutTopic(this, 'OrderEvents');
 * events.addWorker('Billing', { handler: Handler.fromEntry('lambda/billing.ts') });
 * events.addWorker('Audit', {
 *   handler: Handler.fromEntry('lambda/audit.ts'),
 *   filter: MessageFilter.attributes({ amount: MessageMatch.numeric({ greaterThan: 1000 }) }),
 * });
 * events.connectPublisher(api);
 */
export class FanOutTopic extends Construct {
  /** What is published to. */
  public readonly topic: sns.ITopic;
  /** Fires when SNS cannot deliver to a subscriber. */
  public readonly failedAlarm: cloudwatch.Alarm;
  /** Fires when SNS cannot even reach the dead-letter queue of a subscription. */
  public readonly lostAlarm: cloudwatch.Alarm;

  private readonly payloadStore?: PayloadStore;
  private readonly encryptionKey?: kms.IKey;
  private readonly alarmTopic?: sns.ITopic;
  private readonly subscribers: Subscribers;

  public constructor(scope: Construct, id: string, props: FanOutTopicProps = {}) {
    super(scope, id);
    const { fifo, archive } = props;
    this.payloadStore = props.payloadStore;
    this.encryptionKey = props.encryptionKey;
    this.alarmTopic = props.alarmTopic;
    const [problem] = topicRefusals({
      fifo,
      archive: archive && !archive.isUnresolved() ? archive.toDays({ integral: false }) : undefined,
      hasArchive: archive !== undefined,
      isGiven: props.topic !== undefined,
    });
    if (problem) throw new InvalidInput(problem, this);
    this.topic =
      props.topic ??
      new sns.Topic(this, 'Topic', {
        // Without the prop a standard topic stays one: CloudFormation does not take `false` there.
        ...(fifo && {
          fifo,
          // As the workers' queues: each group for itself, which is also what is fastest.
          fifoThroughputScope: sns.FifoThroughputScope.MESSAGE_GROUP,
          messageRetentionPeriodInDays: archive?.toDays(),
        }),
        masterKey: props.encryptionKey,
        enforceSSL: true,
      });
    const resource = this.topic.node.defaultChild;
    const isSeen = resource instanceof sns.CfnTopic;
    if (!isSeen) {
      Annotations.of(this).addWarningV2(
        'cdk-async-patterns:importedTopic',
        `the policy, the key and the archive of ${this.topic.node.path} cannot be set or seen from here; see that it takes ` +
          'TLS only, that it lets this account subscribe, that publishers may use its key, and acknowledge this',
      );
    }

    props.payloadStore?._use(this, isSeen ? archiveDays(resource) : 0);
    this.subscribers = new Subscribers(this, {
      topic: this.topic,
      archived: isSeen ? resource.archivePolicy !== undefined : undefined,
      encryptionKey: props.encryptionKey,
      alarmTopic: props.alarmTopic,
    });

    const alarms = new TopicAlarms(this, 'Alarms', {
      name: this.node.path,
      failed: this.metricNumberOfNotificationsFailed(),
      lost: this.metricNumberOfNotificationsFailedToRedriveToDlq(),
      alarmTopic: props.alarmTopic,
    });
    this.failedAlarm = alarms.failed;
    this.lostAlarm = alarms.lost;
    inventory(this, 'FanOutTopic', { topic: this.topic });
    shows(this, () => topicView(this));
  }

  /**
   * Make a worker that gets the messages. It is FIFO if the topic is, and has the topic's key and alarm topic unless it is
   * given others.
   */
  public addWorker(id: string, props: FanOutWorkerProps): AsyncWorker {
    const { unordered = false } = props;
    const fifo = props.fifo ?? (this.topic.fifo && !unordered);
    this.subscribers.check(id, fifo, props);
    const worker = new AsyncWorker(this, id, {
      ...props,
      fifo,
      payloadStore: props.payloadStore ?? this.payloadStore,
      encryptionKey: props.encryptionKey ?? this.encryptionKey,
      alarmTopic: props.alarmTopic ?? this.alarmTopic,
    });
    if (unordered) Annotations.of(worker).acknowledgeWarning('cdk-async-patterns:orderingLost', 'unordered: true');
    // The worker's own where SNS takes it, which is where it is of the topic's kind: one place to look, one alarm, and SQS
    // can redrive from there to the worker.
    const deadLetterQueue = unordered
      ? this.subscribers.undelivered(new Construct(worker, 'Undelivered'), { construct: worker, queue: worker.queue })
      : worker.deadLetterQueue;
    this.subscribers.addQueue(worker, worker.queue, deadLetterQueue, props);
    this.tell(worker, props);
    return worker;
  }

  /**
   * Let a queue of yours get the messages. With a payload store its consumer needs `grantRead` of that, unless the queue is
   * that of an `AsyncWorker` or a `LoadLevelingQueue`, which has all it needs.
   *
   * @returns the dead-letter queue of the subscription: where SNS puts what it cannot deliver. It has an alarm.
   */
  public addQueue(queue: sqs.IQueue, options: FanOutQueueOptions = {}): sqs.Queue {
    this.subscribers.check(queue.node.path, queue.fifo, options);
    const scope = this.subscribers.scopeOf(queue);
    const deadLetterQueue = this.subscribers.undelivered(scope, { construct: queue, queue }, queue.encryptionMasterKey);
    this.subscribers.addQueue(scope, queue, deadLetterQueue, options);
    const { scope: owner } = queue.node;
    if ((owner instanceof AsyncWorker || owner instanceof LoadLevelingQueue) && owner.queue === queue)
      this.tell(owner, options);
    return deadLetterQueue;
  }

  /**
   * Let SNS invoke a function directly, with its envelope. There is no queue in between to hold back what the function
   * cannot take at once, and no partial batch: `addWorker` with `Handler.fromFunction` gives it both.
   *
   * @returns the dead-letter queue of the subscription: where SNS puts what it cannot deliver, and Lambda what the function
   * fails to handle, unless that has a dead-letter queue or destinations of its own. It has an alarm.
   */
  public addFunction(fn: lambda.IFunction, options: FanOutFunctionOptions = {}): sqs.Queue {
    return this.subscribers.addFunction(fn, options.filter);
  }

  /**
   * Let a function publish, and tell it where: `publisher(name)` of `cdk-async-patterns/runtime`.
   *
   * @param fn the function that publishes; also that of a worker
   * @param name what it calls this topic; the id of this construct by default
   */
  public connectPublisher(fn: lambda.IFunction, name?: string): void {
    const { topic, payloadStore } = this;
    connectPublisher({ owner: this, topic, payloadStore }, fn, name);
  }

  /**
   * Let somebody publish. Includes the key, when the topic has one, and not the payload store: its `grantWrite` does that for
   * clients that use it.
   */
  public grantPublish(grantee: iam.IGrantable): iam.Grant {
    return this.topic.grantPublish(grantee);
  }

  /** Messages published. Sum of 5 minutes by default. */
  public metricNumberOfMessagesPublished(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.topic.metricNumberOfMessagesPublished(options);
  }

  /** Copies delivered. Sum of 5 minutes by default. */
  public metricNumberOfNotificationsDelivered(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.topic.metricNumberOfNotificationsDelivered(options);
  }

  /** Copies that could not be delivered. Sum of 5 minutes by default. */
  public metricNumberOfNotificationsFailed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.topic.metricNumberOfNotificationsFailed(options);
  }

  /** Copies that no filter let through. Sum of 5 minutes by default. */
  public metricNumberOfNotificationsFilteredOut(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.topic.metricNumberOfNotificationsFilteredOut(options);
  }

  /** Copies that could not be put in a dead-letter queue either. Sum of 5 minutes by default. */
  public metricNumberOfNotificationsFailedToRedriveToDlq(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.topic.metric('NumberOfNotificationsFailedToRedriveToDlq', { statistic: 'sum', ...options });
  }

  /** What a worker must know to get the message that was published. */
  private tell(worker: AsyncWorker | LoadLevelingQueue, { rawMessageDelivery = true }: FanOutQueueOptions): void {
    if (this.payloadStore) worker._inlets.reads(this.payloadStore, this);
    if (!rawMessageDelivery) worker._inlets.opens(this.topic);
  }
}
