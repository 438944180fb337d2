import { describe } from './describe';
import type { Edge } from './edge';

/** What the runtime asks of a logger: `console`, Powertools' and most others have it. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

type Fields = Record<string, unknown>;

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
const isPlain = (fields: Fields): boolean => {
  for (const key in fields) {
    const type = typeof fields[key];
    if (type === 'bigint' || (type === 'object' && fields[key] !== null)) return false;
  }
  return true;
};

/** Never throws: what a handler logs must not decide what becomes of its message. */
const inner = (fields: Fields): string => {
  let json: string;
  try {
    json = (isPlain(fields) && JSON.stringify(fields)) || safeJson(fields);
  } catch {
    json = safeJson(fields);
  }
  if (json.startsWith('"')) return `,"fields":${json}`;
  return json.length > 2 && json.startsWith('{') ? `,${json.slice(1, -1)}` : '';
};

const textOf = (message: unknown): string => {
  try {
    return String(message);
  } catch {
    return '[unwritable]';
  }
};

/** Writes a line of an invocation, or of one of its messages. */
type Sink = (level: keyof Logger, origin: Origin | undefined, message: string, fields?: Fields) => void;

/** Which message a line is about. */
export interface Origin {
  readonly messageId: string;
  /** Missing where the sender gave none. */
  readonly correlationId?: string;
  /** The same of a trace. */
  readonly traceId?: string;
}

class SinkLogger implements Logger {
  constructor(
    private readonly sink: Sink,
    private readonly origin?: Origin,
  ) {}

  debug(message: string, fields?: Fields): void {
    this.sink('debug', this.origin, message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.sink('info', this.origin, message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.sink('warn', this.origin, message, fields);
  }

  error(message: string, fields?: Fields): void {
    this.sink('error', this.origin, message, fields);
  }
}

/** The loggers of an invocation: its own, and one for each of its messages. */
export interface Loggers {
  readonly own: Logger;
  of(origin: Origin): Logger;
}

/** Loggers whose lines all carry the bound fields. */
export type MakeLoggers = (bound: Fields) => Loggers;

const loggersOf = (sink: Sink): Loggers => ({
  own: new SinkLogger(sink),
  of: (origin) => new SinkLogger(sink, origin),
});

/**
 * One JSON line a call, in the shape that Lambda's own JSON log format gives to lines, so that its level filter and
 * CloudWatch's field discovery read them. What all lines of an invocation share is written out once.
 */
export function jsonLoggers({ env, now, write }: Pick<Edge, 'env' | 'now' | 'write'>): MakeLoggers {
  const threshold = LEVELS.indexOf((env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO').toLowerCase());
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
  return (bound) => {
    let tail: string | undefined;
    return loggersOf((level, origin, message, fields) => {
      if (LEVELS.indexOf(level) < threshold) return;
      tail ??= inner(bound);
      const ids = origin ? `,${JSON.stringify(origin).slice(1, -1)}` : '';
      write(
        `{"timestamp":"${isoTime(now())}","level":"${level.toUpperCase()}","message":${JSON.stringify(textOf(message))}${tail}${ids}${fields ? inner(fields) : ''}}`,
      );
    });
  };
}

/** A logger of the user's with our fields on every line. What it throws must not decide what becomes of a message. */
export const loggersFor =
  (logger: Logger): MakeLoggers =>
  (bound) =>
    loggersOf((level, origin, message, fields) => {
      try {
        logger[level](message, { ...bound, ...origin, ...fields });
      } catch {}
    });
