import { Annotations, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { IConstruct } from 'constructs';
import type { PayloadStore } from '../payload-store';
import { ENV, type PayloadPlace } from './contract';

/** In what guises messages come to a worker. Topics are connected to it after it was made, and each may bring its own. */
export class Inlets {
  private readonly places = new Map<string, PayloadPlace>();
  private readonly topicArns = new Set<string>();

  constructor(
    private readonly worker: IConstruct,
    private readonly fn: lambda.IFunction,
    private readonly permissions: iam.ManagedPolicy,
  ) {}

  /** Bodies may lie in a store, where they were put for `receiver`. */
  reads(store: PayloadStore, receiver: IConstruct): void {
    const id = `${store.node.path} ${receiver.node.path}`;
    if (this.places.has(id)) return;
    store._use(this.worker);
    this.places.set(id, store._place(receiver));
    this.tell(ENV.payloads, 'of the bucket and the prefix of each store', [...this.places.values()]);
    this.permissions.addStatements(...store._readStatements(receiver).map((it) => new iam.PolicyStatement(it)));
  }

  /** Messages may be in the envelope of a topic. */
  opens({ topicArn }: sns.ITopic): void {
    this.topicArns.add(topicArn);
    this.tell(ENV.envelopes, 'of the ARN of each topic with envelopes', [...this.topicArns]);
  }

  private tell(variable: string, contents: string, value: readonly unknown[]): void {
    const { fn, worker } = this;
    if (fn instanceof lambda.Function) {
      fn.addEnvironment(variable, Stack.of(fn).toJsonString(value));
      return;
    }
    Annotations.of(worker).addWarningV2(
      'cdk-async-patterns:importedFunction',
      `the environment of ${fn.node.path} cannot be set from here; give it the variable ${variable}, a list as JSON ` +
        `${contents}, and acknowledge this`,
    );
  }
}
