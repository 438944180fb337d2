import type { DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import { EVENT_LOG_METRIC } from '../../../lib/private/contract';
import type { StoredEvent } from '../../runtime/event-log/stored';
import { type ArchiveObject, objectsOf } from '../event-log/archive';
import { logMetrics } from '../event-log/metrics';
import { type Change, changesOf } from '../event-log/records';

export interface ArchiverOptions {
  /** Path of the log in the construct tree. */
  readonly name: string;
  put(object: ArchiveObject): Promise<unknown>;
  now(): number;
  write(line: string): void;
}

/** Writes a batch of what was appended to the archive, all or the whole batch again. */
export async function archive({ Records }: DynamoDBStreamEvent, options: ArchiverOptions): Promise<void> {
  const appended = changesOf(Records).filter(
    (change): change is Change & { event: StoredEvent } => change.event !== undefined,
  );
  await Promise.all(objectsOf(appended).map((object) => options.put(object)));
  options.write(logMetrics(options.name, { [EVENT_LOG_METRIC.archived]: appended.length }, options.now()));
}
