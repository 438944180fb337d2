import { shown } from '../shown';

/** What the controller is asked to do. */
export type Action = 'reconcile' | 'open' | 'close' | 'auto' | 'status';

const ACTIONS: readonly Action[] = ['open', 'close', 'auto', 'status', 'reconcile'];

/**
 * Reads an event: the table's stream and the schedule ask to reconcile, an operator says what.
 *
 * @throws TypeError if it is none of them
 */
export function actionOf(event: unknown): Action {
  const { Records, action } = (event ?? {}) as { Records?: unknown; action?: unknown };
  if (Array.isArray(Records)) return 'reconcile';
  const known = ACTIONS.find((name) => name === action);
  if (known) return known;
  throw new TypeError(
    `action: got ${shown(action)}, expected one of ${ACTIONS.join(', ')}; ` +
      'invoke with a payload such as { "action": "status" }',
  );
}
