import type { LookupAddress } from 'node:dns';
import type { request } from 'node:https';
import { isIP } from 'node:net';
import { MAX_CALLBACK_URL } from '../../../lib/private/contract';
import { PermanentError, RetryAfter } from '../../runtime/errors';
import type { Delivery } from '../job-completions/completion';
import { signatureOf } from './signature';

export interface CallerOptions {
  /** All addresses of a name. */
  resolve(hostname: string): Promise<readonly LookupAddress[]>;
  isAllowed(address: string): boolean;
  readonly request: typeof request;
  now(): number;
  key(): Promise<Buffer>;
  /** Seconds. */
  readonly timeout: number;
}

const MAX_RETRY_AFTER = 3_600;

/** @throws PermanentError if it is no URL that may be called */
function urlOf(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new PermanentError('the URL to call is none');
  }
  if (text.length > MAX_CALLBACK_URL || url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new PermanentError('the URL to call is not one of https, without user and password, and short enough');
  }
  return url;
}

/** What an id may have in a header. */
const ID = /^[\x21-\x7e]{1,256}$/;

/** @throws PermanentError if it is none: nothing that is sent again makes one of it */
export function checked(delivery: Delivery): Delivery {
  const { id, url, completion } = (delivery ?? {}) as Partial<Record<keyof Delivery, unknown>>;
  if (typeof id === 'string' && ID.test(id) && typeof url === 'string' && typeof completion === 'object' && completion)
    return delivery;
  throw new PermanentError('the message is no call: expected an id, a URL and what to tell');
}

/** Calls back. Addresses are looked up once, judged, and connected to as judged: a name cannot change its mind in between. */
export class Caller {
  constructor(private readonly options: CallerOptions) {}

  /** @throws PermanentError, RetryAfter or Error if the receiver has not taken it */
  async call({ id, url: text, completion }: Delivery, signal: AbortSignal): Promise<void> {
    const { now, timeout } = this.options;
    const url = urlOf(text);
    const address = await this.addressOf(url);
    const body = JSON.stringify(completion);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'cdk-async-patterns',
      ...signatureOf(await this.options.key(), id, body, now()),
    };
    const { status, retryAfter } = await this.post(url, address, headers, body, [
      signal,
      AbortSignal.timeout(timeout * 1_000),
    ]);
    if (status >= 200 && status < 300) return;
    const answer = `${url.host} answered ${status}`;
    // Redirects are not followed: they lead where nobody has looked.
    if (status === 410 || (status >= 300 && status < 400)) throw new PermanentError(answer);
    if (retryAfter !== undefined) throw new RetryAfter({ seconds: Math.min(MAX_RETRY_AFTER, retryAfter) }, answer);
    throw new Error(answer);
  }

  private async addressOf({ hostname }: URL): Promise<LookupAddress> {
    const literal = hostname.replace(/^\[|\]$/g, '');
    const family = isIP(literal);
    const addresses = family === 0 ? await this.options.resolve(hostname) : [{ address: literal, family }];
    const refused = addresses.find(({ address }) => !this.options.isAllowed(address));
    if (refused) throw new PermanentError(`${hostname} is at ${refused.address}, which is no public address`);
    const [first] = addresses;
    if (!first) throw new Error(`${hostname} has no address`);
    return first;
  }

  private post(
    url: URL,
    { address, family }: LookupAddress,
    headers: Record<string, string | number>,
    body: string,
    signals: AbortSignal[],
  ): Promise<{ status: number; retryAfter?: number }> {
    return new Promise((resolve, reject) => {
      const made = this.options.request(
        url,
        {
          method: 'POST',
          headers,
          signal: AbortSignal.any(signals),
          // A connection that is kept might be one of before.
          agent: false,
          lookup: (_hostname, options, callback) =>
            options.all ? callback(null, [{ address, family }]) : callback(null, address, family),
        },
        (response) => {
          const retryAfter = Number(response.headers['retry-after']);
          resolve({
            status: response.statusCode ?? 0,
            ...(retryAfter >= 0 && { retryAfter }),
          });
          // What it says is of no interest, however much it is.
          response.destroy();
        },
      );
      made.on('error', reject);
      made.end(body);
    });
  }
}
