import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readByHand } from '../by-hand';

export const handler = readByHand(new DynamoDBClient({}));
