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

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

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

/**
 * One JSON line a call, in the shape that Lambda's own JSON log format gives to lines, so that its level filter and
 * CloudWatch's field discovery read them.
 */
export class JsonLogger implements Logger {
  private readonly threshold: number;
  private readonly bound: string;

  constructor(
    private readonly edge: Edge,
    bound: Bound,
  ) {
    this.threshold = Math.max(0, LEVELS.indexOf(edge.env.AWS_LAMBDA_LOG_LEVEL ?? 'INFO'));
    this.bound = inner(bound);
  }

  debug(message: string, fields?: Record<string, unknown>): void {
    if (this.threshold <= 1) this.line('DEBUG', message, fields);
  }

  info(message: string, fields?: Record<string, unknown>): void {
    if (this.threshold <= 2) this.line('INFO', message, fields);
  }

  warn(message: string, fields?: Record<string, unknown>): void {
    if (this.threshold <= 3) this.line('WARN', message, fields);
  }

  error(message: string, fields?: Record<string, unknown>): void {
    if (this.threshold <= 4) this.line('ERROR', message, fields);
  }

  private line(level: string, message: string, fields?: Record<string, unknown>): void {
    const timestamp = new Date(this.edge.now()).toISOString();
    const text = JSON.stringify(String(message));
    this.edge.write(
      `{"timestamp":"${timestamp}","level":"${level}","message":${text}${this.bound}${fields ? inner(fields) : ''}}`,
    );
  }
}

/** A logger of the user's with our fields on every line. What it throws must not decide what becomes of a message. */
export class BoundLogger implements Logger {
  constructor(
    private readonly logger: Logger,
    private readonly bound: Bound,
  ) {}

  debug(message: string, fields?: Record<string, unknown>): void {
    this.line('debug', message, fields);
  }

  info(message: string, fields?: Record<string, unknown>): void {
    this.line('info', message, fields);
  }

  warn(message: string, fields?: Record<string, unknown>): void {
    this.line('warn', message, fields);
  }

  error(message: string, fields?: Record<string, unknown>): void {
    this.line('error', message, fields);
  }

  private line(level: keyof Logger, message: string, fields?: Record<string, unknown>): void {
    try {
      this.logger[level](message, { ...this.bound, ...fields });
    } catch {}
  }
}
