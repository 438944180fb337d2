import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** What is known of a backlog. */
export interface Gauge {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** Messages in the queue: waiting, delayed and in hand. */
  readonly backlog: number;
  /** Messages a second. */
  readonly rate: number;
  /** Seconds until the backlog is gone. */
  readonly drain: number;
  /** Messages begun, ever. */
  readonly taken: number;
}

export interface Reading {
  readonly now: number;
  readonly backlog: number;
  readonly taken: number;
}

export interface Capacity {
  /** Messages a second that the pace allows, where it says so. */
  readonly nominal?: number;
  /** Messages that are in hand at once. With no more than that in the queue, the rate says how many come, not how many can. */
  readonly inHand: number;
  readonly closed: boolean;
}

/** As long as SQS keeps anything. */
const NEVER = 14 * 86_400;

export function gaugeOf(before: Gauge | undefined, { now, backlog, taken }: Reading, capacity: Capacity): Gauge {
  const { nominal, inHand, closed } = capacity;
  const rate = closed ? (before?.rate ?? 0) : observed(before, now, taken, nominal);
  const speed = (!closed && backlog > inHand && rate) || nominal || rate;
  const drain = speed > 0 ? Math.min(NEVER, backlog / speed) : backlog > inHand ? NEVER : 0;
  return { at: now, backlog, rate: round(rate), drain: round(drain), taken };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

/** Follows a rise at once and a fall by halves: slots are taken in batches. */
function observed(before: Gauge | undefined, now: number, taken: number, nominal = Number.POSITIVE_INFINITY): number {
  const seconds = before ? (now - before.at) / 1000 : 0;
  if (!before || seconds <= 0) return before?.rate ?? 0;
  // What is taken ahead of its time is no rate.
  const rate = Math.min(nominal, Math.max(0, taken - before.taken) / seconds);
  return rate >= before.rate ? rate : (rate + before.rate) / 2;
}

/** Names of the attributes of the row. */
export const GAUGE = { at: 'gaugeAt', backlog: 'backlog', rate: 'rate', drain: 'drain', taken: 'gaugeTaken' } as const;

const number = (value: AttributeValue | undefined): number | undefined =>
  value?.N === undefined ? undefined : Number(value.N);

export function readGauge(item: Record<string, AttributeValue> | undefined): Gauge | undefined {
  const at = number(item?.[GAUGE.at]);
  if (item === undefined || at === undefined) return undefined;
  return {
    at,
    backlog: number(item[GAUGE.backlog]) ?? 0,
    rate: number(item[GAUGE.rate]) ?? 0,
    drain: number(item[GAUGE.drain]) ?? 0,
    taken: number(item[GAUGE.taken]) ?? 0,
  };
}

/** The controller reads it each minute: one that is older says nothing any more. */
const STALE = 300_000;
const MAX_RETRY_AFTER = 900;

export interface Backpressure {
  /** Whole seconds after which the backlog is within its limit, if nothing comes meanwhile. 1 to 900. */
  readonly retryAfter: number;
}

/** Whether the backlog takes longer than `limit` seconds, by the row of a pace. Nothing if it does not, or nobody knows. */
export function backpressureOf(
  item: Record<string, AttributeValue> | undefined,
  limit: number,
  now: number,
): Backpressure | undefined {
  const gauge = readGauge(item);
  if (!gauge || now - gauge.at > STALE || gauge.drain <= limit) return undefined;
  const left = gauge.drain - limit - Math.max(0, now - gauge.at) / 1000;
  return { retryAfter: Math.min(MAX_RETRY_AFTER, Math.max(1, Math.ceil(left))) };
}
