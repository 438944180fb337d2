import { checkOrigin, checkSizes, checkStreamId, checkText } from '../../runtime/event-log/limits';
import type { StoredEvent } from '../../runtime/event-log/stored';

/** What the time of an event begins with, and so the key of its object in the archive. */
const HOUR = /^\d{4}-\d\d-\d\dT\d\d:/;

/**
 * An event as the runtime would have appended it: one that can be sent. What somebody has put into the table or the archive
 * by hand may be none, and must not stand in the way of what is behind it.
 *
 * @throws Error if it is another
 */
export function sound(event: StoredEvent): StoredEvent {
  const { streamId, type, version, at, correlationId, causationId, data } = event;
  checkStreamId(streamId);
  checkText('type', type, 128);
  checkOrigin('correlationId', correlationId);
  if (causationId !== undefined) checkOrigin('causationId', causationId);
  JSON.parse(data);
  checkSizes([event]);
  if (Number.isSafeInteger(version) && version > 0 && HOUR.test(at)) return event;
  throw new TypeError('it has no version, or no time');
}
