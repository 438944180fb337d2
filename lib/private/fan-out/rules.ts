import { Token } from 'aws-cdk-lib';
import type { CfnTopic } from 'aws-cdk-lib/aws-sns';
import type { Problem } from '../problem';

export const MAX_ARCHIVE_DAYS = 365;
/** A quota of the topic, which AWS raises on request. */
export const FILTER_POLICIES = 200;

export interface Kinds {
  readonly topicFifo: boolean;
  readonly queueFifo: boolean;
  /** The subscriber takes a FIFO topic's messages in no order. */
  readonly unordered: boolean;
}

/** SNS refuses one of the pairs of kinds, and another loses what FIFO is for. */
export function kindRefusals(subscriber: string, { topicFifo, queueFifo, unordered }: Kinds): Problem[] {
  const what = `queue of ${subscriber}`;
  if (queueFifo && !topicFifo) {
    return [
      {
        what,
        got: 'a FIFO queue on a standard topic',
        expected: 'a standard queue',
        todo: 'make the topic FIFO, or the queue standard: SNS refuses this pair',
      },
    ];
  }
  if (unordered && (queueFifo || !topicFifo)) {
    return [
      {
        what: `unordered of ${subscriber}`,
        got: 'true',
        expected: 'a FIFO topic and a standard queue',
        todo: 'leave it out: it says that order does not matter where it would be lost',
      },
    ];
  }
  if (topicFifo && !queueFifo && !unordered) {
    return [
      {
        what,
        got: 'a standard queue on a FIFO topic',
        expected: 'a FIFO queue',
        todo: 'make it FIFO, or say unordered: true if order and deduplication do not matter to it',
      },
    ];
  }
  return [];
}

export interface Replay {
  readonly from: Date;
  /** Missing if the topic cannot be seen. */
  readonly archived?: boolean;
}

export function replayRefusals(subscriber: string, { from, archived }: Replay): Problem[] {
  const what = `replayFrom of ${subscriber}`;
  if (Number.isNaN(from.getTime())) {
    return [{ what, got: 'no date', expected: 'a date', todo: "give one such as new Date('2026-11-01T00:00:00Z')" }];
  }
  return archived === false
    ? [
        {
          what,
          got: from.toISOString(),
          expected: 'nothing on a topic without an archive',
          todo: 'make the topic FIFO with an archive; only what it keeps can be replayed',
        },
      ]
    : [];
}

export interface TopicChoices {
  readonly fifo?: boolean;
  /** Days, if known. */
  readonly archive?: number;
  readonly hasArchive: boolean;
  readonly isGiven: boolean;
}

export function topicRefusals({ fifo, archive, hasArchive, isGiven }: TopicChoices): Problem[] {
  if (isGiven) {
    const given = [...(fifo === undefined ? [] : ['fifo']), ...(hasArchive ? ['archive'] : [])];
    return given.map((what) => ({
      what,
      got: 'a value',
      expected: 'nothing with topic',
      todo: 'set it on the topic itself',
    }));
  }
  if (hasArchive && !fifo) {
    return [
      {
        what: 'archive',
        got: 'a duration',
        expected: 'none on a standard topic',
        todo: 'say fifo: true; SNS archives FIFO topics only',
      },
    ];
  }
  return archive === undefined || (Number.isInteger(archive) && archive >= 1 && archive <= MAX_ARCHIVE_DAYS)
    ? []
    : [
        {
          what: 'archive',
          got: `${archive} days`,
          expected: `whole days from 1 to ${MAX_ARCHIVE_DAYS}`,
          todo: 'give a Duration within',
        },
      ];
}

/** For how many days a topic can deliver again what it was sent, as far as that is known. */
export function archiveDays({ archivePolicy }: CfnTopic): number {
  const days: unknown = archivePolicy?.MessageRetentionPeriod;
  return typeof days === 'number' && !Token.isUnresolved(days) ? days : 0;
}
