// All that a worker needs only when a message fails, bundled into a file of its own that is loaded at the first failure: the
// SQS client alone is 25 ms of start-up that a batch of successes need not pay.
import {
  ChangeMessageVisibilityBatchCommand,
  type ChangeMessageVisibilityBatchCommandInput,
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SqsCalls } from './effects';

export { settle } from './settle';

const client = new SQSClient({ cacheMiddleware: true });

export const calls: SqsCalls = {
  sendMessageBatch: (input: SendMessageBatchCommandInput, abortSignal: AbortSignal) =>
    client.send(new SendMessageBatchCommand(input), { abortSignal }),
  changeMessageVisibilityBatch: (input: ChangeMessageVisibilityBatchCommandInput, abortSignal: AbortSignal) =>
    client.send(new ChangeMessageVisibilityBatchCommand(input), { abortSignal }),
};
