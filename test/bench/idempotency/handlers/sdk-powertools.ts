import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { powertools } from '../powertools';
import { TABLE } from '../store';

export const handler = powertools(new DynamoDBPersistenceLayer({ tableName: TABLE }));
