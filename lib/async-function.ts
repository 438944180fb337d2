import { Duration, Stack, Token } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { AsyncDestination } from './async-destination';
import type { Handler } from './handler';
import type { PayloadStore } from './payload-store';
import { AsyncAlarms } from './private/async-function/alarms';
import { invokeConfig } from './private/async-function/invoke-config';
import { asyncRefusals, lastAttemptAfter } from './private/async-function/rules';
import { ENV, FUNCTION_ENV, MAX_EVENT_BYTES, METRIC } from './private/contract';
import { shows } from './private/dashboard/view';
import { functionView } from './private/dashboard/views';
import { connectInvoker } from './private/fan-out/connect';
import { Inlets } from './private/inlets';
import { inventory } from './private/inventory';
import { workerMetric } from './private/metrics';
import { InvalidInput } from './private/problem';
import { workerFunction } from './private/worker-function';
import { timeoutOf } from './private/worker-numbers';

/** Properties of an `AsyncFunction`. */
export interface AsyncFunctionProps {
  /** What handles the events. */
  readonly handler: Handler;

  /**
   * Where Lambda sends a record of what succeeded, with what the handler returned. A permanent error is then tried as often
   * as any other: a function that returns has succeeded, to Lambda, and a function that throws is tried again.
   * @default - nowhere
   */
  readonly onSuccess?: AsyncDestination;

  /**
   * Where Lambda sends a record of what failed for good, with its event and its error.
   * @default - a dead-letter queue of its own, kept for 14 days
   */
  readonly onFailure?: AsyncDestination;

  /**
   * How often Lambda tries again when the handler fails, 0 to 2: after one minute, and after two more.
   * @default 2
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
   */
  readonly retryAttempts?: number;

  /**
   * How long an event may wait, for concurrency or between attempts, before it is given up: 1 minute to 6 hours.
   * @default Duration.hours(6)
   * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html
   */
  readonly maxEventAge?: Duration;

  /**
   * Where payloads go that are too large for an event, or for the store's threshold; the handler gets them all the same. For
   * functions that are connected by `connectInvoker`.
   * @default - an event holds 1 MiB at most, and less if a record of its failure would not fit `onFailure`
   * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
   */
  readonly payloadStore?: PayloadStore;

  /**
   * How long one invocation may take, 15 minutes at most.
   * @default - 30 seconds; with Handler.fromFunction, the function's own
   */
  readonly timeout?: Duration;

  /**
   * Memory of the function in MiB; CPU grows with it.
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * Concurrency set aside for the function, which is also its limit. Events wait for it, `maxEventAge` at most.
   * @default - shared with the account
   */
  readonly reservedConcurrentExecutions?: number;

