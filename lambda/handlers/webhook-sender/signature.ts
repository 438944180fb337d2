import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const MIN_BYTES = 24;

/** The key that a secret is: base64, with or without a prefix. @throws Error if it is none */
export function keyOf(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const key = Buffer.from(text, 'base64');
  if (!BASE64.test(text) || key.byteLength < MIN_BYTES) {
    throw new Error(
      `the secret of the webhook: expected base64 of at least ${MIN_BYTES} bytes, after ${PREFIX} or without`,
    );
  }
  return key;
}

/**
 * The headers that sign a body as Standard Webhooks has it, so that receivers need no code of ours.
 * https://www.standardwebhooks.com
 *
 * @param now milliseconds since the epoch: receivers refuse what is old
 */
export function signatureOf(key: Buffer, id: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
