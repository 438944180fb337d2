import { Annotations, CfnResource } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** What SNS needs to invoke a function. */
export const letSnsInvoke = (scope: Construct, topic: sns.ITopic, fn: lambda.IFunction): lambda.CfnPermission =>
  new lambda.CfnPermission(scope, 'Permission', {
    functionName: fn.functionArn,
    action: 'lambda:InvokeFunction',
    principal: 'sns.amazonaws.com',
    sourceArn: topic.topicArn,
  });

/**
 * For SNS an event is delivered once Lambda has taken it. What the function then fails to handle would be lost: it goes to
 * the same dead-letter queue, unless somebody has said already where to.
 */
export function keepFailures(scope: Construct, fn: lambda.IFunction, deadLetterQueue: IQueue): void {
  const resource = fn.node.defaultChild;
  if (!CfnResource.isCfnResource(resource)) {
    Annotations.of(scope).addWarningV2(
      'cdk-async-patterns:importedFunction',
      `where ${fn.node.path} puts events that it fails to handle cannot be seen from here; see that it has a dead-letter ` +
        'queue or a destination for failures, and acknowledge this',
    );
    return;
  }
  const hasOwn = resource instanceof lambda.CfnFunction && resource.deadLetterConfig !== undefined;
  if (hasOwn || fn.node.tryFindChild('EventInvokeConfig')) return;
  fn.configureAsyncInvoke({ onFailure: new SqsDestination(deadLetterQueue) });
}
