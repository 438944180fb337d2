import { writeSync } from 'node:fs';
import type { StoreCalls } from './producer/payload';

export type FailurePath = typeof import('./async-patterns-sqs.js');
export type StorePath = Pick<typeof import('./async-patterns-dynamodb.js'), 'Guards' | 'calls'>;
export type OpenPath = typeof import('./async-patterns-open.js');
export type SpanPath = typeof import('./async-patterns-spans.js');

/** All that the runtime reaches outside itself. It is passed in, so that a test is a call with another edge. */
export interface Edge {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Drawn from [0, 1). */
  random(): number;
  /** Writes one line to the log. */
  write(line: string): void;
  /** Loads what settles failures, with the SQS client, at the first failure. */
  failurePath(): Promise<FailurePath>;
  /** Loads what keeps state, with the DynamoDB client. */
  storePath(): Promise<StorePath>;
  /** Loads what opens messages. */
  openPath(): Promise<OpenPath>;
  /** Loads the S3 client, at the first body that is stored. */
  payloadPath(): Promise<{ readonly calls: StoreCalls }>;
  /** Loads what makes spans. */
  spanPath(): Promise<SpanPath>;
  /** Unique each time. */
  uuid(): string;
}

/** To the descriptor: opening `process.stdout` is 3 ms of start-up, and its stream costs as much again as each line. */
function writeLine(line: string): void {
  const bytes = Buffer.from(`${line}\n`);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(STDOUT, bytes, written);
  } catch {
    // A pipe that is full for the moment: the stream waits.
    process.stdout.write(bytes.subarray(written));
  }
}

const STDOUT = 1;

export const lambdaEdge: Edge = {
  env: process.env,
  now: Date.now,
  random: Math.random,
  write: (line) => writeLine(line),
  // The names are the contract's; a bundler needs to see them spelled out.
  failurePath: () => import('./async-patterns-sqs.js'),
  storePath: () => import('./async-patterns-dynamodb.js'),
  openPath: () => import('./async-patterns-open.js'),
  payloadPath: () => import('./async-patterns-s3.js'),
  spanPath: () => import('./async-patterns-spans.js'),
  // The global loads node:crypto, 4 ms of start-up, when it is first used.
  uuid: () => crypto.randomUUID(),
};
