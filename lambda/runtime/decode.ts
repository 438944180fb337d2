import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PermanentError } from './errors';
import { mismatchOf } from './mismatch';

// JSON can write the key in the clear or with escapes; only texts that may hold it are looked through.
const mayHoldProto = (body: string): boolean => body.includes('__proto__') || body.includes('\\u00');

/** Without recursion: who may send may nest a hundred thousand deep. */
function holdsProto(value: unknown): boolean {
  const open = [value];
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item !== 'object' || item === null) continue;
    if (Object.hasOwn(item, '__proto__')) return true;
    for (const inner of Object.values(item)) if (typeof inner === 'object') open.push(inner);
  }
  return false;
}

/**
 * A value that somebody has parsed.
 *
 * @throws PermanentError if it has a key `__proto__`, which pollutes whatever it is merged into
 */
export function withoutProto(value: unknown): unknown {
  if (holdsProto(value)) throw new PermanentError('the body has a key __proto__');
  return value;
}

/**
 * Parses a JSON body. The reason names no part of the body, as the parser's own message would: reasons are logged.
 *
 * @throws PermanentError if it is not JSON, or has a key `__proto__`
 */
export function parseJson(body: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new PermanentError(body === '' ? 'the body is empty' : 'the body is not JSON');
  }
  return mayHoldProto(body) ? withoutProto(value) : value;
}

const MAX_ISSUES = 5;

const issueText = (issue: StandardSchemaV1.Issue, input: unknown): string => {
  const { path, detail } = mismatchOf(issue, input);
  return path.length > 0 ? `${path.join('.')}: ${detail}` : detail;
};

const accept = <T>(result: StandardSchemaV1.Result<T>, input: unknown): T => {
  if (!result.issues) return result.value;
  const { issues } = result;
  const more = issues.length > MAX_ISSUES ? `; and ${issues.length - MAX_ISSUES} more` : '';
  throw new PermanentError(
    `the body does not match the schema: ${issues
      .slice(0, MAX_ISSUES)
      .map((issue) => issueText(issue, input))
      .join('; ')}${more}`,
  );
};

/**
 * What the schema makes of a value, now or, with an asynchronous schema, later.
 *
 * @throws PermanentError with the first issues, if it does not match
 */
export function validate<T>(schema: StandardSchemaV1<unknown, T>, value: unknown): T | Promise<T> {
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then((late) => accept(late, value)) : accept(result, value);
}
