import { Annotations, type Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { type Construct, Dependable } from 'constructs';
import type { Handler } from '../handler';
import { GrantedPolicy } from './granted-policy';
import { grantToLogs } from './key-grants';
import { workerPolicy } from './permissions';
import { InvalidInput } from './problem';

export interface WorkerFunctionProps {
  readonly handler: Handler;
  readonly timeout: Duration;
  readonly memorySize?: number;
  readonly reservedConcurrentExecutions?: number;
  readonly encryptionKey?: kms.IKey;
  readonly environment: { [key: string]: string };
  /** What is polled for it; another source comes with its statements. */
  readonly queue?: sqs.IQueue;
  readonly deadLetterQueue: sqs.IQueue;
  /** What it may do beyond the queues and the log. */
  readonly statements: iam.PolicyStatement[];
}

export interface WorkerFunction {
  readonly fn: lambda.IFunction;
  readonly logGroup?: logs.LogGroup;
  readonly grantPrincipal: iam.IPrincipal;
  /** Must be there before Lambda polls for the function. */
  readonly permissions: iam.ManagedPolicy;
}

const DEFAULT_MEMORY_MIB = 256;

/** The function of a worker with its permissions: made from an entry, with its own role and log group, or the user's. */
export function workerFunction(scope: Construct, props: WorkerFunctionProps): WorkerFunction {
  const code = props.handler._code;
  return code ? newFunction(scope, props, code) : existingFunction(scope, props, props.handler._function!);
}

function newFunction(
  scope: Construct,
  props: WorkerFunctionProps,
  code: NonNullable<Handler['_code']>,
): WorkerFunction {
  const { encryptionKey, environment, deadLetterQueue } = props;
  const logGroup = new logs.LogGroup(scope, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, encryptionKey });
  if (encryptionKey) grantToLogs(scope, encryptionKey);
  // Without the managed policy for basic execution, which allows writing to every log group.
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const permissions = workerPolicy(scope, 'Policy', { ...props, logGroup });
  permissions.attachToRole(role);
  const granted = new GrantedPolicy(scope, 'Grants', role);
  // Whoever waits for the role waits for what it may do; that the role comes first, its policies say themselves.
  Dependable.implement(role, {
    get dependencyRoots() {
      return [permissions, ...granted.policies];
    },
  });
  const fn = new lambda.Function(scope, 'Function', {
    ...code,
    timeout: props.timeout,
    memorySize: props.memorySize ?? DEFAULT_MEMORY_MIB,
    reservedConcurrentExecutions: props.reservedConcurrentExecutions,
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environmentEncryption: encryptionKey,
    environment: { NODE_OPTIONS: '--enable-source-maps', ...environment },
  });
  if (!deadLetterQueue.fifo) {
    // For somebody who invokes the function asynchronously, past the queue. Lambda takes no FIFO queue here. On the L1: the
    // L2 would grant what the policy allows already.
    (fn.node.defaultChild as lambda.CfnFunction).deadLetterConfig = { targetArn: deadLetterQueue.queueArn };
  }
  return { fn, logGroup, grantPrincipal: granted, permissions };
}

function existingFunction(scope: Construct, props: WorkerFunctionProps, fn: lambda.IFunction): WorkerFunction {
  for (const name of ['memorySize', 'reservedConcurrentExecutions'] as const) {
    if (props[name] !== undefined) {
      throw new InvalidInput(
        {
          what: name,
          got: props[name],
          expected: 'nothing with Handler.fromFunction',
          todo: 'set it on the function itself',
        },
        scope,
      );
    }
  }
  if (fn instanceof lambda.Function) {
    for (const [name, value] of Object.entries(props.environment)) fn.addEnvironment(name, value);
  } else {
    Annotations.of(scope).addWarningV2(
      'cdk-async-patterns:importedFunction',
      `the environment and the timeout of ${fn.node.path} cannot be set or seen from here${fn.role ? '' : ', nor has it a role that could be granted to'}; ` +
        `give the function the variables ${Object.keys(props.environment).join(', ')}, pass its timeout to the worker, ` +
        'see that its role has what the policy of the worker allows, and acknowledge this',
    );
  }
  const permissions = workerPolicy(scope, 'Policy', props);
  if (fn.role) permissions.attachToRole(fn.role);
  return { fn, grantPrincipal: fn.grantPrincipal, permissions };
}
