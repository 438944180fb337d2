import { Annotations, Duration, Stack, Token, Tokenization } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Backoff } from './backoff';
import type { Handler } from './handler';
import type { Idempotency } from './idempotency';
import { WorkerAlarms } from './private/alarms';
import { DEFAULT_MAX_RECEIVE_COUNT, ENV, METRIC } from './private/contract';
import { workerMetric } from './private/metrics';
import { InvalidInput, problemText } from './private/problem';
import {
  advice,
  defaultVisibilityTimeout,
  MAX_TIMEOUT_SECONDS,
  MAX_WINDOW_SECONDS,
  refusals,
  SOURCE_RETENTION_DAYS,
} from './private/sizing';
import { checkWiring } from './private/wiring';
import { workerFunction } from './private/worker-function';

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
   * Customer-managed key for the queues, the log group, the function's environment and the idempotency table.
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

const DEFAULT_TIMEOUT_SECONDS = 30;
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
const LAMBDA_DEFAULT_TIMEOUT = Duration.seconds(3);
const DEFAULT_BATCH_SIZE = 10;
const DEAD_LETTER_RETENTION = Duration.days(14);
const MIN_AGE_ALARM_SECONDS = 900;

const known = (value: number | undefined): number | undefined => (Token.isUnresolved(value) ? undefined : value);
const seconds = (value: Duration | undefined): number | undefined =>
  value === undefined || value.isUnresolved() ? undefined : value.toSeconds({ integral: false });

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
export class AsyncWorker extends Construct implements iam.IGrantable {
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

  public constructor(scope: Construct, id: string, props: AsyncWorkerProps) {
    super(scope, id);
    const fifo = props.fifo ?? false;
    const batchSize = props.batchSize ?? DEFAULT_BATCH_SIZE;
    const timeout = timeoutOf(this, props);
    const batchingWindow = props.maxBatchingWindow ?? (batchSize > 10 && !fifo ? Duration.seconds(1) : undefined);
    const maxReceiveCount = props.maxReceiveCount ?? DEFAULT_MAX_RECEIVE_COUNT;
    const backoff = (props.backoff ?? Backoff.exponential())._spec;
    const visibilityTimeout =
      props.visibilityTimeout ??
      Duration.seconds(
        defaultVisibilityTimeout(
          seconds(timeout) ?? MAX_TIMEOUT_SECONDS,
          batchingWindow ? (seconds(batchingWindow) ?? MAX_WINDOW_SECONDS) : 0,
        ),
      );

    const sizes = {
      fifo,
      timeout: seconds(timeout),
      visibilityTimeout: seconds(visibilityTimeout),
      batchSize: known(batchSize),
      maxBatchingWindow: batchingWindow ? seconds(batchingWindow) : 0,
      maxConcurrency: known(props.maxConcurrency),
      reservedConcurrentExecutions: known(props.reservedConcurrentExecutions),
      maxReceiveCount: known(maxReceiveCount),
      memorySize: known(props.memorySize),
      maxBackoff: known(backoff.max),
    };
    for (const problem of refusals(sizes)) throw new InvalidInput(problem, this);
    for (const { id: adviceId, ...problem } of advice(sizes)) {
      Annotations.of(this).addWarningV2(`cdk-async-patterns:${adviceId}`, problemText(problem));
    }

    const encryption = props.encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED;
    const common: sqs.QueueProps = {
      // Without the prop a standard queue stays one: CloudFormation does not take `false` there.
      ...(fifo && {
        fifo,
        deduplicationScope: sqs.DeduplicationScope.MESSAGE_GROUP,
        fifoThroughputLimit: sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      }),
      encryption,
      encryptionMasterKey: props.encryptionKey,
      enforceSSL: true,
    };
    this.deadLetterQueue = new sqs.Queue(this, 'DeadLetterQueue', {
      ...common,
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
    this.queue = new sqs.Queue(this, 'Queue', {
      ...common,
      visibilityTimeout,
      retentionPeriod: Duration.days(SOURCE_RETENTION_DAYS),
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount },
    });

    const idempotency = props.idempotency?._bind(this, props.encryptionKey);
    this.idempotencyTable = idempotency?.table;
    const { fn, logGroup, grantPrincipal, permissions } = workerFunction(this, {
      ...props,
      statements: [...(idempotency?.statements ?? [])],
      timeout,
      queue: this.queue,
      deadLetterQueue: this.deadLetterQueue,
      environment: {
        ...props.environment,
        [ENV.worker]: this.node.path,
        [ENV.queueUrl]: this.queue.queueUrl,
        [ENV.deadLetterQueueUrl]: this.deadLetterQueue.queueUrl,
        [ENV.maxReceiveCount]: Tokenization.stringifyNumber(maxReceiveCount),
        [ENV.backoff]: Stack.of(this).toJsonString(backoff),
        ...(idempotency && { [ENV.idempotency]: Stack.of(this).toJsonString(idempotency.spec) }),
      },
    });
    this.function = fn;
    this.logGroup = logGroup;
    this.grantPrincipal = grantPrincipal;

    this.eventSourceMapping = new lambda.EventSourceMapping(this, 'EventSourceMapping', {
      target: fn,
      eventSourceArn: this.queue.queueArn,
      batchSize,
      maxBatchingWindow: batchingWindow,
      maxConcurrency: props.maxConcurrency,
      reportBatchItemFailures: true,
    });
    // Lambda checks the role's permissions when the mapping is made.
    this.eventSourceMapping.node.addDependency(permissions);

    const alarms = new WorkerAlarms(this, 'Alarms', {
      name: this.node.path,
      queue: this.queue,
      deadLetterQueue: this.deadLetterQueue,
      function: fn,
      maxAge: Math.max(MIN_AGE_ALARM_SECONDS, 2 * (sizes.visibilityTimeout ?? 0)),
      alarmTopic: props.alarmTopic,
    });
    this.deadLetterAlarm = alarms.deadLetters;
    this.ageAlarm = alarms.age;
    this.errorAlarm = alarms.errors;
    this.throttleAlarm = alarms.throttles;

    checkWiring(this);
  }

  /** Let somebody send work. Includes the key, when the queue has one. */
  public grantSendMessages(grantee: iam.IGrantable): iam.Grant {
    return this.queue.grantSendMessages(grantee);
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
}

const timeoutOf = (scope: Construct, { handler, timeout }: AsyncWorkerProps): Duration => {
  const fn = handler._function;
  if (!(fn instanceof lambda.Function)) return timeout ?? Duration.seconds(DEFAULT_TIMEOUT_SECONDS);
  if (timeout) {
    throw new InvalidInput(
      {
        what: 'timeout',
        got: `${timeout.toSeconds()} s`,
        expected: 'nothing with Handler.fromFunction',
        todo: 'set it on the function itself',
      },
      scope,
    );
  }
  return fn.timeout ?? LAMBDA_DEFAULT_TIMEOUT;
};
