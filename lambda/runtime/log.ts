import { describe } from './describe';
import type { Edge } from './edge';

/** What the runtime asks of a logger: `console`, Powertools' and most others have it. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Fields that a logger adds to every line, the same object for all lines of a record. */
export type Bound = Readonly<Record<string, unknown>>;

/** Lambda's, in their order. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** JSON of anything: what cannot be written becomes a word that says why. */
export function safeJson(value: unknown): string {
  const path: unknown[] = [];
  const replacer = function (this: unknown, _key: string, item: unknown): unknown {
    if (typeof item === 'bigint') return String(item);
    if (item instanceof Error) return describe(item);
    if (typeof item !== 'object' || item === null) return item;
    while (path.length > 0 && path.at(-1) !== this) path.pop();
    if (path.includes(item)) return '[circular]';
    path.push(item);
    return item;
  };
  try {
    return JSON.stringify(value, replacer) ?? 'null';
  } catch (error) {
    return JSON.stringify(`[unwritable: ${describe(error).message}]`);
  }
}

// Errors write as {} and big integers throw: only fields of plain text and numbers take the fast way.
const isPlain = (fields: Record<string, unknown>): boolean => {
  for (const key in fields) {
    const type = typeof fields[key];
    if (type === 'bigint' || (type === 'object' && fields[key] !== null)) return false;
  }
  return true;
};

const inner = (fields: Record<string, unknown>): string => {
  const json = isPlain(fields) ? JSON.stringify(fields) : safeJson(fields);
  return json.length > 2 && json.startsWith('{') ? `,${json.slice(1, -1)}` : '';
};

type Line = (level: keyof Logger, message: string, fields?: Record<string, unknown>) => void;

const loggerOf = (line: Line): Logger => ({
  debug: (message, fields) => line('debug', message, fields),
  info: (message, fields) => line('info', message, fields),
  warn: (message, fields) => line('warn', message, fields),
  error: (message, fields) => line('error', message, fields),
});

/**
 * One JSON line a call, in the shape that Lambda's own JSON log format gives to lines, so that its level filter and
 * CloudWatch's field discovery read them.
 */
export function jsonLogger({ env, now, write }: Pick<Edge, 'env' | 'now' | 'write'>, bound: Bound): Logger {
  const threshold = LEVELS.indexOf((env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO').toLowerCase());
  const tail = inner(bound);
  return loggerOf((level, message, fields) => {
    if (LEVELS.indexOf(level) < threshold) return;
    write(
      `{"timestamp":"${isoTime(now())}","level":"${level.toUpperCase()}","message":${JSON.stringify(String(message))}${tail}${fields ? inner(fields) : ''}}`,
    );
  });
}

/** A logger of the user's with our fields on every line. What it throws must not decide what becomes of a message. */
export const boundLogger = (logger: Logger, bound: Bound): Logger =>
  loggerOf((level, message, fields) => {
    try {
      logger[level](message, { ...bound, ...fields });
    } catch {}
  });

let lastTime = Number.NaN;
let lastText = '';

// Lines come many a millisecond, and the text of a time costs as much as the rest of a line.
const isoTime = (time: number): string => {
  if (time !== lastTime) {
    lastTime = time;
    lastText = new Date(time).toISOString();
  }
  return lastText;
};
