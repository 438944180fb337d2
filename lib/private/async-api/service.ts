import { Annotations, Stack, Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { CfnQueue, type IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { JOBS_ENV, type JobsSpec } from '../contract';
import { InvalidInput } from '../problem';

/** What a worker is told and may do, to keep the state of an API's jobs. */
export interface JobsService {
  readonly api: IConstruct;
  readonly spec: JobsSpec;
  readonly statements: iam.PolicyStatement[];
}

export interface JobsServer {
  readonly worker: IConstruct;
  readonly queue: IQueue;
  readonly function: lambda.IFunction;
  readonly permissions: iam.ManagedPolicy;
  /** When SQS may dead-letter by itself. */
  readonly redriveCount: number;
  readonly isIdempotent: boolean;
}

const served = new WeakMap<IConstruct, IConstruct>();

/** Has a worker keep the state of jobs around its handler. */
export function serveJobs(server: JobsServer, { api, spec, statements }: JobsService): void {
  const { worker, queue, function: fn, permissions, redriveCount } = server;
  const refuse = (got: string, expected: string, todo: string): InvalidInput =>
    new InvalidInput({ what: `queue ${worker.node.path}`, got, expected, todo }, api);
  if (queue.fifo) {
    throw refuse('a FIFO queue', 'a standard queue', 'jobs are independent; use a worker of its own for them');
  }
  if (server.isIdempotent) {
    throw refuse(
      'a worker with idempotency',
      'one without',
      'leave it out: callers send an Idempotency-Key, and a job is one piece of work however often its message comes',
    );
  }
  const other = served.get(worker);
  if (other) {
    throw refuse(`the worker of ${other.node.path}`, 'a worker for each API', 'give this API a worker of its own');
  }
  if (Stack.of(worker) !== Stack.of(api)) {
    throw refuse(
      'a worker of another stack',
      'a worker in the stack of the API',
      'make it there: API and worker refer to each other, which stacks cannot',
    );
  }
  served.set(worker, api);

  permissions.addStatements(...statements);
  const value = Stack.of(worker).toJsonString(spec);
  if (fn instanceof lambda.Function) fn.addEnvironment(JOBS_ENV.worker, value);
  else {
    Annotations.of(worker).addWarningV2(
      'cdk-async-patterns:importedFunction',
      `the environment of ${fn.node.path} cannot be set from here; give it the variable ${JOBS_ENV.worker}, ${
        Token.isUnresolved(value) ? 'JSON as another function of this API has it' : value
      }, and acknowledge this`,
    );
  }
  // A job must not die without its end being written: the runtime ends what has had its attempts, SQS is the net below.
  const resource = queue.node.defaultChild;
  if (resource instanceof CfnQueue) resource.addPropertyOverride('RedrivePolicy.maxReceiveCount', redriveCount);
}
