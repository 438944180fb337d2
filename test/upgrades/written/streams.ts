import { type Found, Recovery } from '../../../lambda/handlers/stream-recovery/recovery';
import { PermanentError } from '../../../lambda/runtime/errors';
import { streamWorkerOn } from '../../../lambda/runtime/stream/stream-worker';
import { dynamodbEvent, kafkaEvent, kinesisEvent } from '../../../lambda/testing';
import { BODY, edgeOf, NOW, SILENT } from './common';

const arrivedAt = new Date(NOW - 60_000);

/** What Lambda tells of a batch that it has given up. It is AWS's, and in the queue of whoever recovers it. */
export const NOTICE = {
  requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 11 },
  KinesisBatchInfo: {
    shardId: 'shardId-1',
    startSequenceNumber: '1',
    endSequenceNumber: '2',
    batchSize: 2,
    streamArn: 'arn:aws:kinesis:us-east-2:1:stream/s',
  },
};

export async function recovered(notice: string): Promise<unknown[]> {
  const sent: unknown[] = [];
  const found = ['1', '2'].map(
    (sequenceNumber): Found => ({
      id: `shardId-1:${sequenceNumber}`,
      sequenceNumber,
      partitionKey: 'k',
      arrivedAt: arrivedAt.getTime(),
      bytes: Buffer.from(JSON.stringify(BODY)),
    }),
  );
  const recovery = new Recovery({
    queueUrl: 'https://sqs.test/dead',
    sqs: {
      sendMessageBatch: async ({ Entries = [] }) => {
        sent.push(...Entries);
        return { Successful: Entries.map(({ Id }) => ({ Id, MessageId: '', MD5OfMessageBody: '' })), Failed: [] };
      },
    },
    async *pages() {
      yield found;
    },
    log: SILENT,
    now: () => NOW,
    random: () => 0.5,
  });
  await recovery.recover(notice);
  return sent;
}

/** The dead letters of streams, and what is recovered of what Lambda has given up. */
export async function streams() {
  const edge = edgeOf();
  const handler = streamWorkerOn<unknown>(edge, {
    process: () => {
      throw new PermanentError('empty order');
    },
  });
  await handler(kinesisEvent([{ data: BODY, partitionKey: 'k' }, { data: Buffer.from([0, 255]) }], { arrivedAt }));
  await handler(dynamodbEvent([{ keys: { id: 'a' } }], { arrivedAt }));
  await handler(kafkaEvent([{ value: BODY, key: 'k' }], { arrivedAt }));
  const notice = JSON.stringify(NOTICE);
  return { deadLetters: edge.deadLetters, notice, recovered: await recovered(notice) };
}
