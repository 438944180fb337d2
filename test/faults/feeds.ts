import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand as GetChangesCommand,
  GetShardIteratorCommand as GetChangesIteratorCommand,
  type _Record as StreamRecord,
} from '@aws-sdk/client-dynamodb-streams';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  type _Record as KinesisRecord,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Emulator } from '../../bin/local/emulator';
import { kinesisEventOf } from '../lambda/stream/kinesis-event';
import { pollShard } from '../lambda/stream/shard-poller';

const POLL_MS = 250;
const READ_AT_ONCE = 200;

/** What reads a shard and invokes a function with what is there. */
export interface Feed {
  /** How many records it has passed. */
  passed(): number;
  stop(): Promise<void>;
}

interface Shard<R> {
  iterator(): Promise<string | undefined>;
  read(iterator: string): Promise<{ readonly records: readonly R[]; readonly next: string | undefined }>;
  sequenceNumberOf(record: R): string;
  eventOf(record: R): object;
}

/** Of these AWS says that a shard is read in its order, and that a batch comes again until it is passed. */
function feed<R>(
  lambda: LambdaClient,
  functionName: string,
  batchSize: number,
  shards: () => Promise<Shard<R>[]>,
): Feed {
  let stopped = false;
  let passed = 0;
  const invoke = async (shard: Shard<R>, records: readonly R[]) => {
    const { FunctionError, Payload } = await lambda.send(
      new InvokeCommand({
        FunctionName: functionName,
        Payload: JSON.stringify({ Records: records.map(shard.eventOf) }),
      }),
    );
    const text = Buffer.from(Payload ?? '').toString();
    if (!FunctionError) return JSON.parse(text || 'null') ?? {};
    await sleep(POLL_MS);
    throw new Error(text);
  };
  const run = async (shard: Shard<R>): Promise<void> => {
    let iterator = await shard.iterator();
    while (!stopped && iterator !== undefined) {
      // The iterator stays where it is: what is not answered is asked again, as Lambda does.
      const page = await shard.read(iterator).catch(() => undefined);
      if (page === undefined) {
        await sleep(POLL_MS);
        continue;
      }
      const { records, next } = page;
      if (records.length === 0) await sleep(POLL_MS);
      else {
        let done = 0;
        await pollShard(
          {
            records,
            sequenceNumberOf: shard.sequenceNumberOf,
            invoke: (batch) => {
              if (stopped) return Promise.resolve({});
              return invoke(shard, batch);
            },
            // Never: a batch is tried for as long as its records are kept.
            discard: async () => {},
            passed: (index) => {
              passed += index - done;
              done = index;
            },
          },
          { batchSize, retryAttempts: Number.POSITIVE_INFINITY },
        );
      }
      iterator = next;
    }
  };
  const running = (async () => Promise.all((await shards()).map(run)))();
  // Told by `stop`.
  running.catch(() => {});
  return {
    passed: () => passed,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** Feeds a function from a Kinesis stream. */
export function kinesisFeed(emulator: Emulator, StreamName: string, functionName: string, batchSize: number): Feed {
  const kinesis = new KinesisClient(emulator.clientConfig);
  const lambda = new LambdaClient(emulator.clientConfig);
  return feed<KinesisRecord>(lambda, functionName, batchSize, async () => {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
    return Shards.map(({ ShardId }) => ({
      async iterator() {
        const request = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
        return (await kinesis.send(new GetShardIteratorCommand(request))).ShardIterator;
      },
      async read(ShardIterator) {
        const reply = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: READ_AT_ONCE }));
        return { records: reply.Records ?? [], next: reply.NextShardIterator };
      },
      sequenceNumberOf: ({ SequenceNumber }) => SequenceNumber!,
      eventOf: (record) =>
        kinesisEventOf(record, ShardId!, `arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`),
    }));
  });
}

/** What Lambda makes of a change that the stream hands over. */
const changeOf = ({ dynamodb, ...record }: StreamRecord): object => ({
  ...record,
  dynamodb: {
    ...dynamodb,
    ApproximateCreationDateTime: (dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0) / 1000,
  },
});

/** Feeds a function from the stream of a DynamoDB table. */
export function changesFeed(emulator: Emulator, StreamArn: string, functionName: string, batchSize: number): Feed {
  const streams = new DynamoDBStreamsClient(emulator.clientConfig);
  const lambda = new LambdaClient(emulator.clientConfig);
  return feed<StreamRecord>(lambda, functionName, batchSize, async () => {
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    return (StreamDescription?.Shards ?? []).map(({ ShardId }) => ({
      async iterator() {
        const request = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
        return (await streams.send(new GetChangesIteratorCommand(request))).ShardIterator;
      },
      async read(ShardIterator) {
        const reply = await streams.send(new GetChangesCommand({ ShardIterator, Limit: READ_AT_ONCE }));
        return { records: reply.Records ?? [], next: reply.NextShardIterator };
      },
      sequenceNumberOf: ({ dynamodb }) => dynamodb!.SequenceNumber!,
      eventOf: changeOf,
    }));
  });
}
