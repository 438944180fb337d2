import { EVENT_LOG_ARCHIVE_PREFIX } from '../../../lib/private/contract';
import { eventOfMessage, messageOf } from '../../runtime/event-log/message';
import { hash, type StoredEvent, versionKey } from '../../runtime/event-log/stored';
import { sound } from './sound';

// An object holds the events of one hour that came in one batch of the table's stream, one JSON line each. Its key begins
// with the hour in which they were appended, and goes on with where the first is in the table's stream: so keys sort in time
// order, and those of one stream of events in the order of its versions. The number of events and their checksum in the
// key let a listing tell whether an hour is whole.

/** What tells two sets of events apart, however they are cut and ordered. */
export interface Tally {
  readonly count: number;
  /** Of which events, not of what is in them: sum of hashes, modulo 2^32. */
  readonly checksum: number;
}

export const EMPTY: Tally = { count: 0, checksum: 0 };

export const plus = (a: Tally, b: Tally): Tally => ({
  count: a.count + b.count,
  checksum: (a.checksum + b.checksum) >>> 0,
});

export const isSame = (a: Tally, b: Tally): boolean => a.count === b.count && a.checksum === b.checksum;

/** `version` as it is in the key of a row. */
export const tallyOfRow = (streamId: string, version: string): Tally => ({
  count: 1,
  checksum: hash(`${streamId}#${version}`),
});

export const tallyOf = (events: readonly StoredEvent[]): Tally =>
  events.map(({ streamId, version }) => tallyOfRow(streamId, versionKey(version))).reduce(plus, EMPTY);

/** `2026-11-24T20` of a time in ISO 8601. */
export const hourOf = (at: string): string => at.slice(0, 13);

export const startOfHour = (hour: string): string => `${hour}:00:00.000Z`;

export const nextHour = (hour: string): string =>
  hourOf(new Date(Date.parse(startOfHour(hour)) + 3_600_000).toISOString());

export const hourPrefix = (hour: string): string => `${EVENT_LOG_ARCHIVE_PREFIX}${hour.replace(/[-T]/g, '/')}/`;

/** DynamoDB's sequence numbers have up to 40 digits; as text they sort as the numbers do. */
const SEQUENCE_DIGITS = 40;

export interface ArchiveObject {
  readonly key: string;
  readonly body: string;
}

/** What a batch becomes: an object for each hour that its events were appended in. */
export function objectsOf(
  appended: readonly { readonly sequenceNumber: string; readonly event: StoredEvent }[],
): ArchiveObject[] {
  const byHour = new Map<string, typeof appended>();
  for (const each of appended) {
    const hour = hourOf(each.event.at);
    byHour.set(hour, [...(byHour.get(hour) ?? []), each]);
  }
  return [...byHour].map(([hour, some]) => {
    const { count, checksum } = tallyOf(some.map(({ event }) => event));
    const sequence = some[0]!.sequenceNumber.padStart(SEQUENCE_DIGITS, '0');
    return {
      key: `${hourPrefix(hour)}${sequence}-${count}-${checksum.toString(16).padStart(8, '0')}.ndjson`,
      body: some.map(({ event }) => `${JSON.stringify(messageOf(event))}\n`).join(''),
    };
  });
}

const KEY = /\/(\d+)-(\d+)-([0-9a-f]{8})\.ndjson$/;

export interface Listed extends Tally {
  readonly key: string;
}

/**
 * Objects by their keys, in their order. A batch that Lambda hands over a second time begins where it began, and may go on
 * for longer: of objects that begin at one place the longest holds what the others hold.
 */
export function listed(keys: readonly string[]): Listed[] {
  const bySequence = new Map<string, Listed>();
  for (const key of [...keys].sort()) {
    const [, sequence, count, checksum] = KEY.exec(key) ?? [];
    if (sequence === undefined) continue;
    const object = { key, count: Number(count), checksum: Number.parseInt(checksum!, 16) };
    if ((bySequence.get(sequence)?.count ?? 0) < object.count) bySequence.set(sequence, object);
  }
  return [...bySequence.values()];
}

export const eventsOfObject = (body: string): StoredEvent[] =>
  body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => sound(eventOfMessage(line)));
