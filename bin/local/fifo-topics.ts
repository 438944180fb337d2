import { paginateListTopics, SetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Emulator } from './emulator';

/**
 * Makes FIFO topics of those that are named so. The emulator knows them well, but its CloudFormation does not read `FifoTopic`
 * and makes standard ones of them, which drop groups and deduplication ids. AWS reads it, and knows no other way.
 */
export async function makeFifoTopics({ clientConfig }: Pick<Emulator, 'clientConfig'>): Promise<void> {
  const client = new SNSClient(clientConfig);
  try {
    for await (const { Topics = [] } of paginateListTopics({ client }, {})) {
      for (const { TopicArn } of Topics) {
        if (!TopicArn?.endsWith('.fifo')) continue;
        await client.send(
          new SetTopicAttributesCommand({ TopicArn, AttributeName: 'FifoTopic', AttributeValue: 'true' }),
        );
      }
    }
  } finally {
    client.destroy();
  }
}
