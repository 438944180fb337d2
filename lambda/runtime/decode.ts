import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PermanentError } from './errors';

// JSON can write the key in the clear or with escapes; only texts that may hold it pay for the slow parse.
const mayHoldProto = (body: string): boolean => body.includes('__proto__') || body.includes('\\u00');

const refuseProto = (key: string, value: unknown): unknown => {
  if (key === '__proto__') throw new PermanentError('the body has a key __proto__');
  return value;
};

/**
 * Parses a JSON body. The reason names no part of the body, as the parser's own message would: reasons are logged.
 *
 * @throws PermanentError if it is not JSON, or has a key `__proto__`, which pollutes whatever it is merged into
 */
export function parseJson(body: string): unknown {
  try {
    return mayHoldProto(body) ? JSON.parse(body, refuseProto) : JSON.parse(body);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError(body === '' ? 'the body is empty' : 'the body is not JSON');
  }
}

const holdsProto = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Object.hasOwn(value, '__proto__') || Object.values(value).some(holdsProto));

/**
 * The same of what somebody else has parsed.
 *
 * @throws PermanentError if it has a key `__proto__`
 */
export function withoutProto(value: unknown): unknown {
  if (holdsProto(value)) throw new PermanentError('the body has a key __proto__');
  return value;
}

const MAX_ISSUES = 5;

const issueText = ({ path, message }: StandardSchemaV1.Issue): string => {
  const where = path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return where ? `${where}: ${message}` : message;
};

const accept = <T>(result: StandardSchemaV1.Result<T>): T => {
  if (!result.issues) return result.value;
  const { issues } = result;
  const more = issues.length > MAX_ISSUES ? `; and ${issues.length - MAX_ISSUES} more` : '';
  throw new PermanentError(
    `the body does not match the schema: ${issues.slice(0, MAX_ISSUES).map(issueText).join('; ')}${more}`,
  );
};

/**
 * What the schema makes of a value, now or, with an asynchronous schema, later.
 *
 * @throws PermanentError with the first issues, if it does not match
 */
export function validate<T>(schema: StandardSchemaV1<unknown, T>, value: unknown): T | Promise<T> {
  const result = schema['~standard'].validate(value);
  return result instanceof Promise ? result.then(accept) : accept(result);
}
