// All that a worker needs only when a message fails, bundled into a file of its own that is loaded at the first failure: the
// SQS client alone is 25 ms of start-up that a batch of successes need not pay.
import {
  ChangeMessageVisibilityBatchCommand,
  type ChangeMessageVisibilityBatchCommandInput,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { answeredWithin, QUEUE_ANSWERS } from './answers';
import type { SqsCalls } from './effects';
import { SIZES, sizeOf } from './pace/queue-size';

export { settle } from './settle';

// With any options to `send` the SDK's client makes its middleware anew for each request, in spite of `cacheMiddleware`; so
// whoever gives up on a request does so without telling it. TLS guards what the MD5 of a message would.
const client = new SQSClient({ cacheMiddleware: true, md5: false, requestHandler: answeredWithin(QUEUE_ANSWERS) });

export const calls: SqsCalls = {
  sendMessageBatch: (input: SendMessageBatchCommandInput) => client.send(new SendMessageBatchCommand(input)),
  changeMessageVisibilityBatch: (input: ChangeMessageVisibilityBatchCommandInput) =>
    client.send(new ChangeMessageVisibilityBatchCommand(input)),
};

export const queueSize = async (QueueUrl: string): Promise<number> =>
  sizeOf((await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...SIZES] }))).Attributes);
