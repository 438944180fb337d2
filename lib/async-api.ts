import { Duration, Size, Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ApiAuthorization } from './api-authorization';
import type { AsyncApiProps } from './async-api-props';
import type { AsyncWorker } from './async-worker';
import type { PayloadStore } from './payload-store';
import { alarm } from './private/alarm';
import { Completions } from './private/async-api/completions';
import { apiRefusals } from './private/async-api/numbers';
import { jobsRestApi } from './private/async-api/rest-api';
import { clientStatements, sendStatements, storeStatements, workerStatements } from './private/async-api/statements';
import { JOBS_ENV, JOBS_TABLE, type JobsSpec } from './private/contract';
import { shows } from './private/dashboard/view';
import { apiView } from './private/dashboard/views';
import { granteeOf, type Pressure, tell } from './private/fan-out/connect';
import { inventory } from './private/inventory';
import { ownFunction } from './private/own-function';
import { InvalidInput } from './private/problem';

/** API Gateway gives up after 29 seconds. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const TIMEOUT = Duration.seconds(29);
const DEFAULT_MEMORY_MIB = 256;

/**
 * Work that takes longer than a request: `POST /jobs` answers 202 and where the job is, `GET /jobs/{id}` its status, progress
 * and result, `GET /jobs/{id}?wait=20` the same when it changes, and `DELETE /jobs/{id}` cancels it. Every job ends once, and
 * none waits for ever.
 *
 * @example
 * const invoices = new AsyncWorker(this, 'Invoices', { handler: Handler.fromEntry('lambda/invoices.ts') });
 * const api = new AsyncApi(this, 'Api', { queue: invoices, handler: Handler.fromEntry('lambda/invoices-api.ts') });
 * api.grantInvoke(caller);
 */
export class AsyncApi extends Construct implements iam.IGrantable {
  /** What is called. */
  public readonly restApi: apigateway.RestApi;
  /** Where jobs are posted to. */
  public readonly url: string;
  /** The function behind the API. */
  public readonly function: lambda.Function;
  /** Its logs. */
  public readonly logGroup: logs.LogGroup;
  /** One JSON line a request. */
  public readonly accessLogGroup: logs.LogGroup;
  /** The jobs. */
  public readonly table: dynamodb.Table;
  /** Calls back; missing without `webhook`. */
  public readonly webhookWorker?: AsyncWorker;
  /** What signs the calls; missing without `webhook`. */
  public readonly webhookSecret?: secretsmanager.ISecret;
  /** Fires when requests fail with 5xx. */
  public readonly errorAlarm: cloudwatch.Alarm;
  /** Fires when ends of jobs cannot be told; missing without `completions` and `webhook`. */
  public readonly completionsAlarm?: cloudwatch.Alarm;
  /** The role of the function behind the API. */
  public readonly grantPrincipal: iam.IPrincipal;

  private readonly spec: JobsSpec;
  private readonly queue: sqs.IQueue;
  private readonly pressure?: Pressure;
  private readonly payloadStore?: PayloadStore;
  private readonly methods: apigateway.Method[];

