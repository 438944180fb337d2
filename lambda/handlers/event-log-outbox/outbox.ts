import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda/trigger/dynamodb-stream';
import { EVENT_LOG_METRIC } from '../../../lib/private/contract';
import { describe } from '../../runtime/describe';
import { attributesOf, deduplicationOf, messageOf } from '../../runtime/event-log/message';
import type { StoredEvent } from '../../runtime/event-log/stored';
import type { Logger } from '../../runtime/log';
import { SendAllError, type SendError } from '../../runtime/producer/errors';
import type { Publisher } from '../../runtime/producer/types';
import { logMetrics } from '../event-log/metrics';
import { type Change, changesOf } from '../event-log/records';

export interface OutboxOptions {
  /** Path of the log in the construct tree. */
  readonly name: string;
  readonly publisher: Publisher<StoredEvent | Record<string, unknown>>;
  readonly log: Logger;
  now(): number;
  write(line: string): void;
}

/** How an event is published, by the log itself and when it is replayed to everybody. */
export const publishing = (event: StoredEvent) => ({
  groupId: event.streamId,
  deduplicationId: deduplicationOf(event),
  attributes: attributesOf(event),
  correlationId: event.correlationId,
  causationId: event.causationId,
});

/**
 * Publishes what was appended, a stream in its order: of a stream one message is under way at a time, and nothing overtakes
 * what failed. What was not accepted is reported by where it is in the table's stream, and comes again with all after it;
 * of those that were accepted SNS drops the repetition.
 */
export class LogOutbox {
  constructor(private readonly options: OutboxOptions) {}

  async handle({ Records }: DynamoDBStreamEvent, signal?: AbortSignal): Promise<DynamoDBBatchResponse> {
    const { name, now, write } = this.options;
    const changes = changesOf(Records);
    const appended = changes.filter((change): change is Change & { event: StoredEvent } => change.event !== undefined);
    const failed = await this.publish(
      appended.map(({ event }) => event),
      signal,
    );
    // What comes after the checkpoint comes again, and is counted then.
    const end = failed === undefined ? changes.length : changes.indexOf(appended[failed]!);
    const tampered = this.report(changes.slice(0, end));
    write(
      logMetrics(
        name,
        { [EVENT_LOG_METRIC.published]: failed ?? appended.length, [EVENT_LOG_METRIC.tampered]: tampered },
        now(),
      ),
    );
    return {
      batchItemFailures: failed === undefined ? [] : [{ itemIdentifier: appended[failed]!.sequenceNumber }],
    };
  }

  /** The place of the first that was not accepted. */
  private async publish(events: readonly StoredEvent[], signal?: AbortSignal): Promise<number | undefined> {
    if (events.length === 0) return undefined;
    const errors: SendError[] = [];
    let taken = 0;
    const messages = function* () {
      for (const event of events) {
        taken++;
        yield messageOf(event);
      }
    };
    try {
      await this.options.publisher.sendAll(messages(), {
        each: (_, i) => publishing(events[i]!),
        onFailure: (error) => {
          errors.push(error);
        },
        signal,
      });
    } catch (error) {
      if (!(error instanceof SendAllError)) throw error;
      errors.push(...error.errors);
    }
    for (const error of errors.slice(0, 3)) this.options.log.error('event not published', { error: describe(error) });
    const first = Math.min(taken, ...errors.map(({ index }) => index ?? 0));
    return first < events.length ? first : undefined;
  }

  private report(changes: readonly Change[]): number {
    const tampered = changes.filter((change) => change.tampered !== undefined);
    for (const { tampered: row } of tampered) this.options.log.error('an event was changed or deleted', { ...row });
    return tampered.length;
  }
}
