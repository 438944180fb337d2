import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct, Dependable } from 'constructs';
import { BREAKER_ENV, BREAKER_TABLE, type BreakerSpec, type MappingSpec } from '../contract';
import { grantToLogs } from '../key-grants';
import { shippedHandler } from '../shipped-handler';
import { controllerStatements, mappingStatement } from './statements';

export interface BreakerControllerProps {
  readonly spec: BreakerSpec;
  readonly table: dynamodb.Table;
  readonly encryptionKey?: kms.IKey;
}

/** A run takes a few requests a worker. The controller counts on none taking longer than a minute. */
const TIMEOUT = Duration.seconds(30);
const MEMORY_MIB = 256;

/** The function that pauses and resumes event source mappings, when the state changes and once a minute. */
export class BreakerController extends Construct {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;
  private readonly mappings: MappingSpec[] = [];
  private readonly permissions: iam.ManagedPolicy;
  private access?: iam.PolicyStatement;

  constructor(scope: Construct, id: string, { spec, table, encryptionKey }: BreakerControllerProps) {
    super(scope, id);
    this.logGroup = new logs.LogGroup(this, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, encryptionKey });
    if (encryptionKey) grantToLogs(this, encryptionKey);
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    this.permissions = new iam.ManagedPolicy(this, 'Policy', {
      statements: controllerStatements(table, this.logGroup),
      roles: [role],
    });
    // As in a worker's function: whoever waits for the role waits for what it may do.
    Dependable.implement(role, { dependencyRoots: [this.permissions] });

    const stack = Stack.of(this);
    this.function = new lambda.Function(this, 'Function', {
      description: 'Pauses the workers of a circuit breaker while it is open',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: shippedHandler('breaker-controller'),
      handler: 'index.handler',
      timeout: TIMEOUT,
      memorySize: MEMORY_MIB,
      role,
      logGroup: this.logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      environmentEncryption: encryptionKey,
      environment: {
        [BREAKER_ENV.spec]: stack.toJsonString(spec),
        [BREAKER_ENV.mappings]: Lazy.string({ produce: () => stack.toJsonString(this.mappings) }),
      },
    });

    const stream = new lambda.EventSourceMapping(this, 'Stream', {
      target: this.function,
      eventSourceArn: table.tableStreamArn!,
      startingPosition: lambda.StartingPosition.LATEST,
      filters: STAGES_THAT_CONCERN_MAPPINGS,
      batchSize: 10,
      // A run looks at the state as it is: one that failed is worth trying again for as long as the next is not due.
      bisectBatchOnError: true,
      retryAttempts: 3,
      maxRecordAge: Duration.minutes(1),
    });
    stream.node.addDependency(this.permissions);

    new events.Rule(this, 'Schedule', {
      description: 'Has a circuit breaker probe when it is time, and puts right what an earlier run did not',
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [
        new LambdaFunction(this.function, {
          event: events.RuleTargetInput.fromObject({ action: 'reconcile' }),
          // The next one comes in a minute.
          retryAttempts: 0,
        }),
      ],
    });
  }

  get size(): number {
    return this.mappings.length;
  }

  pauses(mapping: lambda.IEventSourceMapping, maxConcurrency: number | undefined): void {
    this.mappings.push({ id: mapping.eventSourceMappingId, maxConcurrency });
    if (this.access) this.access.addResources(mapping.eventSourceMappingArn);
    else {
      this.access = mappingStatement(mapping.eventSourceMappingArn);
      this.permissions.addStatements(this.access);
    }
  }
}

const on = (attribute: string, value: object): { [key: string]: unknown } =>
  lambda.FilterCriteria.filter({
    dynamodb: { Keys: { [BREAKER_TABLE.key]: { S: [BREAKER_TABLE.row] } }, NewImage: { [attribute]: value } },
  });

/** Counting calls changes the row too, and the other rows are messages. */
const STAGES_THAT_CONCERN_MAPPINGS = [
  on(BREAKER_TABLE.state, { S: ['open', 'halfOpen'] }),
  on(BREAKER_TABLE.paused, { SS: lambda.FilterRule.exists() }),
];
