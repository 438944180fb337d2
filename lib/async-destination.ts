import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { AsyncFunction } from './async-function';
import type { AsyncWorker } from './async-worker';
import type { FanOutTopic } from './fan-out-topic';
import { fifoProblem } from './private/async-function/rules';
import { type FailureSpec, MAX_MESSAGE_BYTES } from './private/contract';
import { InvalidInput } from './private/problem';

/**
 * Where Lambda sends its record of an asynchronous invocation: what it was invoked with, what it answered, and how that
 * ended. `InvocationRecord` of `cdk-async-patterns/runtime` is its type.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export class AsyncDestination {
  /**
   * A standard queue.
   * @throws InvalidInput if it is FIFO
   */
  public static queue(queue: sqs.IQueue): AsyncDestination {
    refuseFifo('AsyncDestination.queue', queue.fifo, queue);
    return toQueue(queue);
  }

  /**
   * A standard topic. Records of more than 256 KiB do not fit.
   * @throws InvalidInput if it is FIFO
   */
  public static topic(topic: sns.ITopic): AsyncDestination {
    refuseFifo('AsyncDestination.topic', topic.fifo, topic);
    return toTopic(topic);
  }

  /** An event bus: records are events of the source `lambda`. Those of more than 256 KiB do not fit. */
  public static bus(bus: events.IEventBus): AsyncDestination {
    return new AsyncDestination({
      arn: bus.eventBusArn,
      construct: bus,
      actions: ['events:PutEvents'],
      maxBytes: SMALL_BYTES,
    });
  }

  /** A function, which is invoked asynchronously in turn. */
  public static function(fn: lambda.IFunction): AsyncDestination {
    return new AsyncDestination({
      arn: fn.functionArn,
      construct: fn,
      actions: ['lambda:InvokeFunction'],
      maxBytes: MAX_MESSAGE_BYTES,
      failure: { functionArn: fn.functionArn },
    });
  }

  /** Another asynchronous function: the record is its payload. */
  public static asyncFunction(fn: AsyncFunction): AsyncDestination {
    return AsyncDestination.function(fn.function);
  }

  /**
   * A worker: records are its messages.
   * @throws InvalidInput if it is FIFO
   */
  public static worker(worker: AsyncWorker): AsyncDestination {
    refuseFifo('AsyncDestination.worker', worker.queue.fifo, worker);
    return toQueue(worker.queue);
  }

  /**
   * Everyone who asked for the messages of a topic. Records of more than 256 KiB do not fit.
   * @throws InvalidInput if it is FIFO
   */
  public static fanOut(topic: FanOutTopic): AsyncDestination {
    refuseFifo('AsyncDestination.fanOut', topic.topic.fifo, topic);
    return toTopic(topic.topic);
  }

  /** @internal */
  public readonly _target: AsyncTarget;

  private constructor(target: AsyncTarget) {
    this._target = target;
  }

  /** @internal */
  public static _of(target: AsyncTarget): AsyncDestination {
    return new AsyncDestination(target);
  }

  /**
   * What the function's role needs, which is who delivers.
   *
   * @internal
   */
  public get _statements(): iam.PolicyStatement[] {
    const { actions, arn, key } = this._target;
    const allow = (allowed: string[], resource: string) =>
      new iam.PolicyStatement({ actions: allowed, resources: [resource] });
    return [allow(actions, arn), ...(key ? [allow(['kms:Decrypt', 'kms:GenerateDataKey'], key.keyArn)] : [])];
  }
}

/** @internal */
export interface AsyncTarget {
  readonly arn: string;
  readonly construct: IConstruct;
  readonly actions: string[];
  readonly key?: kms.IKey;
  /** Of a record. */
  readonly maxBytes: number;
  /** How the runtime reaches it by itself; missing where it cannot. */
  readonly failure?: FailureSpec;
}

/** SNS: https://docs.aws.amazon.com/general/latest/gr/sns.html; EventBridge: CalculatePutEventsEntrySize. */
const SMALL_BYTES = 262_144;

const toQueue = (queue: sqs.IQueue): AsyncDestination =>
  AsyncDestination._of({
    arn: queue.queueArn,
    construct: queue,
    actions: ['sqs:SendMessage'],
    key: queue.encryptionMasterKey,
    maxBytes: MAX_MESSAGE_BYTES,
    failure: { queueUrl: queue.queueUrl },
  });

const toTopic = (topic: sns.ITopic): AsyncDestination =>
  AsyncDestination._of({
    arn: topic.topicArn,
    construct: topic,
    actions: ['sns:Publish'],
    key: topic.masterKey,
    maxBytes: SMALL_BYTES,
    failure: { topicArn: topic.topicArn },
  });

function refuseFifo(what: string, fifo: boolean, construct: IConstruct): void {
  const [problem] = fifo ? [fifoProblem(what)] : [];
  if (problem) throw new InvalidInput(problem, construct);
}
