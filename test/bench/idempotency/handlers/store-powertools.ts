import { IdempotencyItemAlreadyExistsError, type IdempotencyRecordStatus } from '@aws-lambda-powertools/idempotency';
import { BasePersistenceLayer, IdempotencyRecord } from '@aws-lambda-powertools/idempotency/persistence';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { powertools } from '../powertools';
import { Store, TABLE } from '../store';

export const store = new Store();

const unused = () => Promise.reject(new Error('no record fails in this benchmark'));

/** What its layer for DynamoDB does, less the client. */
class StorePersistenceLayer extends BasePersistenceLayer {
  protected _deleteRecord = unused;
  protected _getRecord = unused;

  protected async _putRecord(record: IdempotencyRecord): Promise<void> {
    try {
      await store.putItem({
        TableName: TABLE,
        Item: {
          pk: { S: record.idempotencyKey },
          state: { S: record.getStatus() },
          ttl: { N: String(record.expiryTimestamp) },
          lease: { N: String(record.inProgressExpiryTimestamp) },
        },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
    } catch (error) {
      const { Item: item } = error as { Item: Record<string, AttributeValue> };
      throw new IdempotencyItemAlreadyExistsError(
        'exists',
        new IdempotencyRecord({
          idempotencyKey: record.idempotencyKey,
          status: item.state!.S as (typeof IdempotencyRecordStatus)[keyof typeof IdempotencyRecordStatus],
          expiryTimestamp: Number(item.ttl!.N),
        }),
      );
    }
  }

  protected async _updateRecord(record: IdempotencyRecord): Promise<void> {
    await store.updateItem({
      TableName: TABLE,
      Key: { pk: { S: record.idempotencyKey } },
      UpdateExpression: 'SET #state = :state, #ttl = :ttl',
      ExpressionAttributeNames: { '#state': 'state', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':state': { S: record.getStatus() }, ':ttl': { N: String(record.expiryTimestamp) } },
    });
  }
}

export const handler = powertools(new StorePersistenceLayer());
