import { Annotations, type CfnResource, Stage, Token, Tokenization } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { CfnEventSourceMapping, CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSubscription, CfnTopic } from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { type Problem, problemText } from './problem';

/** What of a worker can be connected or overridden after it was made. */
export interface Wired extends IConstruct {
  readonly queue: sqs.IQueue;
  readonly deadLetterQueue: sqs.IQueue;
  readonly function: lambda.IFunction;
  readonly eventSourceMapping: lambda.EventSourceMapping;
}

/**
 * Looks at the finished tree for what a constructor cannot see: other constructs, and changes to L1s. As a validation it
 * comes after every aspect; one a stage, since each needs a search of the whole tree.
 */
export function checkWiring(worker: Wired): void {
  const stage = Stage.of(worker) ?? worker.node.root;
  const workers = workersOf.get(stage);
  if (workers) {
    workers.push(worker);
    return;
  }
  const first = [worker];
  workersOf.set(stage, first);
  stage.node.addValidation({ validate: () => problemsOf(stage, first) });
}

const workersOf = new WeakMap<IConstruct, Wired[]>();

/** The resource whose attribute or ref a property holds. */
const referenced = (value: unknown): IConstruct | undefined => {
  const reference = Token.isUnresolved(value) ? Tokenization.reverse(value) : undefined;
  return reference && 'target' in reference ? (reference.target as IConstruct) : undefined;
};

const resourceOf = <T extends CfnResource>(construct: IConstruct, is: (x: unknown) => x is T): T | undefined =>
  is(construct.node.defaultChild) ? construct.node.defaultChild : undefined;

const isQueue = (x: unknown): x is CfnQueue => x instanceof CfnQueue;
const isTopic = (x: unknown): x is CfnTopic => x instanceof CfnTopic;
const isFunction = (x: unknown): x is CfnFunction => x instanceof CfnFunction;
const isSubscription = (x: unknown): x is CfnSubscription => x instanceof CfnSubscription;
const isMapping = (x: unknown): x is CfnEventSourceMapping => x instanceof CfnEventSourceMapping;

function problemsOf(stage: IConstruct, workers: readonly Wired[]): string[] {
  const all = stage.node.findAll();
  const mappings = all.filter(isMapping);
  const subscriptions = all.filter(isSubscription);
  return workers.flatMap((worker) =>
    [
      ...checkMapping(worker, mappings),
      ...checkNumbers(worker),
      ...subscriptions.flatMap((subscription) => checkSubscription(worker, subscription)),
    ].map((problem) => `${worker.node.path}: ${problemText(problem)}`),
  );
}

/**
 * On a part of the worker: what comes after an acknowledgement on the worker itself is acknowledged only below it up to
 * aws-cdk-lib 2.270.
 *
 * @see https://github.com/aws/aws-cdk/issues/38820
 */
const warn = (part: IConstruct, id: string, problem: Problem): void =>
  Annotations.of(part).addWarningV2(`cdk-async-patterns:${id}`, problemText(problem));

function checkMapping(worker: Wired, mappings: readonly CfnEventSourceMapping[]): Problem[] {
  const queue = worker.queue.node.defaultChild;
  const consumers = mappings.filter(({ eventSourceArn }) => referenced(eventSourceArn) === queue);
  if (consumers.length > 1) {
    warn(worker.eventSourceMapping, 'competingConsumers', {
      what: 'event source mappings on the queue',
      got: consumers.length,
      expected: '1',
      todo: 'give each consumer a queue of its own and fan out with a topic: two functions on one queue each get a share',
    });
  }
  const mapping = resourceOf(worker.eventSourceMapping, isMapping);
  if (!mapping) return [];
  if (mapping.enabled === false) {
    warn(worker.eventSourceMapping, 'mappingDisabled', {
      what: 'event source mapping',
      got: 'enabled: false',
      expected: 'enabled',
      todo: 'enable it, or acknowledge this while the worker is stopped on purpose; messages expire after 4 days',
    });
  }
  if (mapping.filterCriteria !== undefined) {
    warn(worker.eventSourceMapping, 'filterDeletes', {
      what: 'filters on the event source mapping',
      got: 'some',
      expected: 'none',
      todo: 'filter at the topic instead: Lambda deletes the messages that a filter rejects',
    });
  }
  if (mapping.provisionedPollerConfig !== undefined && mapping.scalingConfig !== undefined) {
    return [
      {
        what: 'event source mapping',
        got: 'provisioned pollers and maxConcurrency',
        expected: 'one of them',
        todo: 'leave maxConcurrency out and limit the pollers',
      },
    ];
  }
  return [];
}

