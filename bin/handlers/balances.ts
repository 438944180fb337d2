import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { worker } from 'cdk-async-patterns/runtime';
import { account, log, NO_ACCOUNT } from './account-log';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());
const TableName = process.env.LEDGER_TABLE;

const keyOf = (accountId: string) => ({ pk: `balance#${accountId}`, sk: 'balance' });

const balances = log.projection({
  initial: NO_ACCOUNT,
  reducer: account,
  async load(accountId) {
    const { Item } = await ledger.send(new GetCommand({ TableName, Key: keyOf(accountId), ConsistentRead: true }));
    return Item && { state: Item.state, version: Item.version };
  },
  save: (accountId, { state, version }, before) =>
    ledger.send(
      new PutCommand({
        TableName,
        Item: { ...keyOf(accountId), accountId, state, version },
        ConditionExpression: before === 0 ? 'attribute_not_exists(pk)' : 'version = :before',
        ...(before > 0 && { ExpressionAttributeValues: { ':before': before } }),
      }),
    ),
});

/** Keeps what is in each account. Drop its rows and replay to it, and they are there again. */
export const handler = worker({ parse: log.parse, process: balances.process });
