import type { PaceSpec } from '../../../lib/private/contract';
import { shown } from '../shown';

/** What the controller is asked to do. */
export type Command =
  | { readonly action: 'reconcile' | 'reset' | 'status' }
  /** From `at` on, milliseconds since the epoch. */
  | { readonly action: 'pace'; readonly pace: PaceSpec; readonly at: number };

const ACTIONS = ['pace', 'reset', 'status', 'reconcile'];

const isWhole = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1;

/** A pace as somebody wrote it. @throws TypeError if it is none */
export function paceOf(value: unknown, kind: PaceSpec['kind']): PaceSpec {
  const given = (value ?? {}) as Partial<Record<string, unknown>>;
  if (given.kind === 'closed') return { kind: 'closed' };
  if (given.kind === 'rate' && kind === 'rate') {
    const { count, per, burst = 1 } = given;
    if (isWhole(count) && typeof per === 'number' && per > 0 && count / per <= 10_000 && isWhole(burst)) {
      return { kind: 'rate', count, per, burst };
    }
  }
  if (given.kind === 'concurrency' && kind === 'concurrency' && isWhole(given.limit)) {
    return { kind: 'concurrency', limit: given.limit };
  }
  const example =
    kind === 'rate' ? '{ "kind": "rate", "count": 50, "per": 1, "burst": 1 }' : '{ "kind": "concurrency", "limit": 5 }';
  throw new TypeError(
    `pace: got ${shown(value)}, expected a ${kind} such as ${example} (per in seconds), or { "kind": "closed" }`,
  );
}

/**
 * Reads an event, of a schedule or of an operator.
 *
 * @throws TypeError if it is none
 */
export function commandOf(event: unknown, kind: PaceSpec['kind'], now: number): Command {
  const { action, pace, at } = (event ?? {}) as { action?: unknown; pace?: unknown; at?: unknown };
  if (action === 'reconcile' || action === 'reset' || action === 'status') return { action };
  if (action === 'pace') {
    const time = typeof at === 'string' ? Date.parse(at) : Number.NaN;
    return { action, pace: paceOf(pace, kind), at: Number.isNaN(time) ? now : Math.min(now, time) };
  }
  throw new TypeError(
    `action: got ${shown(action)}, expected one of ${ACTIONS.join(', ')}; ` +
      'invoke with a payload such as { "action": "status" }',
  );
}
