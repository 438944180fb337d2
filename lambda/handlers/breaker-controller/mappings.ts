import type { MappingSpec } from '../../../lib/private/contract';
import type { Row } from '../../runtime/breaker/row';
import { isStopped, type Mapping, type Settings } from '../mapping';

/** The smallest there is. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
export const TRICKLE = 2;

/**
 * Longer than a run of the controller may take. A run that still sees the breaker open may pause a mapping after it has
 * closed: so what was paused is not forgotten before such a run is over.
 */
const SETTLED = 60_000;

/** How the stage of the breaker wants a mapping to be. */
export function wanted(row: Row, { maxConcurrency }: MappingSpec, { provisioned }: Mapping): Settings {
  if (row.state === 'open') return { enabled: false };
  if (provisioned) return { enabled: true };
  return { enabled: true, maxConcurrency: row.state === 'halfOpen' ? TRICKLE : (maxConcurrency ?? null) };
}

/**
 * Whether a mapping is the breaker's to change: those that it has changed before, and those that run when it is not closed.
 * One that somebody else has disabled stays so.
 */
export const isOurs = (row: Row, id: string, mapping: Mapping): boolean =>
  row.paused.includes(id) || (row.state !== 'closed' && !isStopped(mapping));

export const isSettled = ({ state, closedAt }: Row, now: number): boolean =>
  state === 'closed' && now - (closedAt ?? 0) >= SETTLED;