  /**
   * Customer-managed key for the dead-letter queue, the log group and the function's environment.
   * @default - SQS-managed encryption of the queue, AWS-owned keys for the rest
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

const DEFAULT_RETRY_ATTEMPTS = 2;
const DEFAULT_MAX_EVENT_AGE = Duration.hours(6);
/** An event that waits so long is late even where it may wait for hours. */
const LATE_SECONDS = 900;
/** What Lambda's record says beside the event: the error with its stack, most of all. */
const RECORD_BYTES = 32_768;

const known = (value: number | undefined): number | undefined => (Token.isUnresolved(value) ? undefined : value);
const knownSeconds = (value: Duration): number | undefined =>
  value.isUnresolved() ? undefined : value.toSeconds({ integral: false });

/**
 * A function that Lambda invokes asynchronously: hand work over and go on, without a queue. Lambda keeps events for up to six
 * hours and tries each three times; what fails for good goes to `onFailure` with its event and its error, and there is an
 * alarm for whatever else can become of it. Write the handler with `asyncFunction` of `cdk-async-patterns/runtime`, and
 * invoke it with `invoker`.
 *
 * An `AsyncWorker` is better for bursts, for order, for batches, for other retries, and for what must not be given up within
 * six hours.
 *
 * @example
 * const thumbnails = new AsyncFunction(this, 'Thumbnails', {
 *   handler: Handler.fromEntry('lambda/thumbnails.ts'),
 *   onSuccess: AsyncDestination.worker(catalogue),
 * });
 * thumbnails.connectInvoker(upload);
 */
export class AsyncFunction extends Construct implements iam.IGrantable {
  /** What handles the events. */
  public readonly function: lambda.IFunction;
  /** The function's logs; missing when the function came from `Handler.fromFunction`. */
  public readonly logGroup?: logs.LogGroup;
  /** Where records of failures are, kept for 14 days; missing with `onFailure`. */
  public readonly deadLetterQueue?: sqs.Queue;
  /** Fires when Lambda gives events up. */
  public readonly droppedAlarm: cloudwatch.Alarm;
  /** Fires when events wait longer than retries take: 15 minutes, or half of `maxEventAge` if that is less. */
  public readonly ageAlarm: cloudwatch.Alarm;
  /** Fires when Lambda cannot deliver to a destination. */
  public readonly destinationAlarm: cloudwatch.Alarm;
  /** Fires when attempts have failed for 15 minutes. */
  public readonly errorAlarm: cloudwatch.Alarm;
  /** Fires when Lambda refuses invocations for lack of concurrency. */
  public readonly throttleAlarm: cloudwatch.Alarm;
  /** Fires when a record is in the dead-letter queue; missing with `onFailure`. */
  public readonly deadLetterAlarm?: cloudwatch.Alarm;
  /** Fires when Lambda cannot send to the dead-letter queue that a function of `Handler.fromFunction` brought along. */
  public readonly deadLetterErrorAlarm?: cloudwatch.Alarm;
  /** The function's role: `table.grantReadData(fn)` works. */
  public readonly grantPrincipal: iam.IPrincipal;

  private readonly maxBytes: number;
  private readonly payloadStore?: PayloadStore;

  public constructor(scope: Construct, id: string, props: AsyncFunctionProps) {
    super(scope, id);
    const { encryptionKey, onSuccess, retryAttempts = DEFAULT_RETRY_ATTEMPTS } = props;
    const maxEventAge = props.maxEventAge ?? DEFAULT_MAX_EVENT_AGE;
    const timeout = timeoutOf(this, props);
    const [problem] = asyncRefusals({
      timeout: knownSeconds(timeout),
      memorySize: known(props.memorySize),
      reservedConcurrentExecutions: known(props.reservedConcurrentExecutions),
      retryAttempts: known(retryAttempts),
      maxEventAge: knownSeconds(maxEventAge),
    });
    if (problem) throw new InvalidInput(problem, this);

    if (!props.onFailure) {
      this.deadLetterQueue = new sqs.Queue(this, 'DeadLetterQueue', {
        encryption: encryptionKey ? sqs.QueueEncryption.KMS : sqs.QueueEncryption.SQS_MANAGED,
        encryptionMasterKey: encryptionKey,
        enforceSSL: true,
        retentionPeriod: Duration.days(14),
      });
    }
    const onFailure = props.onFailure ?? AsyncDestination.queue(this.deadLetterQueue!);
    this.maxBytes = Math.min(MAX_EVENT_BYTES, onFailure._target.maxBytes - RECORD_BYTES);

    // What returns has succeeded: with a destination for successes the runtime must leave failures to Lambda.
    const failure = onSuccess ? undefined : onFailure._target.failure;
    const { fn, logGroup, grantPrincipal, permissions } = workerFunction(this, {
      ...props,
      timeout,
      statements: [...onFailure._statements, ...(onSuccess?._statements ?? [])],
      environment: {
        ...props.environment,
        [ENV.worker]: this.node.path,
        ...(failure && { [FUNCTION_ENV.failure]: Stack.of(this).toJsonString(failure) }),
      },
    });
    this.function = fn;
    this.logGroup = logGroup;
    this.grantPrincipal = grantPrincipal;
    this.payloadStore = props.payloadStore;
    if (props.payloadStore) new Inlets(this, fn, permissions).reads(props.payloadStore, this);
    invokeConfig(this, { fn, permissions, onSuccess, onFailure, retryAttempts, maxEventAge });

    const alarms = new AsyncAlarms(this, 'Alarms', {
      name: this.node.path,
      function: fn,
      dropped: this.metricEventsDropped(),
      age: this.metricEventAge(),
      undelivered: this.metricDestinationDeliveryFailures(),
      deadLetterQueue: this.deadLetterQueue,
      deadLetterErrors: hasDeadLetters(fn) ? fn.metric('DeadLetterErrors', { statistic: 'sum' }) : undefined,
      maxAge: lateAfter(known(retryAttempts), knownSeconds(maxEventAge), knownSeconds(timeout)),
      alarmTopic: props.alarmTopic,
    });
    this.droppedAlarm = alarms.dropped;
    this.ageAlarm = alarms.age;
    this.destinationAlarm = alarms.undelivered;
    this.errorAlarm = alarms.errors;
    this.throttleAlarm = alarms.throttles;
    this.deadLetterAlarm = alarms.deadLetters;
    this.deadLetterErrorAlarm = alarms.deadLetterErrors;
    inventory(this, 'AsyncFunction', { deadLetterQueue: this.deadLetterQueue, function: fn, logGroup });
    shows(this, () => functionView(this));
  }

