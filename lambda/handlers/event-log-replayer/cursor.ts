import { EVENT_LOG_SHARDS } from '../../../lib/private/contract';
import { hourPrefix } from '../event-log/archive';
import type { Cursor } from './source';

const HOUR = /^\d{4}-\d\d-\d\dT\d\d$/;

const isCount = (value: unknown): boolean =>
  value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
const isPlace = (value: unknown): boolean => value === undefined || (typeof value === 'object' && value !== null);

/**
 * Where a replay goes on, as its row says: another version may have written it, or somebody by hand.
 *
 * @throws TypeError if it is no place in a log
 */
export function readCursor(text: string): Cursor {
  let cursor: Partial<Record<keyof Cursor, unknown>> | undefined;
  try {
    cursor = JSON.parse(text);
  } catch {}
  const { hour, via, object, line, shard, start } = cursor ?? {};
  const isOne =
    typeof hour === 'string' &&
    HOUR.test(hour) &&
    !Number.isNaN(Date.parse(`${hour}:00:00Z`)) &&
    (via === undefined || via === 'archive' || via === 'table') &&
    (object === undefined || (typeof object === 'string' && object.startsWith(hourPrefix(hour)))) &&
    isCount(line) &&
    isCount(shard) &&
    ((shard as number | undefined) ?? 0) < EVENT_LOG_SHARDS &&
    isPlace(start);
  if (isOne) return cursor as Cursor;
  throw new TypeError(
    'cursor: got none that this version knows, expected a place in the log; ask for the replay again',
  );
}
