import type { PublishBatchCommandInput } from '@aws-sdk/client-sns';
import type { SendMessageBatchCommandInput } from '@aws-sdk/client-sqs';
import type { Reply, Transport } from './outbox';

// No signal is passed on: with any options to its `send` the SDK's client makes its middleware anew for each request, which
// is a fifth of what a request costs.
export interface QueueCalls {
  sendMessageBatch(input: SendMessageBatchCommandInput): Promise<Reply>;
}

export interface TopicCalls {
  publishBatch(input: PublishBatchCommandInput): Promise<Reply>;
}

/**
 * To a queue. With X-Ray's header of the invocation, which also counts the hops by which Lambda detects a loop: the header
 * of the message in hand would begin that count anew.
 */
export const toQueue =
  (calls: QueueCalls, queueUrl: string, traceHeader: () => string | undefined): Transport =>
  (items) => {
    const header = traceHeader();
    if (header !== undefined) {
      const MessageSystemAttributes = { AWSTraceHeader: { DataType: 'String', StringValue: header } };
      for (const { entry } of items) entry.MessageSystemAttributes = MessageSystemAttributes;
    }
    return calls.sendMessageBatch({ QueueUrl: queueUrl, Entries: items.map(({ entry }) => entry) });
  };

/** To a topic. SNS takes X-Ray's header from the request, where the SDK puts it. */
export const toTopic =
  (calls: TopicCalls, topicArn: string): Transport =>
  (items) =>
    calls.publishBatch({
      TopicArn: topicArn,
      PublishBatchRequestEntries: items.map(({ entry }) => ({
        Id: entry.Id,
        Message: entry.MessageBody,
        MessageAttributes: entry.MessageAttributes,
        MessageGroupId: entry.MessageGroupId,
        MessageDeduplicationId: entry.MessageDeduplicationId,
      })),
    });
