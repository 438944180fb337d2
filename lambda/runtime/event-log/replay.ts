import { ALL_SUBSCRIBERS, EVENT_LOG_REPLAYS } from '../../../lib/private/contract';
import type { Item } from './stored';

/** What is to be replayed, and to whom. */
export interface ReplayOptions {
  /** Who gets it: the id of a worker that `log.addWorker` made, or `'*'` for everybody, through the topic. */
  readonly subscriber: string;
  /**
   * Events that were appended then or later.
   * @default - from the first
   */
  readonly from?: Date;
  /**
   * Events that were appended before.
   * @default - up to a minute from now, as far as there are any: what is appended meanwhile is delivered anyway
   */
  readonly to?: Date;
  /**
   * Only these types.
   * @default - those that the subscriber gets
   */
  readonly types?: readonly string[];
  /**
   * Events a second at most, 0.1 to 10,000.
   * @default 100
   */
  readonly rate?: number;
}

export type ReplayState = 'open' | 'done' | 'failed' | 'cancelled';

/** How far a replay is. Times in ISO 8601. */
export interface ReplayProgress {
  readonly id: string;
  readonly subscriber: string;
  /** `open` until it has ended: also before the replayer has taken it up, within a minute. */
  readonly state: ReplayState;
  readonly from?: string;
  readonly to: string;
  readonly types?: readonly string[];
  readonly rate: number;
  /** Events that the subscriber's queue has accepted. */
  readonly sent: number;
  /** Events that it has come past, those of other types included. */
  readonly passed: number;
  /** Events from `from` to `to`, as many as there were when it began; missing until then. */
  readonly total?: number;
  readonly requestedAt: string;
  readonly updatedAt: string;
  /** Why it failed, or why its last run did: an open one is tried again. */
  readonly error?: string;
}

/** Clocks of those who append may be ahead so far. */
const SKEW = 60_000;
const DEFAULT_RATE = 100;

const invalid = (what: string, got: unknown, expected: string): RangeError =>
  new RangeError(`replay ${what}: got ${got}, expected ${expected}`);

const isoOf = (what: string, date: Date): string => {
  if (Number.isNaN(date.getTime())) throw invalid(what, 'no date', 'a valid Date');
  return date.toISOString();
};

const isRate = (rate: unknown): boolean => typeof rate === 'number' && rate >= 0.1 && rate <= 10_000;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Checks what a row says, which another version may have written, or somebody by hand. @throws RangeError if it makes no sense */
export function checkRow({ from, to, rate, types }: Partial<ReplayProgress>): void {
  if (!isRate(rate)) throw invalid('rate', rate, '0.1 to 10,000 events a second');
  for (const [what, time] of Object.entries({ from: from ?? to, to })) {
    if (typeof time !== 'string' || !ISO.test(time) || Number.isNaN(Date.parse(time))) {
      throw invalid(what, typeof time, 'a time in ISO 8601');
    }
  }
  if (types?.some((type) => typeof type !== 'string')) throw invalid('types', 'others', 'texts');
}

/** A replay that was just asked for. @throws RangeError if it makes no sense */
export function requested(options: ReplayOptions, id: string, now: number): ReplayProgress {
  const { subscriber, types, rate = DEFAULT_RATE } = options;
  if (typeof subscriber !== 'string' || subscriber === '') {
    throw invalid(
      'subscriber',
      subscriber === '' ? "''" : typeof subscriber,
      `the id of a worker of the log, or '${ALL_SUBSCRIBERS}'`,
    );
  }
  if (!isRate(rate))
    throw invalid(
      'rate',
      typeof rate === 'object' ? 'an object' : String(rate).slice(0, 32),
      '0.1 to 10,000 events a second',
    );
  if (types && !(Array.isArray(types) && types.length > 0 && types.every((type) => typeof type === 'string'))) {
    throw invalid(
      'types',
      Array.isArray(types) ? (types.length === 0 ? 'none' : 'what is no text') : typeof types,
      'some types of events, or none for all',
    );
  }
  const from = options.from && isoOf('from', options.from);
  const to = isoOf('to', options.to ?? new Date(now + SKEW));
  if (from !== undefined && from >= to) throw invalid('from', from, `a time before ${to}`);
  const at = new Date(now).toISOString();
  return {
    id,
    subscriber,
    state: 'open',
    ...(from !== undefined && { from }),
    to,
    ...(types && { types }),
    rate,
    sent: 0,
    passed: 0,
    requestedAt: at,
    updatedAt: at,
  };
}

/** Unique among replays, and short: with a stream and a version it is an id for deduplication. */
export const replayId = (now: number, random: number): string =>
  `${now.toString(36).padStart(8, '0')}${Math.floor(random * 36 ** 2)
    .toString(36)
    .padStart(2, '0')}`;

const NUMBERS = ['rate', 'sent', 'passed', 'total'] as const;
const TEXTS = ['subscriber', 'state', 'from', 'to', 'requestedAt', 'updatedAt', 'error'] as const;

export function replayItem(progress: ReplayProgress): Item {
  const item: Item = { [EVENT_LOG_REPLAYS.id]: { S: progress.id } };
  for (const name of TEXTS) if (progress[name] !== undefined) item[name] = { S: progress[name] };
  for (const name of NUMBERS) if (progress[name] !== undefined) item[name] = { N: String(progress[name]) };
  if (progress.types) item.types = { L: progress.types.map((S) => ({ S })) };
  return item;
}

export function progressOf(item: Item): ReplayProgress {
  const progress: Record<string, unknown> = { id: item[EVENT_LOG_REPLAYS.id]!.S };
  for (const name of TEXTS) if (item[name]?.S !== undefined) progress[name] = item[name].S;
  for (const name of NUMBERS) if (item[name]?.N !== undefined) progress[name] = Number(item[name].N);
  if (item.types?.L) progress.types = item.types.L.map(({ S }) => S);
  return progress as unknown as ReplayProgress;
}
