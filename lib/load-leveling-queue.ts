import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { IJobQueue } from './job-queue';
import type { LoadLevelingQueueProps } from './load-leveling-queue-props';
import type { PayloadStore } from './payload-store';
import { type JobsService, serveJobs } from './private/async-api/service';
import { type LevelingSpec, METRIC, PACE_ENV, PACE_METRIC, PACE_TABLE } from './private/contract';
import { shows } from './private/dashboard/view';
import { leveledView } from './private/dashboard/views';
import { connectProducer, type Pressure } from './private/fan-out/connect';
import type { Inlets } from './private/inlets';
import { inventory } from './private/inventory';
import { workerMetric } from './private/metrics';
import { PaceAlarms } from './private/pace/alarms';
import { PaceChanges } from './private/pace/changes';
import { PaceController } from './private/pace/controller';
import { sizesOf } from './private/pace/sizes-of';
import { producerStatements, workerStatements } from './private/pace/statements';
import { checkWiring } from './private/wiring';
import { workerParts } from './private/worker-parts';

/** Without a limit of its own: a backlog of an hour is worth a look. */
const ALARM_SECONDS = 3600;
/** Waiting is forgiven; the count of SQS is the net below. */
const FORGIVEN_RECEIVES = 1000;

/**
 * A worker whose downstream has a limit: takes what comes, and passes it on at the pace that is borne. Write the handler with
 * `worker` of `cdk-async-patterns/runtime`.
 *
 * The pace is exact over all invocations: a batch reserves its slots in one conditional update of a table, and each message
 * waits for its own. To change the pace by hand, invoke `controller` with
 * `{ "action": "pace", "pace": { "kind": "rate", "count": 50, "per": 1, "burst": 1 } }`; `{ "action": "reset" }` returns to that
 * of the stack, `{ "action": "status" }` tells how it is.
 *
 * @example
 * const mails = new LoadLevelingQueue(this, 'Mails', {
 *   handler: Handler.fromEntry('lambda/mails.ts'),
 *   pace: Pace.rate(100, Duration.seconds(1)),
 *   backpressure: Backpressure.timeToDrain(Duration.minutes(10)),
 * });
 * mails.connectProducer(api);
 */
export class LoadLevelingQueue extends Construct implements iam.IGrantable, IJobQueue {
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
  /** The pace as it is, its slots, and what is known of the backlog. */
  public readonly paceTable: dynamodb.Table;
  /** What changes the pace. Let operators invoke it with `controller.grantInvoke`. */
  public readonly controller: lambda.Function;
  /** What hands messages from the queue to the function. */
  public readonly eventSourceMapping: lambda.EventSourceMapping;
  /** Fires when a message is in the dead-letter queue. */
  public readonly deadLetterAlarm: cloudwatch.Alarm;
  /** Fires when the oldest message waits longer than the backlog is meant to take: `backpressure`, an hour without; 15 minutes at least. */
  public readonly ageAlarm: cloudwatch.Alarm;
  /** Fires when invocations fail as a whole: a crash, a timeout. A message that fails alone is no error of these. */
  public readonly errorAlarm: cloudwatch.Alarm;
  /** Fires when Lambda refuses invocations for lack of concurrency. */
  public readonly throttleAlarm: cloudwatch.Alarm;
  /** Fires when the backlog takes longer than `backpressure` allows, or than an hour without it. */
  public readonly timeToDrainAlarm: cloudwatch.Alarm;
  /** Fires when the controller fails run after run. */
  public readonly controllerAlarm: cloudwatch.Alarm;
  /** Fires when a change of pace did not reach the controller; missing without a `schedule`. */
  public readonly lostChangesAlarm?: cloudwatch.Alarm;
  /** The function's role: `table.grantReadData(queue)` works. */
  public readonly grantPrincipal: iam.IPrincipal;

  /**
   * In what guises messages come.
   *
   * @internal
   */
  public readonly _inlets: Inlets;

  private readonly limit?: number;
  private readonly payloadStore?: PayloadStore;
  private readonly permissions: iam.ManagedPolicy;
  private readonly redriveCount: number;

