import { Annotations, Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { CONNECTION_ENV, type ProducerSpec, type PublisherSpec, variableName } from '../contract';
import { InvalidInput } from '../problem';

/** Lets a function publish to a topic, and tells it where that is. `owner` is the construct that the name belongs to. */
export function connectPublisher(owner: IConstruct, topic: sns.ITopic, fn: lambda.IFunction, name?: string): void {
  const spec: PublisherSpec = { topicArn: topic.topicArn, fifo: topic.fifo };
  tell(owner, fn, CONNECTION_ENV.publisher, name, spec);
  const grantee = granteeOf(fn);
  if (grantee) topic.grantPublish(grantee);
}

/** Lets a function send to a queue, and tells it where that is. `owner` is the construct that the name belongs to. */
export function connectProducer(owner: IConstruct, queue: sqs.IQueue, fn: lambda.IFunction, name?: string): void {
  const spec: ProducerSpec = { queueUrl: queue.queueUrl, fifo: queue.fifo };
  tell(owner, fn, CONNECTION_ENV.producer, name, spec);
  const grantee = granteeOf(fn);
  if (grantee) queue.grantSendMessages(grantee);
}

const connections = new WeakMap<lambda.IFunction, Map<string, IConstruct>>();

/** Tells a function by a variable where something is. Each name belongs to one construct, `owner`. */
export function tell(
  owner: IConstruct,
  fn: lambda.IFunction,
  prefix: string,
  name = owner.node.id,
  spec: object,
): void {
  const suffix = variableName(name);
  if (suffix === '') {
    throw new InvalidInput(
      { what: 'name of a connection', got: `'${name}'`, expected: 'letters or digits', todo: 'give another name' },
      owner,
    );
  }
  const variable = prefix + suffix;
  const known = connections.get(fn) ?? new Map<string, IConstruct>();
  connections.set(fn, known);
  const other = known.get(variable) ?? owner;
  if (other !== owner) {
    throw new InvalidInput(
      {
        what: `connection of ${fn.node.path}`,
        got: `the variable ${variable} a second time, after ${other.node.path}`,
        expected: 'another name for each connection of a function',
        todo: 'give a name as the second argument, and the same to the publisher or producer in the function',
      },
      owner,
    );
  }
  known.set(variable, owner);
  if (fn instanceof lambda.Function) {
    fn.addEnvironment(variable, Stack.of(fn).toJsonString(spec));
    return;
  }
  Annotations.of(owner).addWarningV2(
    'cdk-async-patterns:importedFunction',
    `the environment of ${fn.node.path} cannot be set from here${fn.role ? '' : ', nor has it a role that could be granted to'}; ` +
      `give it the variable ${variable}, JSON with the keys ${Object.keys(spec).join(' and ')}, and acknowledge this`,
  );
}

/**
 * Whom to grant to: nobody where there is no role. A worker keeps what it is granted in a managed policy of its own; the
 * role of its function would make an inline one.
 */
export function granteeOf(fn: lambda.IFunction): iam.IGrantable | undefined {
  const scope = fn.node.scope as (IConstruct & Partial<iam.IGrantable> & { readonly function?: unknown }) | undefined;
  if (scope?.grantPrincipal && scope.function === fn) return { grantPrincipal: scope.grantPrincipal };
  return fn.role && fn;
}
