import { App, Aspects, Annotations as CoreAnnotations, type IAspect, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as sns from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { AsyncWorker, type AsyncWorkerProps, Handler } from '../../lib';

const ENTRY = `${__dirname}/../fixtures/handler.ts`;

const make = (props: Partial<AsyncWorkerProps> = {}) => {
  const stack = new Stack(new App(), 'Stack');
  return { stack, worker: new AsyncWorker(stack, 'Orders', { handler: Handler.fromEntry(ENTRY), ...props }) };
};

const mapping = (worker: AsyncWorker) => worker.eventSourceMapping.node.defaultChild as lambda.CfnEventSourceMapping;
const queue = (worker: AsyncWorker) => worker.queue.node.defaultChild as CfnQueue;

const consumer = (stack: Stack) =>
  new lambda.Function(stack, 'Other', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {}'),
  });

type Change = (made: { stack: Stack; worker: AsyncWorker }) => void;

describe('what is done to a worker after it was made warns, with an id that can be acknowledged', () => {
  test.each<[string, Change]>([
    ['competingConsumers', ({ stack, worker }) => consumer(stack).addEventSource(new SqsEventSource(worker.queue))],
    [
      'mappingDisabled',
      ({ worker }) => {
        mapping(worker).enabled = false;
      },
    ],
    [
      'filterDeletes',
      ({ worker }) => {
        mapping(worker).filterCriteria = { filters: [{ pattern: '{}' }] };
      },
    ],
    [
      'orderingLost',
      ({ stack, worker }) =>
        new sns.Topic(stack, 'Topic', { fifo: true }).addSubscription(new SqsSubscription(worker.queue)),
    ],
  ])('%s', (id, change) => {
    const made = make();
    change(made);
    Annotations.fromStack(made.stack).hasWarning(
      id === 'orderingLost' ? '/Stack/Orders/Queue' : '/Stack/Orders/EventSourceMapping',
      Match.stringLikeRegexp(`got .*expected .*; .*cdk-async-patterns:${id}`),
    );

    const acknowledged = make();
    change(acknowledged);
    CoreAnnotations.of(acknowledged.worker).acknowledgeWarning(`cdk-async-patterns:${id}`, 'on purpose');
    expect(Annotations.fromStack(acknowledged.stack).findWarning('*', Match.stringLikeRegexp(id))).toEqual([]);
  });
});

describe('what cannot work is refused at synth', () => {
  test.each<[string, Change, RegExp, Partial<AsyncWorkerProps>]>([
    [
      'a visibility timeout below the function’s timeout',
      ({ worker }) => {
        queue(worker).visibilityTimeout = 29;
      },
      /visibilityTimeout of the queue: got 29 s, expected at least the function's timeout, 30 s; /,
      {},
    ],
    [
      'a dead-letter queue that forgets no later than the queue',
      ({ worker }) => {
        (worker.deadLetterQueue.node.defaultChild as CfnQueue).messageRetentionPeriod = 345_600;
      },
      /retention of the dead-letter queue: got 345600 s, expected more than the queue's, 345600 s; /,
      {},
    ],
    [
      'no dead-letter queue',
      ({ worker }) => {
        queue(worker).redrivePolicy = undefined;
      },
      /redrivePolicy of the queue: got none, expected a dead-letter queue; /,
      {},
    ],
    [
      'reserved concurrency below maxConcurrency',
      ({ worker }) => {
        (worker.function.node.defaultChild as lambda.CfnFunction).reservedConcurrentExecutions = 3;
      },
      /reservedConcurrentExecutions of the function: got 3, expected at least maxConcurrency, 4; /,
      { maxConcurrency: 4 },
    ],
    [
      'provisioned pollers beside maxConcurrency',
      ({ worker }) => {
        mapping(worker).provisionedPollerConfig = { minimumPollers: 2 };
      },
      /event source mapping: got provisioned pollers and maxConcurrency, expected one of them; /,
      { maxConcurrency: 4 },
    ],
    [
      'a standard topic that feeds a FIFO queue',
      ({ stack, worker }) =>
        // The L2 subscription refuses it only when it can see both.
        new sns.CfnSubscription(stack, 'Subscription', {
          protocol: 'sqs',
          topicArn: new sns.Topic(stack, 'Topic').topicArn,
          endpoint: worker.queue.queueArn,
        }),
      /subscription of a FIFO queue: got the standard topic Stack\/Topic\/Resource, expected a FIFO topic; /,
      { fifo: true },
    ],
  ])('%s', (_, change, message, props) => {
    const made = make(props);
    change(made);
    expect(() => Template.fromStack(made.stack)).toThrow(message);
  });

  test('is seen when an aspect did it', () => {
    const { stack, worker } = make();
    const meddler: IAspect = {
      visit: (node) => {
        if (node === queue(worker)) queue(worker).visibilityTimeout = 1;
      },
    };
    Aspects.of(stack).add(meddler);
    expect(() => Template.fromStack(stack)).toThrow('Stack/Orders: visibilityTimeout of the queue: got 1 s');
  });

  test('is seen in a stage of its own', () => {
    const stack = new Stack(new Stage(new App(), 'Stage'), 'Stack');
    const worker = new AsyncWorker(stack, 'Orders', { handler: Handler.fromEntry(ENTRY) });
    queue(worker).visibilityTimeout = 1;
    expect(() => Template.fromStack(stack)).toThrow('Stage/Stack/Orders: visibilityTimeout of the queue: got 1 s');
  });
});

test('a queue fed by a topic of its kind, or by another stack, gives no warning', () => {
  const { stack, worker } = make();
  new sns.Topic(stack, 'Topic').addSubscription(new SqsSubscription(worker.queue));
  const { stack: fifoStack, worker: fifo } = make({ fifo: true });
  new sns.Topic(fifoStack, 'Topic', { fifo: true }).addSubscription(new SqsSubscription(fifo.queue));
  for (const each of [stack, fifoStack]) {
    expect(Annotations.fromStack(each).findWarning('*', Match.anyValue())).toEqual([]);
  }
});