  /** Let somebody invoke the function: this version of it, no other. */
  public grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['lambda:InvokeFunction'],
      resourceArns: [this.function.functionArn],
    });
  }

  /**
   * Let a function invoke this one: the permission, and the variable that `invoker(name)` of the runtime reads in its code.
   *
   * @param fn the function that invokes; also that of a worker
   * @param name what it calls the connection; default: the id of this construct
   * @throws InvalidInput if it is this very function
   */
  public connectInvoker(fn: lambda.IFunction, name?: string): void {
    if (fn === this.function) {
      throw new InvalidInput(
        {
          what: 'invoker',
          got: 'the function itself',
          expected: 'another function',
          todo: 'use a queue: Lambda stops a function that invokes itself after about 16 times',
        },
        this,
      );
    }
    const { maxBytes, payloadStore } = this;
    connectInvoker({ owner: this, functionArn: this.function.functionArn, maxBytes, payloadStore }, fn, name);
  }

  /** Events that the handler has dealt with. Sum of 5 minutes by default. */
  public metricProcessed(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.processed, options);
  }

  /** Attempts that failed, the last ones included. Sum of 5 minutes by default. */
  public metricRetried(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.retried, options);
  }

  /** Events that the runtime moved to the failure destination. Sum of 5 minutes by default. */
  public metricDead(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return workerMetric(this, METRIC.dead, options);
  }

  /** Events that Lambda has given up. Sum of 5 minutes by default. */
  public metricEventsDropped(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.function.metric('AsyncEventsDropped', { statistic: 'sum', ...options });
  }

  /** How long events waited for their invocation, in milliseconds. Maximum of 5 minutes by default. */
  public metricEventAge(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.function.metric('AsyncEventAge', { statistic: 'max', ...options });
  }

  /** Records that Lambda could not deliver. Sum of 5 minutes by default. */
  public metricDestinationDeliveryFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.function.metric('DestinationDeliveryFailures', { statistic: 'sum', ...options });
  }
}

/** Longer than retries take, and before events are given up. */
function lateAfter(retryAttempts = 2, maxEventAge = LATE_SECONDS, timeout = LATE_SECONDS): number {
  const retries = lastAttemptAfter(retryAttempts, timeout);
  return Math.min(Math.max(LATE_SECONDS, retries), Math.ceil(maxEventAge / 2));
}

const hasDeadLetters = (fn: lambda.IFunction): boolean =>
  fn instanceof lambda.Function && (fn.deadLetterQueue !== undefined || fn.deadLetterTopic !== undefined);
