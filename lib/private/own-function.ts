import type { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { type Construct, Dependable } from 'constructs';
import { Handler, type HandlerCode } from '../handler';
import { GrantedPolicy } from './granted-policy';
import { grantToLogs } from './key-grants';
import { shipped } from './shipped';

export interface OwnFunctionProps {
  /** The user's, or that of a directory below lambda/handlers, by its name. */
  readonly code: HandlerCode | string;
  readonly description: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly environment: { [key: string]: string };
  /** What it may do beyond writing its log. */
  readonly statements: iam.PolicyStatement[];
  readonly encryptionKey?: kms.IKey;
}

export interface OwnFunction {
  readonly function: lambda.Function;
  readonly logGroup: logs.LogGroup;
  /** Must be there before Lambda polls for the function. */
  readonly permissions: iam.ManagedPolicy;
  /** What others grant it is in a managed policy too. */
  readonly grantPrincipal: iam.IPrincipal;
}

/** A function with a role and a log group of its own, and one managed policy of exactly what it may do. */
export function ownFunction(scope: Construct, props: OwnFunctionProps): OwnFunction {
  const { encryptionKey, code } = props;
  const logGroup = new logs.LogGroup(scope, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, encryptionKey });
  if (encryptionKey) grantToLogs(scope, encryptionKey);
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const permissions = new iam.ManagedPolicy(scope, 'Policy', {
    statements: [
      ...props.statements,
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
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
    ...(typeof code === 'string' ? Handler._fromAsset(shipped(code))._code! : code),
    description: props.description,
    timeout: props.timeout,
    memorySize: props.memorySize,
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environmentEncryption: encryptionKey,
    environment: props.environment,
  });
  return { function: fn, logGroup, permissions, grantPrincipal: granted };
}
