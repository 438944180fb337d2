import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { broken, type Unit, type World } from '../world';

const SHARD = 'shardId-000000000000';

/** What Lambda writes when it gives a batch up: https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html */
async function giveUp(world: World, key: string): Promise<void> {
  const { SequenceNumber } = await world.kinesis.send(
    new PutRecordCommand({
      StreamName: world.out('OrdersStreamOut'),
      PartitionKey: key,
      Data: Buffer.from(JSON.stringify({ key, step: 1, fate: 'hopeless' })),
    }),
  );
  await world.send('OrdersOnFailureQueueUrlOut', {
    requestContext: {
      requestId: key,
      functionArn: world.out('OrdersFunctionOut'),
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 4,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: new Date().toISOString(),
    KinesisBatchInfo: {
      shardId: SHARD,
      startSequenceNumber: SequenceNumber,
      endSequenceNumber: SequenceNumber,
      approximateArrivalOfFirstRecord: new Date().toISOString(),
      approximateArrivalOfLastRecord: new Date().toISOString(),
      batchSize: 1,
      streamArn: world.out('OrdersStreamArnOut'),
    },
  });
}

export const streams: Unit = {
  stack: 'Streams',
  fixture: 'streams',
  start: async (world) => async (run) => {
    const change = (key: string, fate: string) =>
      world.dynamodb.send(
        new PutItemCommand({
          TableName: world.out('ItemsTableOut'),
          Item: { key: { S: key }, step: { N: '1' }, fate: { S: fate } },
        }),
      );
    const click = (key: string, fate: string) =>
      world.kinesis.send(
        new PutRecordCommand({
          StreamName: world.out('ClicksStreamOut'),
          PartitionKey: key,
          Data: Buffer.from(JSON.stringify({ key, step: 1, fate })),
        }),
      );
    await click(`${run}-ok`, 'ok');
    await click(`${run}-bad`, 'permanent');
    await change(`${run}-ok`, 'ok');
    await change(`${run}-bad`, 'permanent');
    // It holds its shard up until it is given up.
    await change(`${run}-hopeless`, 'hopeless');
    await giveUp(world, `${run}-given-up`);
    const steps = (worker: string) => async () => (await world.row('LedgerTableOut', `${worker}#${run}-ok`))?.steps;
    const dead = (worker: string, key: string) => async () =>
      (await world.dead(`${worker}DeadLetterQueueUrlOut`, `${run}-${key}`)).length > 0;
    return broken(
      {
        'a record is handled': steps('Clicks'),
        'a change is handled': steps('Changes'),
        'a record that can never be handled is dead': dead('Clicks', 'bad'),
        'a change that can never be handled is dead': dead('Changes', 'bad'),
        'the body of a record that was given up is dead': dead('Orders', 'given-up'),
        'the body of a change that was given up is dead': dead('Changes', 'hopeless'),
      },
      45,
    );
  },
};
