import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DeadLetterReader } from '../../bin/local/dead-letters';
import type { Emulator } from '../../bin/local/emulator';
import { waitingIn } from '../../bin/local/waiting';
import type { Letter } from './account';

const LOOKS = 50;
const LOOK_MS = 100;
/** In JSON, or in JSON within JSON. */
const STORED = /s3Key\\*":\s*\\*"([^"\\]+)/;
const ID = /"id\\*":\s*\\*"([^"\\]+)/;

/** All that is in a dead-letter queue, by the ids of who sent it; bodies that are stored are fetched. */
export async function readDead(emulator: Emulator, queueUrl: string, Bucket: string): Promise<Letter[]> {
  const sqs = new SQSClient(emulator.clientConfig);
  const s3 = new S3Client({ ...emulator.clientConfig, forcePathStyle: true });
  const reader = new DeadLetterReader(sqs, queueUrl);
  const wholeOf = async (body: string): Promise<string> => {
    const [, Key] = STORED.exec(body) ?? [];
    if (Key === undefined) return body;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToString()) ?? '';
  };
  try {
    const count = await waitingIn(sqs, queueUrl);
    let letters = await reader.look();
    // A FIFO queue shows a part at each look.
    for (let looks = 1; letters.length < count && looks < LOOKS; looks++) {
      await sleep(LOOK_MS);
      letters = await reader.look();
    }
    return await Promise.all(
      letters.map(async ({ body, reason }) => ({ id: ID.exec(await wholeOf(body))?.[1] ?? body.slice(0, 40), reason })),
    );
  } finally {
    await reader.giveBack();
    sqs.destroy();
    s3.destroy();
  }
}
