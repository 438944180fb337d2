import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { appendByHand } from '../by-hand';

export const handler = appendByHand(new DynamoDBClient({ cacheMiddleware: true }));
