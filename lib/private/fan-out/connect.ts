import { Annotations, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import {
  type BackpressureSpec,
  CONNECTION_ENV,
  type ProducerSpec,
  type PublisherSpec,
  variableName,
} from '../contract';
import { InvalidInput } from '../problem';

/** Lets a function publish to a topic, and tells it where that is. `owner` is the construct that the name belongs to. */
export function connectPublisher(owner: IConstruct, topic: sns.ITopic, fn: lambda.IFunction, name?: string): void {
  const spec: PublisherSpec = { topicArn: topic.topicArn, fifo: topic.fifo };
  tell(owner, fn, CONNECTION_ENV.publisher, name, spec);
  const grantee = granteeOf(fn);
  if (grantee) topic.grantPublish(grantee);
}

/** Lets a function send to a queue, and tells it where that is. `owner` is the construct that the name belongs to. */
export function connectProducer(
  owner: IConstruct,
  queue: sqs.IQueue,
  fn: lambda.IFunction,
  name?: string,
  backpressure?: Pressure,
): void {
  const spec: ProducerSpec = {
    queueUrl: queue.queueUrl,
    fifo: queue.fifo,
    ...(backpressure && { backpressure: backpressure.spec }),
  };
  tell(owner, fn, CONNECTION_ENV.producer, name, spec);
  const grantee = granteeOf(fn);
  if (!grantee) return;
  const statements = [...sending(queue, grantee), ...(backpressure?.statements ?? [])];
  for (const statement of statements) grantee.grantPrincipal.addToPrincipalPolicy(statement);
}

/** Under a key exactly what it takes: the queue's own grant has wildcards then. */
function sending(queue: sqs.IQueue, grantee: iam.IGrantable): iam.PolicyStatement[] {
  if (!queue.encryptionMasterKey) {
    queue.grantSendMessages(grantee);
    return [];
  }
  return [
    new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
    // The key's own policy must leave access to IAM, as the CDK's and the console's default does.
    new iam.PolicyStatement({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [queue.encryptionMasterKey.keyArn],
    }),
  ];
}

/** Where a producer sees the backlog, and what it needs to look there. */
export interface Pressure {
  readonly spec: BackpressureSpec;
  readonly statements: readonly iam.PolicyStatement[];
}

const connections = new WeakMap<lambda.IFunction, Map<string, IConstruct>>();

function tell(
  owner: IConstruct,
  fn: lambda.IFunction,
  prefix: string,
  name = owner.node.id,
  spec: PublisherSpec | ProducerSpec,
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
function granteeOf(fn: lambda.IFunction): iam.IGrantable | undefined {
  const scope = fn.node.scope as (IConstruct & Partial<iam.IGrantable> & { readonly function?: unknown }) | undefined;
  if (scope?.grantPrincipal && scope.function === fn) return { grantPrincipal: scope.grantPrincipal };
  return fn.role && fn;
}
