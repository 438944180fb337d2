import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { APIGatewayProxyEvent } from 'aws-lambda/trigger/api-gateway-proxy';
import { MAX_CALLBACK_URL } from '../../../lib/private/contract';
import { parseJson } from '../decode';
import { describe } from '../describe';
import { mismatchOf } from '../mismatch';
import { Refusal } from './reply';

export type Request = Pick<APIGatewayProxyEvent, 'httpMethod' | 'headers' | 'body' | 'isBase64Encoded'>;

export const headerOf = ({ headers }: Pick<Request, 'headers'>, name: string): string | undefined => {
  for (const key in headers) if (key.toLowerCase() === name) return headers[key];
  return undefined;
};

/** JSON in UTF-8, as https://www.rfc-editor.org/rfc/rfc8259 has it, with any suffix. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/** The body as bytes were sent, then as a value. @throws Refusal */
export function readBody(request: Request, maxBytes: number): unknown {
  const type = headerOf(request, 'content-type') ?? '';
  const encoding = headerOf(request, 'content-encoding') ?? 'identity';
  if (!JSON_TYPE.test(type)) {
    throw new Refusal(
      415,
      'Unsupported Media Type',
      'expected Content-Type: application/json, in UTF-8',
      {},
      {
        Accept: 'application/json',
      },
    );
  }
  if (encoding.toLowerCase() !== 'identity') {
    throw new Refusal(
      415,
      'Unsupported Media Type',
      'expected no Content-Encoding',
      {},
      { 'Accept-Encoding': 'identity' },
    );
  }
  const raw = typeof request.body === 'string' ? request.body : '';
  const bytes = Buffer.from(raw, request.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.byteLength > maxBytes) {
    throw new Refusal(413, 'Content Too Large', `expected at most ${maxBytes} bytes, got ${bytes.byteLength}`);
  }
  try {
    // Text that is none would become replacement characters, and the job another than was asked for.
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const { name, message } = describe(error);
    throw new Refusal(400, 'Bad Request', name === 'PermanentError' ? message : 'the body is not UTF-8');
  }
}

/** What of a body does not match. */
interface PointedMismatch {
  /** https://www.rfc-editor.org/rfc/rfc6901 */
  readonly pointer: string;
  readonly detail: string;
}

const MAX_ISSUES = 10;
/** As a pointer of JSON says it. */
function pointed(issue: StandardSchemaV1.Issue, input: unknown): PointedMismatch {
  const { path, detail } = mismatchOf(issue, input);
  return { pointer: path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''), detail };
}

/** @throws Refusal if the value does not match */
export async function checkBody(schema: StandardSchemaV1, input: unknown): Promise<void> {
  let issues: readonly StandardSchemaV1.Issue[] | undefined;
  try {
    ({ issues } = await schema['~standard'].validate(input));
  } catch (error) {
    // What overflows the stack of a schema is the body, and so is what makes its own checks throw.
    throw new Refusal(400, 'Bad Request', `the body cannot be checked (${describe(error).name})`);
  }
  if (!issues) return;
  const errors = issues.slice(0, MAX_ISSUES).map((issue) => pointed(issue, input));
  throw new Refusal(400, 'Bad Request', 'the body does not match the schema', { errors });
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws Refusal if there is one and it is no key */
export function readKey(request: Request): string | undefined {
  const key = headerOf(request, 'idempotency-key');
  if (key === undefined || KEY.test(key)) return key;
  throw new Refusal(400, 'Bad Request', 'Idempotency-Key: expected 1 to 255 visible ASCII characters');
}

/** A URL that may be called back, as far as it can be told without asking for its address. @throws Refusal */
export function readCallback(request: Request, allowed: boolean): string | undefined {
  const url = headerOf(request, 'callback-url');
  if (url === undefined) return undefined;
  const refuse = (why: string) => new Refusal(400, 'Bad Request', `Callback-Url: ${why}`);
  if (!allowed) throw refuse('this API calls nobody back');
  if (url.length > MAX_CALLBACK_URL) throw refuse(`expected at most ${MAX_CALLBACK_URL} characters`);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw refuse('expected an absolute https URL');
  }
  if (parsed.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '') {
    throw refuse('expected an https URL without user and password');
  }
  return parsed.href;
}

const MAX_WAIT = 25;

/** Seconds. @throws Refusal */
export function readWait(text: string | undefined): number {
  if (text === undefined) return 0;
  const seconds = Number(text);
  if (/^\d{1,2}$/.test(text) && seconds <= MAX_WAIT) return seconds;
  throw new Refusal(400, 'Bad Request', `wait: expected whole seconds from 0 to ${MAX_WAIT}`);
}
