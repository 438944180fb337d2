import { mermaid } from '../../../bin/cli/graph/mermaid';
import { graphOf } from '../../../bin/cli/graph/read';
import { svg } from '../../../bin/cli/graph/svg';
import { type Decoder, fateOf } from '../decoder';
import { cli, shop } from '../terminal';

const TEMPLATE = {
  Metadata: {
    'cdk-async-patterns': {
      version: 1,
      patterns: [
        {
          kind: 'AsyncWorker',
          path: 'Shop/Orders',
          resources: { queue: 'Queue', function: 'Fn', deadLetterQueue: 'Dead', mapping: 'Mapping' },
        },
        { kind: 'FanOutTopic', path: 'Shop/Events', resources: { topic: 'Topic' } },
      ],
    },
  },
  Resources: {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: { RedrivePolicy: { maxReceiveCount: 5 } },
      Metadata: { 'aws:cdk:path': 'Shop/Orders/Queue/Resource' },
    },
    Dead: { Type: 'AWS::SQS::Queue' },
    Topic: { Type: 'AWS::SNS::Topic' },
    Fn: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Environment: {
          Variables: { ASYNC_PUBLISHER_EVENTS: { 'Fn::Join': ['', ['{"topicArn":"', { Ref: 'Topic' }, '"}']] } },
        },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: { Ref: 'Fn' },
        EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        ScalingConfig: { MaximumConcurrency: 5 },
      },
    },
    Subscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Endpoint: { 'Fn::GetAtt': ['Queue', 'Arn'] },
        FilterPolicy: { a: ['b'] },
      },
    },
  },
  Outputs: { Out: { Value: { Ref: 'Topic' }, Export: { Name: 'topic' } } },
};

export const template: Decoder = {
  name: 'a template that is drawn',
  runs: 3,
  valid: [TEMPLATE],
  feed: (mutated) =>
    fateOf(() => {
      const graph = graphOf([JSON.stringify(mutated)]);
      mermaid(graph);
      svg(graph);
    }, 'Problem'),
};

export const metadata: Decoder = {
  name: 'a template whose patterns are listed',
  runs: 2,
  valid: [TEMPLATE],
  async feed(mutated) {
    const world = shop();
    world.aws.templates.set('Shop', JSON.stringify(mutated) ?? '');
    world.aws.mappings.set('mapping-1', 'Enabled');
    return cli(world, ['ls', 'Shop']);
  },
};
