import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { answeredWithin, QUEUE_ANSWERS } from '../../runtime/answers';
import type { TopicCalls } from '../../runtime/producer/transport';

const client = new SNSClient({ cacheMiddleware: true, requestHandler: answeredWithin(QUEUE_ANSWERS) });

export const topicCalls: TopicCalls = {
  publishBatch: (input) => client.send(new PublishBatchCommand(input)),
};
