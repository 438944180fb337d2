import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What of a value does not match its schema. */
export interface Mismatch {
  readonly path: readonly string[];
  readonly detail: string;
}

/** Of a key in a path: whoever sends names the keys of a record. */
const MAX_KEY = 64;
const MAX_DETAIL = 200;
/** Schemas that write what they got may cut it off. */
const PIECE = 12;
/** Shorter texts are in many a sentence by chance. */
const TELLING = 4;

/** Whether a text repeats what it is about: some schemas write what they got. */
function repeats(message: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return false;
  try {
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    const quoted = JSON.stringify(text);
    return text.length < TELLING
      ? message.includes(quoted)
      : message.includes(text.slice(0, PIECE)) || message.includes(quoted.slice(1, -1).slice(0, PIECE));
  } catch {
    return true;
  }
}

/** Where something does not match, and what was expected: not what was sent, since lines and reasons are read by many. */
export function mismatchOf({ path = [], message }: StandardSchemaV1.Issue, input: unknown): Mismatch {
  let value = input;
  const keys = path.map((part): string => {
    const key = typeof part === 'object' ? part.key : part;
    value = (value as Record<PropertyKey, unknown> | undefined | null)?.[key];
    return String(key).slice(0, MAX_KEY);
  });
  return { path: keys, detail: repeats(message, value) ? 'is not valid' : message.slice(0, MAX_DETAIL) };
}
