import { Stack, Tokenization } from 'aws-cdk-lib';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { AsyncWorkerProps } from '../async-worker';
import { WorkerAlarms } from './alarms';
import { ENV } from './contract';
import { Inlets } from './inlets';
import { workerFunction } from './worker-function';
import { withForgiven, workerNumbers } from './worker-numbers';
import { workerQueues } from './worker-queues';

/** What a construct adds to its worker. */
export interface WorkerExtras {
  readonly statements: iam.PolicyStatement[];
  readonly environment: { [key: string]: string };
  /** How many receives its messages are forgiven, at most. */
  readonly forgivenReceives?: number;
  /** Seconds that a message is expected to wait, at most. */
  readonly expectedAge?: number;
}

/** What makes a worker, whatever construct it is part of. */
export interface WorkerParts {
  readonly queue: sqs.Queue;
  readonly deadLetterQueue: sqs.Queue;
  readonly fn: lambda.IFunction;
  readonly logGroup?: logs.LogGroup;
  readonly grantPrincipal: iam.IPrincipal;
  readonly idempotencyTable?: dynamodb.ITable;
  readonly eventSourceMapping: lambda.EventSourceMapping;
  readonly permissions: iam.ManagedPolicy;
  /** How often SQS hands out a message of a queue whose runtime counts attempts itself. */
  readonly redriveCount: number;
  /** In what guises messages come. */
  readonly inlets: Inlets;
  readonly alarms: WorkerAlarms;
}

/** Makes the queues, the function, what connects them, and the alarms, in the scope of the construct. */
export function workerParts(scope: Construct, props: AsyncWorkerProps, extras?: WorkerExtras): WorkerParts {
  const { encryptionKey, circuitBreaker } = props;
  const forgiving = circuitBreaker !== undefined || extras?.forgivenReceives !== undefined;
  const numbers = workerNumbers(scope, { ...props, forgiving, forgivenReceives: extras?.forgivenReceives });
  const { queue, deadLetterQueue } = workerQueues(scope, numbers, encryptionKey);

  const idempotency = props.idempotency?._bind(scope, encryptionKey);
  const guard = circuitBreaker?._guard(scope);
  const { fn, logGroup, grantPrincipal, permissions } = workerFunction(scope, {
    ...props,
    statements: [...(idempotency?.statements ?? []), ...(guard?.statements ?? []), ...(extras?.statements ?? [])],
    timeout: numbers.timeout,
    queue,
    deadLetterQueue,
    environment: {
      ...props.environment,
      [ENV.worker]: scope.node.path,
      [ENV.queueUrl]: queue.queueUrl,
      [ENV.deadLetterQueueUrl]: deadLetterQueue.queueUrl,
      [ENV.maxReceiveCount]: Tokenization.stringifyNumber(numbers.maxReceiveCount),
      [ENV.backoff]: Stack.of(scope).toJsonString(numbers.backoff),
      ...guard?.environment,
      ...extras?.environment,
      ...(idempotency && { [ENV.idempotency]: Stack.of(scope).toJsonString(idempotency.spec) }),
    },
  });

  const inlets = new Inlets(scope, fn, permissions);
  if (props.payloadStore) inlets.reads(props.payloadStore, scope);

  const eventSourceMapping = new lambda.EventSourceMapping(scope, 'EventSourceMapping', {
    target: fn,
    eventSourceArn: queue.queueArn,
    batchSize: numbers.batchSize,
    maxBatchingWindow: numbers.maxBatchingWindow,
    maxConcurrency: props.maxConcurrency,
    reportBatchItemFailures: true,
  });
  // Lambda checks the role's permissions when the mapping is made.
  eventSourceMapping.node.addDependency(permissions);
  circuitBreaker?._pause(eventSourceMapping, props.maxConcurrency);

  const alarms = new WorkerAlarms(scope, 'Alarms', {
    name: scope.node.path,
    queue,
    deadLetterQueue,
    function: fn,
    maxAge: Math.max(numbers.maxAge, extras?.expectedAge ?? 0),
    alarmTopic: props.alarmTopic,
  });
  return {
    queue,
    deadLetterQueue,
    fn,
    logGroup,
    grantPrincipal,
    idempotencyTable: idempotency?.table,
    eventSourceMapping,
    permissions,
    redriveCount: withForgiven(numbers.maxReceiveCount, extras?.forgivenReceives),
    inlets,
    alarms,
  };
}
