import { EVENT_ATTRIBUTE } from '../../../lib/private/contract';
import { parseJson } from '../decode';
import { PermanentError } from '../errors';
import type { StoredEvent } from './stored';

/** The 256 KiB that SNS takes, less 2 that the attributes of an event may take. https://docs.aws.amazon.com/general/latest/gr/sns.html */
export const MAX_EVENT_BYTES = 260_096;

/** What is published, archived and replayed: the event, its data no longer as text. */
export const messageOf = ({ data, ...event }: StoredEvent): Record<string, unknown> => ({
  ...event,
  data: JSON.parse(data),
});

/** For filters, and for who handles events without their text. */
export const attributesOf = ({ type, streamId, version }: StoredEvent): Record<string, string | number> => ({
  [EVENT_ATTRIBUTE.type]: type,
  [EVENT_ATTRIBUTE.streamId]: streamId,
  [EVENT_ATTRIBUTE.version]: version,
});

/** Of messages of one FIFO queue or topic the second with this id within five minutes is dropped. */
export const deduplicationOf = ({ streamId, version }: StoredEvent): string => `${streamId}#${version}`;

const TEXTS = ['streamId', 'type', 'id', 'at', 'correlationId'] as const;

/** @throws PermanentError if it is no event */
export function eventOfMessage(body: string): StoredEvent {
  const message = parseJson(body) as Partial<Record<string, unknown>> | null;
  const wrong =
    typeof message !== 'object' || message === null
      ? 'body'
      : (TEXTS.find((name) => typeof message[name] !== 'string') ??
        ['version', 'schemaVersion'].find((name) => !Number.isInteger(message[name])) ??
        ('data' in message ? undefined : 'data'));
  if (wrong !== undefined) throw new PermanentError(`the body is no event of an event log: look at its ${wrong}`);
  return { ...message, data: JSON.stringify((message as { data: unknown }).data) } as StoredEvent;
}
