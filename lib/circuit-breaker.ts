import { Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BreakerAlarms } from './private/breaker/alarms';
import { BreakerController } from './private/breaker/controller';
import { breakerRefusals, MAX_WORKERS } from './private/breaker/limits';
import { workerStatements } from './private/breaker/statements';
import { BREAKER_ENV, BREAKER_METRIC, BREAKER_TABLE, type BreakerSpec } from './private/contract';
import { shows } from './private/dashboard/view';
import { breakerView } from './private/dashboard/views';
import { inventory } from './private/inventory';
import { breakerMetric } from './private/metrics';
import { InvalidInput } from './private/problem';

/** Properties of a `CircuitBreaker`. */
export interface CircuitBreakerProps {
  /**
   * Share of the calls within the window that must fail before it opens: above 0, up to 1.
   * @default 0.5
   */
  readonly failureRatio?: number;

  /**
   * With fewer calls than that within the window it stays closed. When so many fail in a row in one process of a worker, it
   * opens at once, however many have succeeded before.
   * @default 10
   */
  readonly minimumCalls?: number;

  /**
   * How far back calls count, 10 seconds to 1 hour.
   * @default Duration.minutes(1)
   */
  readonly window?: Duration;

  /**
   * How long it stays open before one message probes the dependency. The schedule comes round once a minute, so a shorter
   * one lasts up to a minute longer. It doubles with every time that the breaker opens before it was healthy for a window.
   * @default Duration.minutes(1)
   */
  readonly coolDown?: Duration;

  /**
   * The longest that `coolDown` grows to.
   * @default - 15 minutes, or `coolDown` if that is longer
   */
  readonly maxCoolDown?: Duration;

  /**
   * Who hears of alarms.
   * @default - the alarms exist and notify nobody
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Customer-managed key for the table, the log group and the controller's environment.
   * @default - AWS-owned keys
   */
  readonly encryptionKey?: kms.IKey;
}

const MAX_COOL_DOWN_SECONDS = 900;

const known = (value: number | undefined): number | undefined => (Token.isUnresolved(value) ? undefined : value);
const knownSeconds = (value: Duration): number | undefined =>
  value.isUnresolved() ? undefined : value.toSeconds({ integral: false });

/**
 * Pauses the workers that depend on something while that is down. One for each dependency, shared by the workers that call
 * it: `circuitBreaker` of `AsyncWorker`. In their handlers, what counts as a failure is a thrown `DependencyError` of
 * `cdk-async-patterns/runtime`.
 *
 * Open, it disables the event source mappings of its workers, so that messages wait in their queues instead of spending
 * their receive counts. After the cool-down it lets one message through; if the dependency answers, everything resumes.
 *
 * To overrule it, invoke its controller with `{ "action": "open" }` or `{ "action": "close" }`, which hold it until
 * `{ "action": "auto" }`; `{ "action": "status" }` tells where it is.
 *
 * @example
 * const payments = new CircuitBreaker(this, 'Payments');
 * new AsyncWorker(this, 'Orders', { handler: Handler.fromEntry('lambda/orders.ts'), circuitBreaker: payments });
 */
export class CircuitBreaker extends Construct {
  /** The state, one row, and the receives that messages are forgiven. */
  public readonly table: dynamodb.Table;
  /** What pauses and resumes the workers. Let operators invoke it with `controller.grantInvoke`. */
  public readonly controller: lambda.Function;
  /** Fires while the breaker is not closed. */
  public readonly openAlarm: cloudwatch.Alarm;
  /** Fires when workers cannot reach the state and go on as if the breaker were closed. */
  public readonly unavailableAlarm: cloudwatch.Alarm;
  /** Fires when the controller fails run after run. */
  public readonly controllerAlarm: cloudwatch.Alarm;

  private readonly spec: BreakerSpec;
  private readonly pausing: BreakerController;

