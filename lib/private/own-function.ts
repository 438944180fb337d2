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
  /** Directory of its bundle among the handlers that the package ships. */
  readonly name: string;
  readonly description: string;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly environment: { [key: string]: string };
  /** What it may do, writing its log included. */
  statements(logGroup: logs.ILogGroup): iam.PolicyStatement[];
  readonly encryptionKey?: kms.IKey;
}

export interface OwnFunction {
  readonly fn: lambda.Function;
  readonly logGroup: logs.LogGroup;
  /** Must be there before Lambda polls for the function. */
  readonly permissions: iam.ManagedPolicy;
}

const HANDLERS = join(__dirname, '..', '..', 'lambda', 'dist', 'handlers');

/** A function that this package ships bundled, with a role, a policy and a log group of its own. */
export function ownFunction(scope: Construct, props: OwnFunctionProps): OwnFunction {
  const { name, encryptionKey, description, timeout, memorySize, environment } = props;
  const logGroup = new logs.LogGroup(scope, 'LogGroup', { retention: logs.RetentionDays.ONE_MONTH, encryptionKey });
  if (encryptionKey) grantToLogs(scope, encryptionKey);
  const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
  const permissions = new iam.ManagedPolicy(scope, 'Policy', {
    statements: props.statements(logGroup),
    roles: [role],
  });
  // As in a worker's function: whoever waits for the role waits for what it may do.
  Dependable.implement(role, { dependencyRoots: [permissions] });
  const fn = new lambda.Function(scope, 'Function', {
    description,
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    code: lambda.Code.fromAsset(bundle(name)),
    handler: 'index.handler',
    timeout,
    memorySize,
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    environmentEncryption: encryptionKey,
    environment,
  });
  return { fn, logGroup, permissions };
}

function bundle(name: string): string {
  const directory = join(HANDLERS, name);
  if (existsSync(join(directory, 'index.js'))) return directory;
  throw new Error(
    `the function ${name} is missing: got no index.js in ${directory}, expected the file that this package ships there. ` +
      'Reinstall cdk-async-patterns (in its own repository: npm run build).',
  );
}
