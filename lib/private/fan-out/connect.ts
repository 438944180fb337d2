import { Annotations, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { PayloadStore } from '../../payload-store';
import { CONNECTION_ENV, type ProducerSpec, type PublisherSpec, variableName } from '../contract';
import { InvalidInput } from '../problem';
import type { Schedules } from '../schedules';

export interface PublisherConnection {
  /** The construct that the name belongs to, and who gets the bodies. */
  readonly owner: IConstruct;
  readonly topic: sns.ITopic;
  readonly payloadStore?: PayloadStore;
}

/** Lets a function publish to a topic, and tells it where that is. */
export function connectPublisher(
  { owner, topic, payloadStore }: PublisherConnection,
  fn: lambda.IFunction,
  name?: string,
): void {
  const spec: PublisherSpec = {
    topicArn: topic.topicArn,
    fifo: topic.fifo,
    ...(payloadStore && { payloads: payloadStore._spec(owner) }),
  };
  tell(owner, fn, CONNECTION_ENV.publisher, name, spec);
  const grantee = granteeOf(fn);
  if (!grantee) return;
  allow(grantee, 'sns:Publish', topic.topicArn, topic.masterKey);
  payloadStore?.grantWrite(grantee, owner);
}

export interface ProducerConnection {
  /** The construct that the name belongs to, and who gets the bodies. */
  readonly owner: IConstruct;
  readonly queue: sqs.IQueue;
  readonly payloadStore?: PayloadStore;
  readonly schedules?: Schedules;
}

/** Lets a function send to a queue, and tells it where that is. */
export function connectProducer(
  { owner, queue, payloadStore, schedules }: ProducerConnection,
  fn: lambda.IFunction,
  name?: string,
): void {
  const spec: ProducerSpec = {
    queueUrl: queue.queueUrl,
    fifo: queue.fifo,
    ...(payloadStore && { payloads: payloadStore._spec(owner) }),
    ...(schedules && { schedule: schedules.spec }),
  };
  tell(owner, fn, CONNECTION_ENV.producer, name, spec);
  const grantee = granteeOf(fn);
  if (!grantee) return;
  allow(grantee, 'sqs:SendMessage', queue.queueArn, queue.encryptionMasterKey);
  payloadStore?.grantWrite(grantee, owner);
  schedules?.grantSchedule(grantee);
}

/** No more than what the runtime calls: the grants of the L2s allow kinds of actions on the key by wildcards. */
function allow(grantee: iam.IGrantable, action: string, resource: string, key: kms.IKey | undefined): void {
  iam.Grant.addToPrincipal({ grantee, actions: [action], resourceArns: [resource] });
  key?.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey');
}

const connections = new WeakMap<lambda.IFunction, Map<string, IConstruct>>();

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