  public constructor(scope: Construct, id: string, props: LoadLevelingQueueProps) {
    super(scope, id);
    const { pace, schedule = [], backpressure, encryptionKey, circuitBreaker } = props;
    const sizes = sizesOf(this, props);
    this.limit = backpressure?._limit;

    this.paceTable = new dynamodb.Table(this, 'PaceTable', {
      partitionKey: { name: PACE_TABLE.key, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: PACE_TABLE.ttl,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryptionKey,
      // What it knows is of no use to anybody but this queue.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const spec: LevelingSpec = {
      table: this.paceTable.tableName,
      pace: pace._spec,
      ...(pace._perTenant && { perTenant: true }),
      lookahead: sizes.lookahead,
      batchSize: sizes.batchSize,
      ...(props.maxConcurrency !== undefined && { maxConcurrency: props.maxConcurrency }),
    };

    const parts = workerParts(
      this,
      {
        ...props,
        batchSize: sizes.batchSize,
        maxConcurrency: sizes.maxConcurrency,
        timeout: sizes.timeout ?? props.timeout,
      },
      {
        statements: workerStatements(this.paceTable),
        environment: { [PACE_ENV.spec]: Stack.of(this).toJsonString(spec) },
        forgivenReceives: FORGIVEN_RECEIVES,
        expectedAge: this.limit ?? ALARM_SECONDS,
      },
    );
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
    this.permissions = parts.permissions;
    this.redriveCount = parts.redriveCount;
    this.payloadStore = props.payloadStore;

    const { function: controller } = new PaceController(this, 'Controller', {
      worker: this.node.path,
      spec,
      table: this.paceTable,
      queue: this.queue,
      // One must not enable what the other has paused: a mapping behind a circuit breaker is the breaker's.
      mapping: circuitBreaker ? undefined : this.eventSourceMapping,
      encryptionKey,
    });
    this.controller = controller;
    const changes =
      schedule.length > 0
        ? new PaceChanges(this, 'Changes', {
            controller,
            changes: schedule.map((change) => ({ at: change.at, pace: change.pace._spec })),
            encryptionKey,
          })
        : undefined;

    const alarms = new PaceAlarms(this, 'PaceAlarms', {
      name: this.node.path,
      timeToDrain: this.metricTimeToDrain(),
      limit: this.limit ?? ALARM_SECONDS,
      controller,
      lostChanges: changes?.deadLetterQueue,
      alarmTopic: props.alarmTopic,
    });
    this.timeToDrainAlarm = alarms.timeToDrain;
    this.controllerAlarm = alarms.controller;
    this.lostChangesAlarm = alarms.lostChanges;

    checkWiring(this);
    inventory(this, 'LoadLevelingQueue', {
      queue: parts.queue,
      deadLetterQueue: parts.deadLetterQueue,
      function: parts.fn,
      mapping: parts.eventSourceMapping,
      logGroup: parts.logGroup,
      controller: circuitBreaker?.controller,
      paceController: controller,
    });
    shows(this, () => leveledView(this, pace._spec, pace._perTenant));
  }

  /** Let somebody send work. Includes the key, when the queue has one. */
  public grantSendMessages(grantee: iam.IGrantable): iam.Grant {
    return this.queue.grantSendMessages(grantee);
  }

  /**
   * Let a function send work: the permissions, and the variable that `producer(name)` of the runtime reads in its code. With
   * `backpressure` the producer looks at the backlog, once a second at most.
   *
   * @param name what the function calls the connection; default: the id of this construct
   */
  public connectProducer(fn: lambda.IFunction, name?: string): void {
    const { queue, payloadStore } = this;
    connectProducer({ owner: this, queue, payloadStore, backpressure: this._pressure() }, fn, name);
  }

  /** Seconds until the backlog is gone, at the rate at which it is worked off. Maximum of 1 minute by default. */
  public metricTimeToDrain(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofBacklog(PACE_METRIC.timeToDrain, options);
  }

  /** Messages in the queue: waiting, delayed and in hand. Maximum of 1 minute by default. */
  public metricBacklog(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofBacklog(PACE_METRIC.backlog, options);
  }

  /** Messages begun in a second. Maximum of 1 minute by default. */
  public metricRate(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.ofBacklog(PACE_METRIC.rate, options);
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

  /** Messages put off without being started: their turn lay too far ahead. Sum of 5 minutes by default. */
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
   * Where senders see the backlog.
   *
   * @internal
   */
  public _pressure(): Pressure | undefined {
    const { limit, paceTable } = this;
    if (limit === undefined) return undefined;
    return { spec: { table: paceTable.tableName, limit }, statements: producerStatements(paceTable) };
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

  private ofBacklog(name: string, options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, name, { statistic: 'max', period: Duration.minutes(1), ...options });
  }
}