  public constructor(scope: Construct, id: string, props: CircuitBreakerProps = {}) {
    super(scope, id);
    const { failureRatio = 0.5, minimumCalls = 10, encryptionKey } = props;
    const window = props.window ?? Duration.minutes(1);
    const coolDown = props.coolDown ?? Duration.minutes(1);
    const maxCoolDown =
      props.maxCoolDown ?? Duration.seconds(Math.max(MAX_COOL_DOWN_SECONDS, knownSeconds(coolDown) ?? 0));
    const [problem] = breakerRefusals({
      failureRatio: known(failureRatio),
      minimumCalls: known(minimumCalls),
      window: knownSeconds(window),
      coolDown: knownSeconds(coolDown),
      maxCoolDown: knownSeconds(maxCoolDown),
    });
    if (problem) throw new InvalidInput(problem, this);

    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: BREAKER_TABLE.key, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: BREAKER_TABLE.ttl,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: dynamodb.StreamViewType.NEW_IMAGE,
      encryptionKey,
      // What it knows is of no use to anybody but the workers of this breaker.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.spec = {
      name: this.node.path,
      table: this.table.tableName,
      failureRatio,
      minimumCalls,
      window: window.toSeconds(),
      coolDown: coolDown.toSeconds(),
      maxCoolDown: maxCoolDown.toSeconds(),
    };
    this.pausing = new BreakerController(this, 'Controller', { spec: this.spec, table: this.table, encryptionKey });
    this.controller = this.pausing.function;

    const minute = Duration.minutes(1);
    const alarms = new BreakerAlarms(this, 'Alarms', {
      name: this.node.path,
      open: this.metricOpen({ period: minute }),
      unavailable: this.metricStateUnavailable({ period: minute }),
      controller: this.controller,
      alarmTopic: props.alarmTopic,
    });
    this.openAlarm = alarms.open;
    this.unavailableAlarm = alarms.unavailable;
    this.controllerAlarm = alarms.controller;
    inventory(this, 'CircuitBreaker', {
      controller: this.controller,
      table: this.table,
      logGroup: this.pausing.logGroup,
    });
    shows(this, () => breakerView(this));
  }

  /** 1 while the breaker is not closed, else 0. Maximum of 5 minutes by default. */
  public metricOpen(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return breakerMetric(this, BREAKER_METRIC.open, { statistic: 'max', ...options });
  }

  /** Times that a worker could not reach the state. Sum of 5 minutes by default. */
  public metricStateUnavailable(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return breakerMetric(this, BREAKER_METRIC.unavailable, { statistic: 'sum', ...options });
  }

  /**
   * What the function of a worker is told and may do.
   *
   * @internal
   */
  public _guard(worker: Construct): BreakerGuard {
    if (Stack.of(worker) !== Stack.of(this)) {
      throw new InvalidInput(
        {
          what: 'circuitBreaker',
          got: `${this.node.path} of another stack`,
          expected: 'a circuit breaker in the stack of the worker',
          todo: 'make one there: worker and breaker refer to each other, which stacks cannot',
        },
        worker,
      );
    }
    if (this.pausing.size >= MAX_WORKERS) {
      throw new InvalidInput(
        {
          what: 'circuitBreaker',
          got: `worker number ${MAX_WORKERS + 1} of ${this.node.path}`,
          expected: `at most ${MAX_WORKERS} workers`,
          todo: 'make another circuit breaker for the same dependency',
        },
        worker,
      );
    }
    return {
      environment: { [BREAKER_ENV.spec]: Stack.of(this).toJsonString(this.spec) },
      statements: workerStatements(this.table),
    };
  }

  /**
   * Has a worker's event source mapping paused while the breaker is open.
   *
   * @internal
   */
  public _pause(mapping: lambda.IEventSourceMapping, maxConcurrency: number | undefined): void {
    this.pausing.pauses(mapping, maxConcurrency);
  }
}

/** @internal */
export interface BreakerGuard {
  readonly environment: { [key: string]: string };
  readonly statements: iam.PolicyStatement[];
}
