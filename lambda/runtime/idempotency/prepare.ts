import { hash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { describe } from '../describe';
import { PermanentError } from '../errors';

/** How a worker tells one piece of work from another. */
export interface Identity<T> {
  keyOf(message: T): string;
  /** What must be the same under one key; missing: the whole body. */
  payloadOf?(message: T): unknown;
}

/** A message before it runs: read and named, or what went wrong. */
export type Prepared<T> = Ready<T> | { readonly thrown: unknown };

export interface Ready<T> {
  readonly message: T;
  readonly key: string;
  readonly hash: string;
}

const MAX_KEY_BYTES = 1024;

const sha256 = (text: string): string => hash('sha256', text, 'base64url');

function keyOf<T>(message: T, identity: Identity<T>): string {
  let key: unknown;
  try {
    key = identity.keyOf(message);
  } catch (error) {
    throw new PermanentError(`idempotencyKey: cannot be read from the message: ${describe(error).message}`);
  }
  if (typeof key !== 'string' || key.trim() === '') {
    const got = typeof key === 'string' ? 'an empty text' : typeof key;
    throw new PermanentError(`idempotencyKey: got ${got}, expected a text that names the work`);
  }
  return Buffer.byteLength(key) > MAX_KEY_BYTES ? `sha256:${sha256(key)}` : key;
}

/**
 * Reads every message and fixes its key before any handler runs, since handlers change what they are given.
 * A key that cannot be told from another's is a permanent error: one shared key would drop all messages but one.
 */
export async function prepareAll<T>(
  records: readonly SQSRecord[],
  read: (record: SQSRecord) => T | Promise<T>,
  identity: Identity<T>,
  open?: (record: SQSRecord) => SQSRecord | Promise<SQSRecord>,
): Promise<Prepared<T>[]> {
  const prepare = (message: T, body: string): Prepared<T> => ({
    message,
    key: keyOf(message, identity),
    hash: sha256(identity.payloadOf ? (JSON.stringify(identity.payloadOf(message)) ?? '') : body),
  });
  const readAndPrepare = (record: SQSRecord): Prepared<T> | Promise<Prepared<T>> => {
    const message = read(record);
    return message instanceof Promise
      ? message.then((valid) => prepare(valid, record.body))
      : prepare(message, record.body);
  };
  let waits = false;
  const prepared = records.map((record): Prepared<T> | Promise<Prepared<T>> => {
    try {
      const opened = open ? open(record) : record;
      const made = opened instanceof Promise ? opened.then(readAndPrepare) : readAndPrepare(opened);
      if (!(made instanceof Promise)) return made;
      waits = true;
      return made.catch((thrown) => ({ thrown }));
    } catch (thrown) {
      return { thrown };
    }
  });
  // Most schemas do not wait, and a promise a record is not free.
  return waits ? Promise.all(prepared) : (prepared as Prepared<T>[]);
}
