import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type DeadLetter, deadLetterOf } from '../../bin/local/dead-letters';
import type { Emulator } from '../../bin/local/emulator';
import type { Letter } from './account';

/** In JSON, or in JSON within JSON. */
const STORED = /s3Key\\*":\s*\\*"([^"\\]+)/;
const ID = /"id\\*":\s*\\*"([^"\\]+)/;

/** Takes everything out: of a FIFO group nobody sees more than the first ten while they are there. */
async function takeAll(sqs: SQSClient, QueueUrl: string): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return letters;
    letters.push(...Messages.map(deadLetterOf));
    const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
}

/** All that is in a dead-letter queue, by the ids of who sent it; bodies that are stored are fetched. */
export async function readDead(emulator: Emulator, queueUrl: string, Bucket: string): Promise<Letter[]> {
  const sqs = new SQSClient(emulator.clientConfig);
  const s3 = new S3Client({ ...emulator.clientConfig, forcePathStyle: true });
  const wholeOf = async (body: string): Promise<string> => {
    const [, Key] = STORED.exec(body) ?? [];
    if (Key === undefined) return body;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToString()) ?? '';
  };
  try {
    const letters = await takeAll(sqs, queueUrl);
    return await Promise.all(
      letters.map(async ({ body, reason }) => ({ id: ID.exec(await wholeOf(body))?.[1] ?? body.slice(0, 40), reason })),
    );
  } finally {
    sqs.destroy();
    s3.destroy();
  }
}
