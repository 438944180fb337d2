import type { PaceSpec } from '../../../lib/private/contract';

/** A pace as its row keeps it. Times in microseconds, of the epoch where they are points in time. */
export interface Rhythm {
  /** From one slot to the next. */
  readonly interval: number;
  /** How many slots may lie in the past. */
  readonly burst: number;
}

export const rhythmOf = ({ count, per, burst }: PaceSpec & { kind: 'rate' }): Rhythm => ({
  interval: (per * 1e6) / count,
  burst,
});

/** What is known of the slots. */
export interface Taken {
  /** The next slot. Missing: none was ever taken. */
  readonly next?: number;
  /** When the next message may come back that has to. */
  readonly due?: number;
  /** Whether slots were taken one after another when that was known. It is likely that they still are. */
  readonly busy?: boolean;
}

/** Messages that want a slot, and how far ahead one is of use to them. */
export interface Wanted {
  readonly now: number;
  /** Came back: their appointment was to find a slot. */
  readonly returning: number;
  readonly horizon: number;
  readonly fresh: number;
  readonly freshHorizon: number;
}

export interface Claim {
  /** How many slots, the returning before the fresh. */
  readonly take: number;
  /**
   * Count on from the next slot, which must then be from `floor` to `latest`; or, after a rest, from `floor`, which the next
   * slot must then be before.
   */
  readonly from: 'next' | 'floor';
  readonly floor: number;
  readonly latest: number;
  /** By how much the next slot moves. */
  readonly cost: number;
  /** When those come back that get none, and who comes after them. */
  readonly appointments: readonly number[];
  readonly due: number | undefined;
}

/**
 * What to ask of the row, by what is known of it (the generic cell rate algorithm). The row decides: the longer ago it was
 * seen, the likelier it refuses, and then it is seen.
 */
export function claimOf({ next = 0, due, busy }: Taken, wanted: Wanted, { interval, burst }: Rhythm): Claim {
  const { now, returning, fresh, horizon, freshHorizon } = wanted;
  const floor = Math.floor(now - (burst - 1) * interval);
  const from = busy || next >= floor ? 'next' : 'floor';
  const start = Math.max(next, floor);
  const room = (until: number): number => Math.max(0, Math.floor((until - start) / interval) + 1);
  const back = Math.min(returning, room(horizon));
  const take = back + Math.min(fresh, Math.max(0, room(freshHorizon) - back));
  const last = take > back ? freshHorizon : horizon;
  const off = returning + fresh - take;
  const cost = Math.ceil(take * interval);
  const first = Math.max(due ?? 0, start + cost);
  return {
    take,
    from,
    floor,
    latest: Math.floor(last - (take - 1) * interval),
    cost,
    appointments: Array.from({ length: off }, (_, i) => first + i * interval),
    due: off > 0 ? Math.ceil(first + off * interval) : undefined,
  };
}

/** The slots of a claim that was carried out, by the next slot after it. */
export const slotsOf = ({ take, cost }: Claim, next: number, { interval }: Rhythm): number[] =>
  Array.from({ length: take }, (_, i) => next - cost + i * interval);
