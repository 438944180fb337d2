import type { AttributeValue, PutItemCommandInput, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { SQSBatchItemFailure, SQSEvent } from 'aws-lambda';
import { type Order, total } from '../runtime/work';
import { TABLE } from './store';

interface Calls {
  putItem(input: PutItemCommandInput): Promise<unknown>;
  updateItem(input: UpdateItemCommandInput): Promise<unknown>;
}

const RETENTION = 86_400;
const ttl = () => String(Math.ceil(Date.now() / 1000) + RETENTION);

/** The floor: a conditional put, the handler and an update, a record. No lease, no owner, no payload to compare. */
export const byHand = (calls: Calls) => {
  const claim = async (key: string): Promise<boolean> => {
    try {
      await calls.putItem({
        TableName: TABLE,
        Item: { pk: { S: key }, state: { S: 'running' }, ttl: { N: ttl() } },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      return true;
    } catch (error) {
      const { name, Item } = error as { name: string; Item?: Record<string, AttributeValue> };
      if (name === 'ConditionalCheckFailedException' && Item?.state?.S === 'done') return false;
      throw error;
    }
  };

  const process = async (order: Order) => total(order);

  return async (event: SQSEvent) => {
    const batchItemFailures: SQSBatchItemFailure[] = [];
    for (const record of event.Records) {
      try {
        const order: Order = JSON.parse(record.body);
        if (!(await claim(order.orderId))) continue;
        await process(order);
        await calls.updateItem({
          TableName: TABLE,
          Key: { pk: { S: order.orderId } },
          UpdateExpression: 'SET #state = :state, #ttl = :ttl',
          ExpressionAttributeNames: { '#state': 'state', '#ttl': 'ttl' },
          ExpressionAttributeValues: { ':state': { S: 'done' }, ':ttl': { N: ttl() } },
        });
      } catch {
        batchItemFailures.push({ itemIdentifier: record.messageId });
      }
    }
    return { batchItemFailures };
  };
};
