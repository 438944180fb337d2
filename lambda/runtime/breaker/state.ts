import type { BreakerSpec } from '../../../lib/private/contract';
import { tallyOf } from './counts';
import type { Row, Stage } from './row';

/** Times in milliseconds. */
export interface Policy {
  /** Share of the calls that fails before it opens, above 0 and up to 1. */
  readonly failureRatio: number;
  /** With fewer calls within the window it stays closed. */
  readonly minimumCalls: number;
  readonly window: number;
  /** From opening to the first probe; doubles with every opening until it has been healthy for a window. */
  readonly coolDown: number;
  readonly maxCoolDown: number;
}

export const policyOf = ({ failureRatio, minimumCalls, window, coolDown, maxCoolDown }: BreakerSpec): Policy => ({
  failureRatio,
  minimumCalls,
  window: window * 1000,
  coolDown: coolDown * 1000,
  maxCoolDown: maxCoolDown * 1000,
});

/**
 * What a batch may do: run, wait, try to become the probe, be it, or see what becomes of another's.
 */
export type Verdict = 'closed' | 'open' | 'free' | 'ours' | 'taken';

export function verdictOf(row: Row, now: number, owner: string): Verdict {
  if (row.state === 'closed') return 'closed';
  // Whoever gets a batch then may probe, even if the controller has not come round to it.
  if (row.state === 'open') return isDue(row, now) ? 'free' : 'open';
  if (row.probeOwner === owner) return 'ours';
  return now < (row.probeUntil ?? now) ? 'taken' : 'free';
}

/** Until when a batch that is not the probe starts nothing; nothing if it may go on. */
export function blockedUntil(row: Row, policy: Policy, now: number): number | undefined {
  if (row.state === 'closed') return undefined;
  const end = row.state === 'open' ? row.probeAt : row.probeUntil;
  // A lease lasts as long as an invocation may: the messages of others need not wait for its end.
  const latest = now + coolDownOf(policy, row.opens);
  return Math.max(now + 1, Math.min(end ?? latest, latest));
}

/** `streak`: how many of the latest calls of a process have failed in a row, within the window. */
export function mustOpen(row: Row, policy: Policy, now: number, streak: number): boolean {
  const { failureRatio, minimumCalls, window } = policy;
  if (row.state !== 'closed' || row.held) return false;
  if (streak >= minimumCalls) return true;
  const { failures, calls } = tallyOf(row.counters, window, now);
  return calls >= minimumCalls && failures >= failureRatio * calls;
}

/** Whether an open breaker's time to be probed has come. */
export const isDue = ({ state, held, probeAt }: Row, now: number): boolean =>
  state === 'open' && !held && now >= (probeAt ?? now);

export const coolDownOf = ({ coolDown, maxCoolDown }: Policy, opens: number): number =>
  Math.min(maxCoolDown, coolDown * 2 ** Math.max(0, opens - 1));

// --- What follows on a stage. Each is written on the condition that nothing has changed meanwhile. ---

/** It opens; soon after the last time, for longer. */
export function opened(row: Row, policy: Policy, now: number): Stage {
  const relapse = row.state !== 'closed' || now - (row.closedAt ?? Number.NEGATIVE_INFINITY) < policy.window;
  const opens = relapse ? row.opens + 1 : 1;
  const openedAt = row.state === 'closed' ? now : row.openedAt;
  return { state: 'open', held: false, opens, openedAt, probeAt: now + coolDownOf(policy, opens) };
}

const incident = ({ opens, openedAt }: Row): Stage => ({ state: 'halfOpen', held: false, opens, openedAt });

/** It may be probed: the controller lets a little through. */
export const halfOpened = (row: Row): Stage => incident(row);

export const claimed = (row: Row, probeOwner: string, probeUntil: number): Stage => ({
  ...incident(row),
  probeOwner,
  probeUntil,
});

/** The probe has not asked the dependency: the next may. */
export const released = (row: Row): Stage => incident(row);

/** The dependency has answered the probe. */
export const closed = ({ opens }: Row, now: number): Stage => ({ state: 'closed', held: false, opens, closedAt: now });

export const heldOpen = ({ state, opens, openedAt }: Row, now: number): Stage => ({
  state: 'open',
  held: true,
  opens,
  openedAt: state === 'closed' ? now : openedAt,
});

export const heldClosed = (_: Row, now: number): Stage => ({ state: 'closed', held: true, opens: 0, closedAt: now });

/** Ends a hold: one that was open is probed at once. */
export function unheld(row: Row, now: number): Stage {
  const { state, opens, openedAt } = row;
  if (state === 'closed') return { state, held: false, opens: 0, closedAt: row.closedAt };
  return { state: 'open', held: false, opens, openedAt, probeAt: now };
}
