import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BREAKER_ENV, BREAKER_TABLE, type BreakerSpec, type MappingSpec } from '../contract';
import { ownFunction } from '../own-function';
import { controllerStatements, mappingStatement, useOfKey } from './statements';

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
    const stack = Stack.of(this);
    const made = ownFunction(this, {
      code: 'breaker-controller',
      description: 'Pauses the workers of a circuit breaker while it is open',
      timeout: TIMEOUT,
      memorySize: MEMORY_MIB,
      encryptionKey,
      statements: controllerStatements(table),
      environment: {
        [BREAKER_ENV.spec]: stack.toJsonString(spec),
        [BREAKER_ENV.mappings]: Lazy.string({ produce: () => stack.toJsonString(this.mappings) }),
      },
    });
    this.function = made.function;
    this.logGroup = made.logGroup;
    this.permissions = made.permissions;
    this.permissions.addStatements(...useOfKey(table));

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
