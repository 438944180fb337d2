import type { GetObjectCommandInput, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { describe, sentence } from '../describe';
import { PermanentError } from '../errors';
import type { PayloadSpec } from './connection';
import type { Pointer } from './pointer';

/** The two calls. A body is text. */
export interface StoreCalls {
  putObject(input: PutObjectCommandInput, signal: AbortSignal): Promise<unknown>;
  getObject(input: GetObjectCommandInput, signal: AbortSignal): Promise<string>;
  /** Of a text, in hexadecimal. */
  sha256(text: string): string;
}

/**
 * Stores a body under its hash: a repetition writes the same object, and FIFO's deduplication by content still sees equal
 * messages as equal.
 */
export async function storePayload(
  calls: StoreCalls,
  { bucket, prefix = '' }: PayloadSpec,
  body: string,
  signal: AbortSignal,
): Promise<Pick<Pointer, 'bucket' | 'key'>> {
  const key = prefix + calls.sha256(body);
  await calls.putObject({ Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' }, signal);
  return { bucket, key };
}

const MISSING = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound']);

/**
 * The body that a pointer points to.
 *
 * @throws PermanentError if there is none any more, or it is not the one that was stored; whatever else S3 answers as it is
 */
export async function fetchPayload(
  calls: Pick<StoreCalls, 'getObject'>,
  pointer: Pointer,
  signal: AbortSignal,
): Promise<string> {
  const { bucket, key, size } = pointer;
  let body: string;
  try {
    body = await calls.getObject({ Bucket: bucket, Key: key }, signal);
  } catch (error) {
    const description = describe(error);
    if (!MISSING.has(description.name)) throw error;
    throw new PermanentError(`its body is gone from ${bucket}/${key}: ${sentence(description)}`, { cause: error });
  }
  const got = Buffer.byteLength(body);
  if (got !== size) throw new PermanentError(`its body in ${bucket}/${key} has ${got} bytes, expected ${size}`);
  return body;
}
