import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { transactByHand } from '../by-hand';

export const handler = transactByHand(new DynamoDBClient({ cacheMiddleware: true }));
