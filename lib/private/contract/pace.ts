/** Environment variables of a worker with a pace, and of the controller that changes it. */
export const PACE_ENV = {
  /** A `LevelingSpec` as JSON. */
  spec: 'ASYNC_PACE',
  /** Id of the event source mapping; the controller's alone, and missing if it leaves that alone. */
  mapping: 'ASYNC_PACE_MAPPING',
} as const;

/** What the downstream bears. Times in seconds. */
export type PaceSpec =
  /** `count` starts every `per`, evenly, and after a rest up to `burst` at once. */
  | { readonly kind: 'rate'; readonly count: number; readonly per: number; readonly burst: number }
  /** So many at once. */
  | { readonly kind: 'concurrency'; readonly limit: number }
  /** Nothing. */
  | { readonly kind: 'closed' };

/** How a worker keeps a pace. Times in seconds. */
export interface LevelingSpec {
  readonly table: string;
  /** The pace that the deployment gives; the table may hold another by now. */
  readonly pace: PaceSpec;
  /** Each tenant has the pace for itself. */
  readonly perTenant?: boolean;
  /** How far ahead slots are taken, at most. */
  readonly lookahead: number;
  readonly batchSize: number;
  /** Instead of the concurrency that follows from the pace. */
  readonly maxConcurrency?: number;
}

/**
 * The table of a pace: one row is the pace and what is known of the backlog, with a pace for each tenant one more each holds
 * its slots, the others are a ledger.
 */
export const PACE_TABLE = { key: 'pk', ttl: 'ttl', row: 'pace', tenant: 'pace#' } as const;

export const PACE_METRIC = { timeToDrain: 'TimeToDrain', backlog: 'Backlog', rate: 'Rate' } as const;

/** Where a producer sees how long the backlog takes, and what is too long, in seconds. */
export interface BackpressureSpec {
  readonly table: string;
  readonly limit: number;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const MAPPING_CONCURRENCY = { min: 2, max: 1000 } as const;
/** Tenants that are busy at once, as far as anybody can know. */
const TENANTS = 10;
/**
 * Seconds of slots that are in hand at once: enough for handlers and polls of some seconds to leave no slot unused, and no
 * more, since whoever waits for its slot is paid for.
 */
const IN_HAND = 5;
/** A process of a worker can run so many messages, as a rule. */
const PER_INVOCATION = 100;

/** Seconds from one slot to the next, of all tenants together. */
const intervalOf = (pace: PaceSpec & { kind: 'rate' }, perTenant: boolean): number =>
  pace.per / pace.count / (perTenant ? TENANTS : 1);

export const defaultBatchSize = (pace: PaceSpec, perTenant = false): number => {
  if (pace.kind !== 'rate') return 10;
  const inHand = Math.ceil(IN_HAND / intervalOf(pace, perTenant));
  if (inHand > 100) return Math.min(PER_INVOCATION, Math.ceil(inHand / 10));
  return Math.max(1, Math.min(10, Math.floor(inHand / MAPPING_CONCURRENCY.min)));
};

/** How many invocations a pace needs at once, and how many messages each may run. */
export function concurrencyFor(
  pace: PaceSpec,
  batchSize: number,
  perTenant = false,
): { maxConcurrency: number; each?: number } {
  const { min, max } = MAPPING_CONCURRENCY;
  switch (pace.kind) {
    case 'closed':
      return { maxConcurrency: min };
    case 'rate': {
      const wanted = Math.ceil(IN_HAND / intervalOf(pace, perTenant) / batchSize);
      return { maxConcurrency: Math.max(min, Math.min(max, wanted)) };
    }
    case 'concurrency': {
      if (pace.limit < min) return { maxConcurrency: min, each: 1 };
      // The product must be the limit. Half a batch at once, at most: a batch is over when its slowest message is.
      const most = Math.max(1, Math.floor(batchSize / 2));
      for (let each = most; each >= 1; each--) {
        const maxConcurrency = pace.limit / each;
        if (Number.isInteger(maxConcurrency) && maxConcurrency >= min && maxConcurrency <= max)
          return { maxConcurrency, each };
      }
      const each = Math.max(1, Math.min(batchSize, Math.floor(pace.limit / max)));
      return { maxConcurrency: Math.min(max, Math.floor(pace.limit / each)), each };
    }
  }
}
