// The S3 client, bundled into a file of its own that is loaded when a body is first stored or fetched.
import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { answeredWithin, STORE_ANSWERS } from './answers';
import type { StoreCalls } from './producer/payload';

const client = new S3Client({ requestHandler: answeredWithin(STORE_ANSWERS) });

export const calls: StoreCalls = {
  putObject: (input, abortSignal) => client.send(new PutObjectCommand(input), { abortSignal }),
  getObject: async (input, abortSignal) => {
    const { Body } = await client.send(new GetObjectCommand(input), { abortSignal });
    return (await Body?.transformToString()) ?? '';
  },
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
};