/** The numbers as they are in the template, after overrides; a token or an intrinsic compares with nothing. */
const number = (value: unknown): number | undefined =>
  typeof value === 'number' && !Token.isUnresolved(value) ? value : undefined;

function checkNumbers(worker: Wired): Problem[] {
  const problems: Problem[] = [];
  const queue = resourceOf(worker.queue, isQueue);
  const deadLetterQueue = resourceOf(worker.deadLetterQueue, isQueue);
  const fn = resourceOf(worker.function, isFunction);
  const mapping = resourceOf(worker.eventSourceMapping, isMapping);
  const less = (a: number | undefined, b: number | undefined): boolean => a !== undefined && b !== undefined && a < b;

  if (queue && queue.redrivePolicy === undefined) {
    problems.push({
      what: 'redrivePolicy of the queue',
      got: 'none',
      expected: 'a dead-letter queue',
      todo: 'keep it: without one a message that crashes the function comes back until it expires',
    });
  }
  const retention = number(queue?.messageRetentionPeriod);
  const deadLetterRetention = number(deadLetterQueue?.messageRetentionPeriod);
  if (less(deadLetterRetention, (retention ?? 0) + 1)) {
    problems.push({
      what: 'retention of the dead-letter queue',
      got: `${deadLetterRetention} s`,
      expected: `more than the queue's, ${retention} s`,
      todo: 'raise it: a dead letter keeps the time at which it was first sent',
    });
  }
  const visibility = number(queue?.visibilityTimeout);
  const timeout = number(fn?.timeout);
  if (less(visibility, timeout)) {
    problems.push({
      what: 'visibilityTimeout of the queue',
      got: `${visibility} s`,
      expected: `at least the function's timeout, ${timeout} s`,
      todo: 'set both through the props of the worker',
    });
  }
  const reserved = number(fn?.reservedConcurrentExecutions);
  const scaling = mapping?.scalingConfig;
  const concurrency = scaling && 'maximumConcurrency' in scaling ? number(scaling.maximumConcurrency) : undefined;
  if (less(reserved, concurrency)) {
    problems.push({
      what: 'reservedConcurrentExecutions of the function',
      got: reserved!,
      expected: `at least maxConcurrency, ${concurrency}`,
      todo: 'raise it or lower maxConcurrency: throttled batches spend the receive counts of healthy messages',
    });
  }
  return problems;
}

function checkSubscription(worker: Wired, subscription: CfnSubscription): Problem[] {
  const queue = resourceOf(worker.queue, isQueue);
  const topic = referenced(subscription.topicArn);
  if (!queue || referenced(subscription.endpoint) !== queue || !isTopic(topic)) return [];
  const topicIsFifo = topic.fifoTopic === true;
  const queueIsFifo = queue.fifoQueue === true;
  if (queueIsFifo && !topicIsFifo) {
    return [
      {
        what: 'subscription of a FIFO queue',
        got: `the standard topic ${topic.node.path}`,
        expected: 'a FIFO topic',
        todo: 'make the topic FIFO, or the worker standard: SNS refuses this pair',
      },
    ];
  }
  if (!queueIsFifo && topicIsFifo) {
    warn(worker.queue, 'orderingLost', {
      what: 'subscription of a standard queue',
      got: `the FIFO topic ${topic.node.path}`,
      expected: 'a FIFO queue',
      todo: 'make the worker FIFO, or acknowledge this if order and deduplication do not matter to it',
    });
  }
  return [];
}
