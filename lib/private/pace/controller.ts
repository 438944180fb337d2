import { Duration, Stack } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV, type LevelingSpec, PACE_ENV } from '../contract';
import { ownFunction } from '../own-function';
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
    this.function = ownFunction(this, {
      code: 'pace-controller',
      description: 'Changes the pace of a queue, and reads its backlog',
      timeout: TIMEOUT,
      memorySize: MEMORY_MIB,
      encryptionKey,
      statements: [
        ...controllerStatements(table, queue.queueArn),
        ...(mapping ? [mappingStatement(mapping.eventSourceMappingArn)] : []),
      ],
      environment: {
        [ENV.worker]: props.worker,
        [ENV.queueUrl]: queue.queueUrl,
        [PACE_ENV.spec]: Stack.of(this).toJsonString(spec),
        ...(mapping && { [PACE_ENV.mapping]: mapping.eventSourceMappingId }),
      },
    }).function;

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
