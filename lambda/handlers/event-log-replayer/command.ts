import type { ReplayOptions } from '../../runtime/event-log/replay';
import { shown } from '../shown';

/** What the replayer is asked to do. */
export type Command =
  | { readonly action: 'resume' | 'list' }
  | { readonly action: 'replay'; readonly options: ReplayOptions }
  | { readonly action: 'status' | 'cancel'; readonly id: string };

interface Asked {
  readonly action?: unknown;
  readonly id?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly [option: string]: unknown;
}

const ACTIONS = ['replay', 'status', 'cancel', 'list', 'resume'];

/** Of a replay, with room for those of other versions. */
const ID = /^[\w-]{1,100}$/;

const dateOf = (name: string, value: unknown): Date | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return new Date(value);
  throw new TypeError(`${name}: got ${shown(value)}, expected a time in ISO 8601`);
};

/**
 * Reads an event: the schedule asks to resume, an operator says what.
 *
 * @throws TypeError if it is none of them
 */
export function commandOf(event: unknown): Command {
  const { action, id, from, to, ...options } = (event ?? {}) as Asked;
  switch (action) {
    case 'resume':
    case 'list':
      return { action };
    case 'replay':
      return {
        action,
        options: { ...options, from: dateOf('from', from), to: dateOf('to', to) } as unknown as ReplayOptions,
      };
    case 'status':
    case 'cancel':
      if (typeof id === 'string' && ID.test(id)) return { action, id };
      throw new TypeError(
        `${action}: got ${id === undefined ? 'no' : shown(id)} id, expected that of a replay; list tells them`,
      );
    default:
      throw new TypeError(
        `action: got ${shown(action)}, expected one of ${ACTIONS.join(', ')}; invoke with a payload ` +
          'such as { "action": "replay", "subscriber": "Totals", "from": "2026-11-01T00:00:00Z" }',
      );
  }
}
