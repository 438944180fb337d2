import type { Duration } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { AsyncDestination } from '../../async-destination';
import { InvalidInput } from '../problem';

export interface InvokeConfigProps {
  readonly fn: lambda.IFunction;
  /** Lambda checks them when the configuration is made. */
  readonly permissions: iam.ManagedPolicy;
  readonly onSuccess?: AsyncDestination;
  readonly onFailure: AsyncDestination;
  readonly retryAttempts: number;
  readonly maxEventAge: Duration;
}

/** How Lambda invokes a function asynchronously. On the L1: the L2 grants more than a destination needs. */
export function invokeConfig(scope: Construct, props: InvokeConfigProps): lambda.CfnEventInvokeConfig {
  const { fn, onSuccess, onFailure } = props;
  if (fn.node.tryFindChild('EventInvokeConfig')) {
    throw new InvalidInput(
      {
        what: `${fn.node.path}`,
        got: 'a function that has its asynchronous invocation configured',
        expected: 'one that has not',
        todo: 'leave out onSuccess, onFailure, maxEventAge and retryAttempts there, and say them here',
      },
      scope,
    );
  }
  for (const [name, destination] of Object.entries({ onSuccess, onFailure })) {
    if (destination?._target.construct !== fn) continue;
    throw new InvalidInput(
      {
        what: name,
        got: 'the function itself',
        expected: 'another destination',
        todo: 'give another: records of records would go round until Lambda stops them',
      },
      scope,
    );
  }
  const { functionName, qualifier } = nameOf(fn);
  // Below the function, where the L2 would have it: there can be only one.
  const made = new lambda.CfnEventInvokeConfig(fn as unknown as Construct, 'EventInvokeConfig', {
    functionName,
    qualifier,
    maximumRetryAttempts: props.retryAttempts,
    maximumEventAgeInSeconds: props.maxEventAge.toSeconds(),
    destinationConfig: {
      ...(onSuccess && { onSuccess: { destination: onSuccess._target.arn } }),
      onFailure: { destination: onFailure._target.arn },
    },
  });
  made.node.addDependency(props.permissions);
  return made;
}

/** Of a version or an alias the name holds the qualifier already. */
function nameOf(fn: lambda.IFunction & Partial<lambda.IAlias | lambda.IVersion>): {
  functionName: string;
  qualifier: string;
} {
  if ('aliasName' in fn && fn.aliasName !== undefined && typeof fn.version === 'object') {
    return { functionName: fn.version.lambda.functionName, qualifier: fn.aliasName };
  }
  if ('lambda' in fn && fn.lambda !== undefined && typeof fn.version === 'string') {
    return { functionName: fn.lambda.functionName, qualifier: fn.version };
  }
  return { functionName: fn.functionName, qualifier: '$LATEST' };
}
