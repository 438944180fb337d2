import type { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Backoff } from './backoff';
import type { CircuitBreaker } from './circuit-breaker';
import type { Handler } from './handler';
import type { Idempotency } from './idempotency';
import type { IJobQueue } from './job-queue';
import type { PayloadStore } from './payload-store';
import { type JobsService, serveJobs } from './private/async-api/service';
import { METRIC } from './private/contract';
import { shows } from './private/dashboard/view';
import { workerView } from './private/dashboard/views';
import { connectProducer, type Pressure } from './private/fan-out/connect';
import type { Inlets } from './private/inlets';
import { inventory } from './private/inventory';
import { workerMetric } from './private/metrics';
import { type Schedules, schedulesOnce } from './private/schedules';
import { checkWiring } from './private/wiring';
import { workerParts } from './private/worker-parts';

/** Properties of an `AsyncWorker`. */
export interface AsyncWorkerProps {
  /** What handles the messages. */
  readonly handler: Handler;

  /**
   * How long one invocation may take, 15 minutes at most. Of an imported function: how long it is known to take.
   * @default - 30 seconds; with Handler.fromFunction, the function's own
   */
  readonly timeout?: Duration;

  /**
   * Memory of the function in MiB; CPU grows with it.
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * Use FIFO queues: messages of a group are handled in order, groups in parallel.
   * @default false
   */
  readonly fifo?: boolean;

  /**
   * The most messages that one invocation gets: up to 10,000, or 10 of a FIFO queue.
   * @default 10
   */
  readonly batchSize?: number;

  /**
   * How long Lambda gathers messages for a fuller batch, 5 minutes at most. Not on FIFO queues.
   * @default - none; 1 second for a batchSize above 10
   */
  readonly maxBatchingWindow?: Duration;

  /**
   * The most invocations that the queue has at once, 2 to 1,000.
   * @default - as many as Lambda's scaling and the account allow
   */
  readonly maxConcurrency?: number;

  /**
   * Concurrency set aside for the function, which is also its limit. At least `maxConcurrency`.
   * @default - shared with the account
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * How often a message is handed out before it is dead, 1 to 1,000.
   * @default 5
   */
  readonly maxReceiveCount?: number;

  /**
   * How long a message in hand is hidden from others.
   * @default - 6 x timeout + maxBatchingWindow, as AWS advises
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
   */
  readonly visibilityTimeout?: Duration;

  /**
   * How long a failed message rests before its next attempt.
   * @default Backoff.exponential()
   */
  readonly backoff?: Backoff;

  /**
   * Do work with the same key once; the handler says what the key is.
   * @default - every delivery runs
   */
  readonly idempotency?: Idempotency;

  /**
   * Pauses the worker while what it calls is down, so that no healthy message spends its attempts on that.
   * @default - none
   */
  readonly circuitBreaker?: CircuitBreaker;

  /**
   * Where bodies lie that are too large to travel. Who is connected puts them there, the handler gets them as if they had
   * come with the message.
   * @default - none: SQS takes 1 MiB
   */
  readonly payloadStore?: PayloadStore;

  /**
   * Customer-managed key for the queues, the log group, the function's environment, the idempotency table and schedules.
   * @default - SQS-managed encryption of the queues, AWS-owned keys for the rest
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * Who hears of alarms.
   * @default - the alarms exist and notify nobody
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Environment variables of the function, beside those that the runtime reads.
   * @default - none
   */
  readonly environment?: { [key: string]: string };
}

/** What a function may do beyond sending. */
export interface ProducerOptions {
  /**
   * Send at any time: `at` of the runtime's producer. What SQS cannot delay so long, 15 minutes or on FIFO at all, waits in a
   * one-shot schedule of EventBridge's, which deletes itself. The first connection that asks for it makes the worker's
   * schedule group, the role that sends and, on FIFO, a dead-letter queue for what cannot be sent.
   * @default false
   * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
   */
  readonly schedules?: boolean;
}

/**
 * A queue, a dead-letter queue, and the function that handles the messages: take work now, do it in the background, lose
 * nothing. Write the handler with `worker` of `cdk-async-patterns/runtime`.
 *
 * @example
 * const orders = new AsyncWorker(this, 'Orders', {
 *   handler: Handler.fromEntry('lambda/orders.ts'),
 *   timeout: Duration.seconds(30),
 * });
 * orders.grantSendMessages(api);
 */
