import { App, NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import {
  AsyncApi,
  AsyncDestination,
  AsyncFunction,
  AsyncWorker,
  CircuitBreaker,
  FanOutTopic,
  Handler,
  StreamSource,
  StreamWorker,
} from '../../../lib';
import { inventory } from '../../../lib/private/inventory';

const handler = () => Handler.fromEntry(`${__dirname}/../../fixtures/handler.ts`);
const patternsOf = (stack: Stack): any[] => Template.fromStack(stack).toJSON().Metadata['cdk-async-patterns'].patterns;

const TYPES: Record<string, string> = {
  queue: 'AWS::SQS::Queue',
  deadLetterQueue: 'AWS::SQS::Queue',
  function: 'AWS::Lambda::Function',
  controller: 'AWS::Lambda::Function',
  mapping: 'AWS::Lambda::EventSourceMapping',
  logGroup: 'AWS::Logs::LogGroup',
  onFailureQueue: 'AWS::SQS::Queue',
  topic: 'AWS::SNS::Topic',
  table: 'AWS::DynamoDB::Table',
};

test('every construct leaves word of its parts, by ids of resources of their types', () => {
  const stack = new Stack(new App(), 'Shop');
  const breaker = new CircuitBreaker(stack, 'Provider');
  const orders = new AsyncWorker(stack, 'Orders', { handler: handler(), circuitBreaker: breaker });
  new AsyncFunction(stack, 'Thumbnails', { handler: handler() });
  new FanOutTopic(stack, 'Events').addWorker('Audit', { handler: handler() });
  new AsyncApi(stack, 'Api', { queue: orders, handler: handler() });
  const items = new dynamodb.Table(stack, 'Items', {
    partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    stream: dynamodb.StreamViewType.NEW_IMAGE,
  });
  new StreamWorker(stack, 'Changes', { source: StreamSource.dynamodb(items), handler: handler() });
  const { Resources } = Template.fromStack(stack).toJSON();
  const patterns = patternsOf(stack);
  expect(patterns.map(({ kind, path, resources }) => [kind, path, Object.keys(resources)])).toEqual([
    ['CircuitBreaker', 'Shop/Provider', ['controller', 'table', 'logGroup']],
    ['AsyncWorker', 'Shop/Orders', ['queue', 'deadLetterQueue', 'function', 'mapping', 'logGroup', 'controller']],
    ['AsyncFunction', 'Shop/Thumbnails', ['deadLetterQueue', 'function', 'logGroup']],
    ['FanOutTopic', 'Shop/Events', ['topic']],
    ['AsyncWorker', 'Shop/Events/Audit', ['queue', 'deadLetterQueue', 'function', 'mapping', 'logGroup']],
    ['AsyncApi', 'Shop/Api', ['function', 'logGroup', 'table']],
    ['StreamWorker', 'Shop/Changes', ['deadLetterQueue', 'onFailureQueue', 'function', 'mapping', 'logGroup']],
  ]);
  for (const { resources } of patterns) {
    for (const [part, id] of Object.entries<string>(resources)) expect(Resources[id].Type).toBe(TYPES[part]);
  }
});

test('subscriptions with a dead-letter queue of their own are patterns', () => {
  const stack = new Stack(new App(), 'Shop');
  const events = new FanOutTopic(stack, 'Events', { fifo: true });
  events.addQueue(new sqs.Queue(stack, 'Mine', { fifo: true }));
  events.addWorker('Loose', { handler: handler(), unordered: true });
  const subscriptions = patternsOf(stack).filter(({ kind }) => kind === 'Subscription');
  expect(subscriptions.map(({ path, resources }) => [path, Object.keys(resources)])).toEqual([
    [expect.stringMatching(/^Shop\/Mine\//), ['topic', 'deadLetterQueue', 'queue']],
    ['Shop/Events/Loose/Undelivered', ['topic', 'deadLetterQueue', 'queue']],
  ]);
});

test('an id that is overridden later is the one that is left', () => {
  const stack = new Stack(new App(), 'Shop');
  const { queue } = new AsyncWorker(stack, 'Orders', { handler: handler() });
  (queue.node.defaultChild as sqs.CfnQueue).overrideLogicalId('Renamed');
  expect(patternsOf(stack)[0].resources.queue).toBe('Renamed');
});

test('no resource changes for it', () => {
  const resources = (say: boolean) => {
    const stack = new Stack(new App(), 'Shop');
    const queue = new sqs.Queue(stack, 'Queue');
    if (say) inventory(queue, 'Queue', { queue });
    return Template.fromStack(stack).toJSON().Resources;
  };
  expect(resources(true)).toEqual(resources(false));
});

test('what is imported, or of another stack, is left out', () => {
  const app = new App();
  const stack = new Stack(app, 'Shop');
  const elsewhere = new lambda.Function(new Stack(app, 'Other'), 'Function', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromInline('exports.handler = async () => {}'),
  });
  new FanOutTopic(stack, 'Events', { topic: sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-west-1:1:topic') });
  new AsyncFunction(stack, 'Thumbnails', {
    handler: Handler.fromFunction(lambda.Function.fromFunctionName(stack, 'Mine', 'mine')),
    onFailure: AsyncDestination.function(elsewhere),
  });
  expect(patternsOf(stack).map(({ resources }) => resources)).toEqual([{}, {}]);
});

test('a nested stack has an inventory of its own', () => {
  const stack = new Stack(new App(), 'Shop');
  const nested = new NestedStack(stack, 'Nested');
  new AsyncWorker(nested, 'Orders', { handler: handler() });
  expect(Template.fromStack(stack).toJSON().Metadata).toBeUndefined();
  expect(patternsOf(nested)).toEqual([expect.objectContaining({ path: 'Shop/Nested/Orders' })]);
});
