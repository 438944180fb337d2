import { Annotations, Names } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import type { MessageFilter } from '../../message-filter';
import { shows } from '../dashboard/view';
import { inventory } from '../inventory';
import { InvalidInput, type Problem } from '../problem';
import { letSnsSend } from './access';
import { keepFailures, letSnsInvoke } from './function-subscription';
import { FILTER_POLICIES, kindRefusals, replayRefusals } from './rules';
import { subscription, undeliveredQueue } from './subscription';

export interface SubscribersProps {
  readonly topic: sns.ITopic;
  /** Missing if the topic cannot be seen. */
  readonly archived?: boolean;
  readonly encryptionKey?: kms.IKey;
  readonly alarmTopic?: sns.ITopic;
}

/** Who gets them: a function, or whoever reads a queue. */
export interface Subscriber {
  readonly construct: IConstruct;
  readonly queue?: sqs.IQueue;
  readonly fn?: lambda.IFunction;
}

export interface QueueOptions {
  readonly filter?: MessageFilter;
  readonly rawMessageDelivery?: boolean;
  readonly unordered?: boolean;
  readonly replayFrom?: Date;
}

/** Who gets the messages of a topic. */
export class Subscribers {
  private filters = 0;

  constructor(
    private readonly owner: Construct,
    private readonly props: SubscribersProps,
  ) {}

  /** Refuses a queue that does not fit the topic, or that is to get what there is not. */
  check(subscriber: string, queueFifo: boolean, { filter, unordered = false, replayFrom }: QueueOptions): void {
    const { topic, archived } = this.props;
    this.refuse(kindRefusals(subscriber, { topicFifo: topic.fifo, queueFifo, unordered }));
    if (replayFrom) this.refuse(replayRefusals(subscriber, { from: replayFrom, archived }));
    this.count(filter);
  }

  addQueue(
    scope: Construct,
    queue: sqs.IQueue,
    deadLetterQueue: sqs.IQueue,
    { filter, rawMessageDelivery = true, replayFrom }: QueueOptions,
  ): void {
    const { topic } = this.props;
    subscription(scope, {
      topic,
      protocol: sns.SubscriptionProtocol.SQS,
      endpoint: queue.queueArn,
      deadLetterQueue,
      after: letSnsSend(scope, topic, queue),
      filter,
      rawMessageDelivery,
      replayFrom,
    });
  }

  addFunction(fn: lambda.IFunction, filter: MessageFilter | undefined): sqs.Queue {
    const { topic } = this.props;
    if (topic.fifo) {
      this.refuse([
        {
          what: 'subscriber of a FIFO topic',
          got: `the function ${fn.node.path}`,
          expected: 'a queue or a worker',
          todo: 'use addWorker with Handler.fromFunction: SNS delivers messages of FIFO topics to queues only',
        },
      ]);
    }
    this.count(filter);
    const scope = this.scopeOf(fn);
    const deadLetterQueue = this.undelivered(scope, { construct: fn, fn });
    keepFailures(scope, fn, deadLetterQueue);
    subscription(scope, {
      topic,
      protocol: sns.SubscriptionProtocol.LAMBDA,
      endpoint: fn.functionArn,
      deadLetterQueue,
      after: [letSnsInvoke(scope, topic, fn)],
      filter,
    });
    return deadLetterQueue;
  }

  /** A dead-letter queue for one subscription. */
  undelivered(scope: Construct, subscriber: Subscriber, key?: kms.IKey): sqs.Queue {
    const { topic, encryptionKey, alarmTopic } = this.props;
    const deadLetterQueue = undeliveredQueue(scope, {
      name: `${this.owner.node.path} to ${subscriber.construct.node.path}`,
      fifo: topic.fifo,
      encryptionKey: key ?? encryptionKey,
      alarmTopic,
    });
    const { queue, fn } = subscriber;
    inventory(scope, 'Subscription', { topic, deadLetterQueue, queue, function: fn });
    shows(scope, () => ({ deadLetterQueues: [deadLetterQueue] }));
    return deadLetterQueue;
  }

  /** In the subscriber's stack, which may be another: there it may refer to the topic, while the topic refers to nobody. */
  scopeOf(subscriber: IConstruct): Construct {
    const id = Names.nodeUniqueId(this.owner.node);
    if (subscriber.node.tryFindChild(id)) {
      this.refuse([
        {
          what: 'subscriber',
          got: `${subscriber.node.path} a second time`,
          expected: 'each once',
          todo: 'say with the alternatives of one filter what it gets: SNS has one subscription for each subscriber',
        },
      ]);
    }
    return new Construct(subscriber as Construct, id);
  }

  private refuse([problem]: Problem[]): void {
    if (problem) throw new InvalidInput(problem, this.owner);
  }

  private count(filter: MessageFilter | undefined): void {
    if (!filter || ++this.filters !== FILTER_POLICIES + 1) return;
    Annotations.of(this.owner).addWarningV2(
      'cdk-async-patterns:manyFilters',
      `filters of the topic: got more than ${FILTER_POLICIES}, expected at most ${FILTER_POLICIES}, the default quota; have ` +
        'AWS raise it, and acknowledge this',
    );
  }
}
