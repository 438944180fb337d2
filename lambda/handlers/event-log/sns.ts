import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import type { TopicCalls } from '../../runtime/producer/transport';

const client = new SNSClient({ cacheMiddleware: true });

export const topicCalls: TopicCalls = {
  publishBatch: (input) => client.send(new PublishBatchCommand(input)),
};
