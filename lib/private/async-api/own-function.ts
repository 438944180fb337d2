import type { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { type Construct, Dependable } from 'constructs';
import type { HandlerCode } from '../../handler';
import { GrantedPolicy } from '../granted-policy';
import { grantToLogs } from '../key-grants';

export interface OwnFunctionProps {
  readonly code: HandlerCode;
  readonly description: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly reservedConcurrentExecutions?: number;
  readonly environment: { [key: string]: string };
  readonly encryptionKey?: kms.IKey;
  readonly statements: iam.PolicyStatement[];
}

export interface OwnFunction {
  readonly fn: lambda.Function;
  readonly logGroup: logs.LogGroup;
  readonly grantPrincipal: iam.IPrincipal;
  readonly permissions: iam.ManagedPolicy;
}

/** A function with a role and a log group of its own, and one managed policy of exactly what it may do. */
export function ownFunction(scope: Construct, props: OwnFunctionProps): OwnFunction {
  const { encryptionKey } = props;
  const logGroup = new logs.LogGroup(scope, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, encryptionKey });
  if (encryptionKey) grantToLogs(scope, encryptionKey);
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const permissions = new iam.ManagedPolicy(scope, 'Policy', {
    statements: [
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
      ...props.statements,
    ],
    roles: [role],
  });
  const granted = new GrantedPolicy(scope, 'Grants', role);
  // As in a worker's function: whoever waits for the role waits for what it may do.
  Dependable.implement(role, {
    get dependencyRoots() {
      return [permissions, ...granted.policies];
    },
  });
  const fn = new lambda.Function(scope, 'Function', {
    ...props.code,
    description: props.description,
    timeout: props.timeout,
    memorySize: props.memorySize,
    reservedConcurrentExecutions: props.reservedConcurrentExecutions,
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environmentEncryption: encryptionKey,
    environment: props.environment,
  });
  return { fn, logGroup, grantPrincipal: granted, permissions };
}
