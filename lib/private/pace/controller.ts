import { Duration, Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, Dependable } from 'constructs';
import { ENV, type LevelingSpec, PACE_ENV } from '../contract';
import { grantToLogs } from '../key-grants';
import { shippedHandler } from '../shipped-handler';
import { controllerStatements, mappingStatement } from './statements';

export interface PaceControllerProps {
  readonly worker: string;
  readonly spec: LevelingSpec;
  readonly table: dynamodb.Table;
  readonly queue: sqs.IQueue;
  /** Missing: somebody else changes it. */
  readonly mapping?: lambda.EventSourceMapping;
  readonly encryptionKey?: kms.IKey;
}

const TIMEOUT = Duration.seconds(30);
const MEMORY_MIB = 256;

/** The function that changes the pace, and reads the backlog once a minute, also while nobody works on it. */
export class PaceController extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: PaceControllerProps) {
    super(scope, id);
    const { spec, table, queue, mapping, encryptionKey } = props;
    const logGroup = new logs.LogGroup(this, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, encryptionKey });
    if (encryptionKey) grantToLogs(this, encryptionKey);
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    const permissions = new iam.ManagedPolicy(this, 'Policy', {
      statements: [
        ...controllerStatements(table, queue.queueArn, logGroup.logGroupArn),
        ...(mapping ? [mappingStatement(mapping.eventSourceMappingArn)] : []),
      ],
      roles: [role],
    });
    // As in a worker's function: whoever waits for the role waits for what it may do.
    Dependable.implement(role, { dependencyRoots: [permissions] });

    this.function = new lambda.Function(this, 'Function', {
      description: 'Changes the pace of a queue, and reads its backlog',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: shippedHandler('pace-controller'),
      handler: 'index.handler',
      timeout: TIMEOUT,
      memorySize: MEMORY_MIB,
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      environmentEncryption: encryptionKey,
      environment: {
        [ENV.worker]: props.worker,
        [ENV.queueUrl]: queue.queueUrl,
        [PACE_ENV.spec]: Stack.of(this).toJsonString(spec),
        ...(mapping && { [PACE_ENV.mapping]: mapping.eventSourceMappingId }),
      },
    });

    new events.Rule(this, 'Schedule', {
      description: 'Has the backlog of a queue read, and puts right what an earlier change of its pace did not',
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
}
