import { type Duration, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Handler } from './handler';
import { ENV, METRIC, STREAM_ENV, type StreamSpec } from './private/contract';
import { shows } from './private/dashboard/view';
import { streamView } from './private/dashboard/views';
import { inventory } from './private/inventory';
import { workerMetric } from './private/metrics';
import { StreamAlarms } from './private/stream/alarms';
import { streamMapping } from './private/stream/mapping';
import { streamNumbers } from './private/stream/numbers';
import { streamQueues } from './private/stream/queues';
import { StreamRecovery } from './private/stream/recovery';
import { checkMapping } from './private/stream/wiring';
import { workerFunction } from './private/worker-function';
import type { StreamSource } from './stream-source';

/** Properties of a `StreamWorker`. */
export interface StreamWorkerProps {
  /** What is read. */
  readonly source: StreamSource;

  /** What handles the records. */
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
   * The most records that one invocation gets, up to 10,000.
   * @default 100
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
   */
  readonly batchSize?: number;

  /**
   * How long Lambda gathers records for a fuller batch, 5 minutes at most.
   * @default - none; half a second on Kafka
   */
  readonly maxBatchingWindow?: Duration;

  /**
   * How many batches of one shard are handled at once, 1 to 10; the order of each key is kept. Not on Kafka.
   * @default 1
   */
  readonly parallelizationFactor?: number;

  /**
   * Concurrency set aside for the function, which is also its limit.
   * @default - shared with the account
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * How often a batch that fails is retried, 0 to 10,000. A record whose retries are spent goes to the dead-letter queue, and
   * its shard goes on. Splitting a batch spends none.
   * @default 10
   * @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
   */
  readonly retryAttempts?: number;

  /**
   * How old a record may become before it goes to the dead-letter queue unhandled, 1 minute to 7 days. Less than the stream
   * keeps records: what leaves the stream first is lost.
   * @default - 18 hours, since streams keep records for 24 at least; 3 days on Kafka
   */
  readonly maxRecordAge?: Duration;

  /**
   * Gather records in windows of this length, 15 minutes at most; the handler has a `window`. Not on Kafka.
   * @default - each record is handled for itself
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
   */
  readonly tumblingWindow?: Duration;

  /**
   * Which records are handled: those that match one of these, made with `FilterCriteria.filter()`. The others are passed.
   * @default - all
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
   */
  readonly filters?: { [key: string]: unknown }[];

  /**
   * Customer-managed key for the queues, the log groups and the functions' environments.
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

/**
 * A function that handles the records of a stream, in the order of each key, and a dead-letter queue for those that cannot be
 * handled: no record holds up its shard for ever, and none is lost. Write the handler with `streamWorker` of
 * `cdk-async-patterns/runtime`.
 *
 * @example
 * new StreamWorker(this, 'Clicks', {
 *   source: StreamSource.kinesis(stream),
 *   handler: Handler.fromEntry('lambda/clicks.ts'),
 * });
 */
export class StreamWorker extends Construct implements iam.IGrantable {
  /**
   * Where records end that cannot be handled: body, reason (`DeadLetterReason`) and where they were (`DeadLetterContext`).
   * Kept for 14 days.
   */
  public readonly deadLetterQueue: sqs.Queue;
  /** Where Lambda says what it has given up; what it names is read back from the stream into the dead-letter queue. */
  public readonly onFailureQueue: sqs.Queue;
  /** What handles the records. */
  public readonly function: lambda.IFunction;
  /** The function's logs; missing when the function came from `Handler.fromFunction`. */
  public readonly logGroup?: logs.LogGroup;
  /** What reads back the records that Lambda has given up. */
  public readonly recoveryFunction: lambda.Function;
  /** What hands records from the stream to the function. */
  public readonly eventSourceMapping: lambda.EventSourceMapping;
  /** Fires when a record is in the dead-letter queue. */
  public readonly deadLetterAlarm: cloudwatch.Alarm;
  /**
   * Fires when records wait for more than 15 minutes, or half of `maxRecordAge` if that is less (IteratorAge); on Kafka when
   * more than 100 batches wait (OffsetLag).
   */
  public readonly lagAlarm: cloudwatch.Alarm;
  /** Fires when invocations have failed for 15 minutes. */
  public readonly errorAlarm: cloudwatch.Alarm;
  /** Fires when Lambda refuses invocations for lack of concurrency. */
  public readonly throttleAlarm: cloudwatch.Alarm;
  /** Fires when Lambda could not tell the on-failure queue what it has given up. */
  public readonly lossAlarm: cloudwatch.Alarm;
  /** The function's role: `table.grantReadData(worker)` works. */
  public readonly grantPrincipal: iam.IPrincipal;

