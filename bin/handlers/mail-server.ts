import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';

const ledger = DynamoDBDocumentClient.from(new DynamoDBClient());

export interface Mail {
  readonly id: string;
  readonly address: string;
  readonly text: string;
}

/** Stands for a mail server: refuses what goes to down.example, and what goes to busy.example once. All else is a row in the ledger. */
export async function deliver({ id, address, text }: Mail, abortSignal: AbortSignal): Promise<void> {
  const row = { TableName: process.env.LEDGER_TABLE, Key: { pk: `mail#${id}`, sk: 'mail' } };
  const { Attributes } = await ledger.send(
    new UpdateCommand({
      ...row,
      UpdateExpression: 'ADD attempts :one SET #text = :text, mailId = :id',
      ExpressionAttributeNames: { '#text': 'text' },
      ExpressionAttributeValues: { ':one': 1, ':text': text, ':id': id },
      ReturnValues: 'UPDATED_NEW',
    }),
    { abortSignal },
  );
  const host = address.split('@').at(-1);
  if (host === 'down.example' || (host === 'busy.example' && Attributes?.attempts === 1)) {
    throw new Error(`${host} answered 451: try again later`);
  }
  await ledger.send(
    new UpdateCommand({ ...row, UpdateExpression: 'ADD delivered :one', ExpressionAttributeValues: { ':one': 1 } }),
    { abortSignal },
  );
}
