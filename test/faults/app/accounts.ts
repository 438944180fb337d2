import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { eventLog, PermanentError, worker } from 'cdk-async-patterns/runtime';
import { effect } from './effect';
import type { Work } from './work';

interface Events {
  Counted: { readonly id: string; readonly amount: number };
}

interface Sum {
  readonly amount: number;
  readonly events: number;
}

const EMPTY: Sum = { amount: 0, events: 0 };
const log = eventLog<Events>('log');
const add = ({ amount, events }: Sum, { data }: { readonly data: Events['Counted'] }): Sum => ({
  amount: amount + data.amount,
  events: events + 1,
});

/** Appends one event for each command, however often that is delivered. */
export const commands = worker<Work>({
  async process(work, context) {
    const { id, group, step } = work;
    await effect('accounts', work, context);
    if (group === undefined || step === undefined) throw new PermanentError(`${id} is of no account`);
    await log
      .with(context)
      .aggregate({ initial: EMPTY, reducer: add })
      .execute(group, () => [{ type: 'Counted', data: { id, amount: step } }], { appendId: id });
  },
});

const client = new DynamoDBClient({});
const TableName = process.env.SUMS_TABLE;

const sums = log.projection<Sum>({
  initial: EMPTY,
  reducer: add,
  async load(streamId) {
    const { Item } = await client.send(
      new GetItemCommand({ TableName, Key: { pk: { S: streamId } }, ConsistentRead: true }),
    );
    return Item && { state: JSON.parse(Item.state!.S!), version: Number(Item.version!.N) };
  },
  save: (streamId, { state, version }, before) =>
    client.send(
      new PutItemCommand({
        TableName,
        Item: { pk: { S: streamId }, state: { S: JSON.stringify(state) }, version: { N: `${version}` } },
        ConditionExpression: before === 0 ? 'attribute_not_exists(pk)' : 'version = :before',
        ...(before > 0 && { ExpressionAttributeValues: { ':before': { N: `${before}` } } }),
      }),
    ),
});

/** Keeps the sum of each account. */
export const projection = worker({
  parse: log.parse,
  async process(event: Parameters<typeof sums.process>[0], context) {
    const { streamId, version } = event;
    const id = `${streamId}@${version}`;
    await effect('balances', { id, key: id, fails: 0, bad: false, group: streamId, step: version }, context);
    await sums.process(event);
  },
});
