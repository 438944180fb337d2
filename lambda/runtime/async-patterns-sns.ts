// The SNS client, bundled into a file of its own that is loaded when a publisher first publishes.
import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { answeredWithin, QUEUE_ANSWERS } from './answers';
import type { TopicCalls } from './producer/transport';

const client = new SNSClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) });

export const calls: TopicCalls = {
  publishBatch: (input) => client.send(new PublishBatchCommand(input)),
};