  public constructor(scope: Construct, id: string, props: StreamWorkerProps) {
    super(scope, id);
    const { encryptionKey, alarmTopic, tumblingWindow } = props;
    const source = props.source._bind(this);
    const numbers = streamNumbers(this, props, source);
    const { deadLetterQueue, onFailureQueue } = streamQueues(this, encryptionKey);
    this.deadLetterQueue = deadLetterQueue;
    this.onFailureQueue = onFailureQueue;

    const spec: StreamSpec = { window: tumblingWindow !== undefined };
    const { fn, logGroup, grantPrincipal, permissions } = workerFunction(this, {
      ...props,
      timeout: numbers.timeout,
      deadLetterQueue,
      statements: [
        ...source.statements,
        // Lambda sends there under the role of the function.
        new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [onFailureQueue.queueArn] }),
      ],
      environment: {
        ...props.environment,
        [ENV.worker]: this.node.path,
        [ENV.deadLetterQueueUrl]: deadLetterQueue.queueUrl,
        [STREAM_ENV.spec]: Stack.of(this).toJsonString(spec),
      },
    });
    this.function = fn;
    this.logGroup = logGroup;
    this.grantPrincipal = grantPrincipal;

    this.eventSourceMapping = streamMapping(this, 'EventSourceMapping', {
      ...props,
      fn,
      source,
      numbers,
      onFailureQueue,
    });
    // Lambda checks the role's permissions when the mapping is made.
    this.eventSourceMapping.node.addDependency(permissions);

    this.recoveryFunction = new StreamRecovery(this, 'Recovery', {
      worker: this.node.path,
      source,
      onFailureQueue,
      deadLetterQueue,
      encryptionKey,
    }).function;

    const alarms = new StreamAlarms(this, 'Alarms', {
      name: this.node.path,
      kind: source.kind,
      deadLetterQueue,
      function: fn,
      maxLag: numbers.maxLag,
      alarmTopic,
    });
    this.deadLetterAlarm = alarms.deadLetters;
    this.lagAlarm = alarms.lag;
    this.errorAlarm = alarms.errors;
    this.throttleAlarm = alarms.throttles;
    this.lossAlarm = alarms.lost;

    checkMapping(this, this.eventSourceMapping, source);
    inventory(this, 'StreamWorker', {
      deadLetterQueue,
      onFailureQueue,
      function: fn,
      mapping: this.eventSourceMapping,
      logGroup,
    });
    shows(this, () => streamView(this));
  }

  /** Records handled. Sum of 5 minutes by default. */
  public metricProcessed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.processed, options);
  }

  /** Failures that brought a record back, with all behind it. Sum of 5 minutes by default. */
  public metricRetried(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.retried, options);
  }

  /** Records moved to the dead-letter queue, by the handler's word or when Lambda gave them up. Sum of 5 minutes by default. */
  public metricDead(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.dead, options);
  }

  /** Records not started: the deadline was near, or one before them failed. Sum of 5 minutes by default. */
  public metricDeferred(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.deferred, options);
  }

  /** Age of the oldest record of an invocation, in milliseconds. Maximum of 5 minutes by default. */
  public metricAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.age, { statistic: 'max', ...options });
  }
}
