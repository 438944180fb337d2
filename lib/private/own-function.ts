import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { type Construct, Dependable } from 'constructs';
import { grantToLogs } from './key-grants';

export interface OwnFunctionProps {
  /** Name of its directory below lambda/handlers. */
  readonly code: string;
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
}

const DIRECTORY = join(__dirname, '..', '..', 'lambda', 'dist', 'handlers');

/** A function whose code this package ships, with its log group, its role and its one policy. */
export function ownFunction(scope: Construct, props: OwnFunctionProps): OwnFunction {
  const { encryptionKey } = props;
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
  // As in a worker's function: whoever waits for the role waits for what it may do.
  Dependable.implement(role, { dependencyRoots: [permissions] });
  const fn = new lambda.Function(scope, 'Function', {
    description: props.description,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    code: lambda.Code.fromAsset(shipped(props.code)),
    handler: 'index.handler',
    timeout: props.timeout,
    memorySize: props.memorySize,
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environmentEncryption: encryptionKey,
    environment: props.environment,
  });
  return { function: fn, logGroup, permissions };
}

function shipped(code: string): string {
  const directory = join(DIRECTORY, code);
  if (existsSync(join(directory, 'index.js'))) return directory;
  throw new Error(
    `the function ${code} is missing: got no index.js in ${directory}, expected the file that this package ships there. ` +
      'Reinstall cdk-async-patterns (in its own repository: npm run build).',
  );
}