  public constructor(scope: Construct, id: string, props: AsyncApiProps) {
    super(scope, id);
    const { queue, encryptionKey, completions, webhook, alarmTopic, payloadStore } = props;
    const maxAge = props.maxAge ?? Duration.days(1);
    const retention = props.retention ?? Duration.days(7);
    const maxBodySize = props.maxBodySize ?? Size.kibibytes(256);
    const rateLimit = props.rateLimit ?? 100;
    const burstLimit = props.burstLimit ?? 200;
    const memorySize = props.memorySize ?? DEFAULT_MEMORY_MIB;
    const [problem] = apiRefusals({ maxAge, retention, maxBodySize, rateLimit, burstLimit, memorySize });
    if (problem) throw new InvalidInput(problem, this);
    const code = props.handler._code;
    if (!code) {
      throw new InvalidInput(
        {
          what: 'handler',
          got: 'Handler.fromFunction',
          expected: 'Handler.fromEntry',
          todo: 'give an entry that exports jobsApi({ schema }): what it takes, it must write as the worker reads it',
        },
        this,
      );
    }

    if (typeof queue._serveJobs !== 'function') {
      throw new InvalidInput(
        {
          what: 'queue',
          got: queue.node.path,
          expected: 'a construct of this library with a worker',
          todo: 'give an AsyncWorker or a LoadLevelingQueue: it keeps the state of the jobs that it does',
        },
        this,
      );
    }
    this.payloadStore = payloadStore;
    this.queue = queue._jobQueue();
    this.pressure = queue._pressure();
    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: JOBS_TABLE.key, type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: JOBS_TABLE.ttl,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: completions || webhook ? dynamodb.StreamViewType.NEW_AND_OLD_IMAGES : undefined,
      encryptionKey,
    });
    this.spec = {
      name: this.node.path,
      table: this.table.tableName,
      queue: {
        queueUrl: this.queue.queueUrl,
        fifo: false,
        ...(this.pressure && { backpressure: this.pressure.spec }),
      },
      maxAge: maxAge.toSeconds(),
      retention: retention.toSeconds(),
      maxBodyBytes: maxBodySize.toBytes(),
      callbacks: webhook?._callers ?? false,
      ...(payloadStore && { results: payloadStore._spec(this) }),
    };
    payloadStore?._use(this, Math.ceil(maxAge.plus(retention).toDays({ integral: false })));
    queue._serveJobs({
      api: this,
      spec: this.spec,
      statements: [...workerStatements(this.table), ...(payloadStore ? storeStatements(this, payloadStore) : [])],
    });

    const {
      function: fn,
      logGroup,
      grantPrincipal,
    } = ownFunction(this, {
      code,
      description: 'Takes jobs, tells of them and cancels them',
      timeout: TIMEOUT,
      memorySize,
      environment: {
        NODE_OPTIONS: '--enable-source-maps',
        [JOBS_ENV.api]: Stack.of(this).toJsonString(this.spec),
      },
      encryptionKey,
      statements: this.clientStatements(),
    });
    this.function = fn;
    this.logGroup = logGroup;
    this.grantPrincipal = grantPrincipal;

    const { api, accessLogGroup, methods } = jobsRestApi(this, {
      description: `${this.node.path}: work that takes longer than a request`,
      door: fn,
      authorization: props.authorization ?? ApiAuthorization.iam(),
      rateLimit,
      burstLimit,
      cloudWatchRole: props.cloudWatchRole ?? false,
      encryptionKey,
    });
    this.restApi = api;
    this.url = api.urlForPath('/jobs');
    this.accessLogGroup = accessLogGroup;
    this.methods = methods;

    if (completions || webhook) {
      const told = new Completions(this, 'Completions', {
        name: this.node.path,
        table: this.table,
        topic: completions,
        webhook,
        encryptionKey,
        alarmTopic,
      });
      this.webhookWorker = told.webhookWorker;
      this.webhookSecret = told.webhookSecret;
      this.completionsAlarm = told.deadLetterAlarm;
    }

    this.errorAlarm = alarm(this, 'Errors', alarmTopic, {
      runbook: 'api-errors',
      alarmDescription:
        `${this.node.path}: requests fail with 5xx; callers may repeat them under the same Idempotency-Key. Runbook: read ` +
        "the function's log; may it write to the table and send to the queue, is one of them throttled, or does the function " +
        'time out?',
      metric: this.metricServerError(),
      threshold: 1,
      evaluationPeriods: 1,
      // No requests, no errors.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    inventory(this, 'AsyncApi', { function: fn, logGroup, table: this.table });
    shows(this, () => apiView(this));
  }

  /** Let somebody call the API, under `ApiAuthorization.iam()`. */
  public grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: this.methods.map(({ methodArn }) => methodArn),
    });
  }

  /**
   * Let a function submit jobs without going through the API, and tell it where: `jobs(name)` of `cdk-async-patterns/runtime`.
   *
   * @param fn the function that submits; also that of a worker
   * @param name what it calls these jobs; the id of this construct by default
   */
  public connectClient(fn: lambda.IFunction, name?: string): void {
    tell(this, fn, JOBS_ENV.client, name, this.spec);
    const grantee = granteeOf(fn);
    if (!grantee) return;
    for (const statement of this.clientStatements()) grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }

  /** Requests. Sum of 5 minutes by default. */
  public metricCount(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.restApi.metricCount({ statistic: 'sum', ...options });
  }

  /** Requests that were refused. Sum of 5 minutes by default. */
  public metricClientError(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.restApi.metricClientError({ statistic: 'sum', ...options });
  }

  /** Requests that failed. Sum of 5 minutes by default. */
  public metricServerError(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.restApi.metricServerError({ statistic: 'sum', ...options });
  }

  /** Milliseconds of a request, in which callers may have waited on purpose. Average of 5 minutes by default. */
  public metricLatency(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.restApi.metricLatency(options);
  }

  private clientStatements(): iam.PolicyStatement[] {
    const stored = this.payloadStore?._readStatements(this) ?? [];
    return [
      ...clientStatements(this.table),
      ...sendStatements('sqs:SendMessage', this.queue.queueArn, this.queue.encryptionMasterKey),
      ...(this.pressure?.statements ?? []),
      ...stored.map((it) => new iam.PolicyStatement(it)),
    ];
  }
}