export class AsyncWorker extends Construct implements iam.IGrantable, IJobQueue {
  /** Where work is sent to. */
  public readonly queue: sqs.Queue;
  /** Where messages end that cannot be handled, with the reason in their attribute `DeadLetterReason`. Kept for 14 days. */
  public readonly deadLetterQueue: sqs.Queue;
  /** What handles the messages. */
  public readonly function: lambda.IFunction;
  /** The function's logs; missing when the function came from `Handler.fromFunction`. */
  public readonly logGroup?: logs.LogGroup;
  /** Where idempotency keys are kept; missing without `idempotency`. */
  public readonly idempotencyTable?: dynamodb.ITable;
  /** What hands messages from the queue to the function. */
  public readonly eventSourceMapping: lambda.EventSourceMapping;
  /** Fires when a message is in the dead-letter queue. */
  public readonly deadLetterAlarm: cloudwatch.Alarm;
  /** Fires when the oldest message waits longer than 15 minutes, or than twice the visibility timeout if that is more. */
  public readonly ageAlarm: cloudwatch.Alarm;
  /** Fires when invocations fail as a whole: a crash, a timeout. A message that fails alone is no error of these. */
  public readonly errorAlarm: cloudwatch.Alarm;
  /** Fires when Lambda refuses invocations for lack of concurrency. */
  public readonly throttleAlarm: cloudwatch.Alarm;
  /** The function's role: `table.grantReadData(worker)` works. */
  public readonly grantPrincipal: iam.IPrincipal;

  /**
   * In what guises messages come.
   *
   * @internal
   */
  public readonly _inlets: Inlets;

  private readonly payloadStore?: PayloadStore;
  private readonly schedules: () => Schedules;
  private readonly permissions: iam.ManagedPolicy;
  private readonly redriveCount: number;

  public constructor(scope: Construct, id: string, props: AsyncWorkerProps) {
    super(scope, id);
    const parts = workerParts(this, props);
    this.queue = parts.queue;
    this.deadLetterQueue = parts.deadLetterQueue;
    this.function = parts.fn;
    this.logGroup = parts.logGroup;
    this.grantPrincipal = parts.grantPrincipal;
    this.idempotencyTable = parts.idempotencyTable;
    this.eventSourceMapping = parts.eventSourceMapping;
    this.deadLetterAlarm = parts.alarms.deadLetters;
    this.ageAlarm = parts.alarms.age;
    this.errorAlarm = parts.alarms.errors;
    this.throttleAlarm = parts.alarms.throttles;
    this._inlets = parts.inlets;
    this.payloadStore = props.payloadStore;
    this.schedules = schedulesOnce(this, { ...props, queue: this.queue, deadLetterQueue: this.deadLetterQueue });
    this.permissions = parts.permissions;
    this.redriveCount = parts.redriveCount;

    checkWiring(this);
    inventory(this, 'AsyncWorker', {
      queue: parts.queue,
      deadLetterQueue: parts.deadLetterQueue,
      function: parts.fn,
      mapping: parts.eventSourceMapping,
      logGroup: parts.logGroup,
      controller: props.circuitBreaker?.controller,
    });
    shows(this, () => workerView(this));
  }

  /**
   * Let somebody send work. Includes the key, when the queue has one, and not the payload store: its `grantWrite` does that for
   * clients that use it.
   */
  public grantSendMessages(grantee: iam.IGrantable): iam.Grant {
    return this.queue.grantSendMessages(grantee);
  }

  /**
   * Let a function send work: the permission, and the variable that `producer(name)` of the runtime reads in its code.
   *
   * @param name what the function calls the connection; default: the id of this construct
   */
  public connectProducer(fn: lambda.IFunction, name?: string, options: ProducerOptions = {}): void {
    const { queue, payloadStore } = this;
    const schedules = options.schedules ? this.schedules() : undefined;
    connectProducer({ owner: this, queue, payloadStore, schedules }, fn, name);
  }

  /** Messages handled. Sum of 5 minutes by default. */
  public metricProcessed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.processed, options);
  }

  /** Failures that were brought back for another attempt. Sum of 5 minutes by default. */
  public metricRetried(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.retried, options);
  }

  /** Messages that the runtime moved to the dead-letter queue. Sum of 5 minutes by default. */
  public metricDead(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.dead, options);
  }

  /** Messages given back without being started: the deadline was near, or an earlier one of their group failed. */
  public metricDeferred(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.deferred, options);
  }

  /** Age of the oldest message of an invocation, in milliseconds. Maximum of 5 minutes by default. */
  public metricAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.age, { statistic: 'max', ...options });
  }

  /**
   * Where jobs are sent to.
   *
   * @internal
   */
  public _jobQueue(): sqs.IQueue {
    return this.queue;
  }

  /**
   * Nothing is known of its backlog.
   *
   * @internal
   */
  public _pressure(): Pressure | undefined {
    return undefined;
  }

  /**
   * Has the runtime keep the state of jobs around the handler.
   *
   * @internal
   */
  public _serveJobs(service: JobsService): void {
    const { queue, permissions, redriveCount, idempotencyTable } = this;
    const isIdempotent = idempotencyTable !== undefined;
    serveJobs({ worker: this, queue, function: this.function, permissions, redriveCount, isIdempotent }, service);
  }
}
