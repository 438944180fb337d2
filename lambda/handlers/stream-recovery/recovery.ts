import { abortAt } from '../../runtime/abort-at';
import type { DeadLetter } from '../../runtime/dead-letter';
import { type SqsCalls, sendDeadLetters } from '../../runtime/effects';
import type { Logger } from '../../runtime/log';
import { letterOf, type Remains } from '../../runtime/stream/letter';
import { type Discarded, discardedOf, type KafkaRanges, type Range } from './discarded';

/** A record as its stream still has it. */
export interface Found {
  readonly id: string;
  readonly sequenceNumber: string;
  readonly partitionKey?: string;
  /** Milliseconds since the epoch. */
  readonly arrivedAt?: number;
  readonly bytes: Buffer;
}

/** The stream does not have what was asked for any more. */
export class GoneError extends Error {
  override readonly name = 'GoneError';
}

export interface RecoveryOptions {
  readonly queueUrl: string;
  readonly sqs: Pick<SqsCalls, 'sendMessageBatch'>;
  /**
   * The records from the start of a range on, in their order, page by page, until the end of what there is.
   * @throws GoneError
   */
  pages(range: Range): AsyncIterable<readonly Found[]>;
  readonly log: Logger;
  now(): number;
  random(): number;
}

const reasonOf = ({ condition, attempts, batchSize, from }: Discarded): string => {
  const times = attempts === undefined ? '' : ` after ${attempts} attempts`;
  const why = condition === 'RetryAttemptsExhausted' ? `retries exhausted${times}` : `${condition}${times}`;
  const alone = from.kind !== 'kafka' && from.start === from.end;
  return alone
    ? why
    : `${why}; given up with a batch of ${batchSize ?? 'unknown size'}, so it may be a neighbour of what failed, or never have been in it`;
};

const details = ({ condition, attempts, batchSize }: Discarded) => ({ condition, attempts, batchSize });

/**
 * Puts what Lambda has given up into the dead-letter queue, read back from its stream: a destination is told where records
 * are, and in a day nobody could read them there any more.
 */
export class Recovery {
  constructor(private readonly options: RecoveryOptions) {}

  /**
   * Recovers what a message to the destination names, and returns how many letters that made.
   *
   * @throws if anything of it is not safe; done again, some letters may be there twice
   */
  async recover(body: string): Promise<number> {
    const discarded = discardedOf(body);
    const { from } = discarded;
    if (from.kind === 'kafka') return this.locate(discarded, from, body, 'read it in its topic by the offsets');
    let sent = 0;
    let complete = false;
    try {
      for await (const page of this.options.pages(from)) {
        const within = page.filter(({ sequenceNumber }) => BigInt(sequenceNumber) <= BigInt(from.end));
        // What is read first is the oldest that is left, not always what was asked for.
        complete ||= within[0]?.sequenceNumber === from.start;
        await this.send(await this.lettersOf(discarded, from, within));
        sent += within.length;
        if (within.length < page.length || within.at(-1)?.sequenceNumber === from.end) break;
      }
    } catch (error) {
      if (!(error instanceof GoneError)) throw error;
    }
    if (complete) return sent;
    this.options.log.error('records have left the stream before they could be read', { ...from, found: sent });
    return sent + (await this.locate(discarded, from, body, 'what is missing left the stream before it could be read'));
  }

  private lettersOf(
    discarded: Discarded,
    { streamArn, shardId }: Range,
    found: readonly Found[],
  ): Promise<DeadLetter[]> {
    const { now } = this.options;
    return Promise.all(
      found.map(({ id, sequenceNumber, partitionKey, arrivedAt, bytes }) => {
        const remains: Remains = {
          id,
          bytes,
          location: { source: streamArn, shardId, sequenceNumber, partitionKey, arrivedAt },
          details: details(discarded),
        };
        return letterOf(remains, `${reasonOf(discarded)}; the log of the worker has the error of ${id}`, now());
      }),
    );
  }

  /** A letter that holds where the records are or were. */
  private async locate(discarded: Discarded, from: Range | KafkaRanges, body: string, todo: string): Promise<number> {
    const [source, shardId, sequenceNumber] =
      from.kind === 'kafka' ? [from.source, from.partitions.join(), ''] : [from.streamArn, from.shardId, from.start];
    const remains: Remains = {
      id: `${shardId}:${sequenceNumber}`,
      bytes: undefined,
      gone: body,
      location: { source, shardId, sequenceNumber },
      details: details(discarded),
    };
    await this.send([await letterOf(remains, `${reasonOf(discarded)}; ${todo}`, this.options.now())]);
    return 1;
  }

  private async send(letters: readonly DeadLetter[]): Promise<void> {
    const { sqs, queueUrl, log, random } = this.options;
    const calls = { ...sqs, changeMessageVisibilityBatch: () => Promise.resolve({ Successful: [], Failed: [] }) };
    const alarm = abortAt(Number.POSITIVE_INFINITY, 0);
    const lost = await sendDeadLetters({ calls, log, alarm, random }, queueUrl, letters);
    if (lost.size > 0) throw new Error(`${lost.size} of ${letters.length} dead letters were not accepted`);
  }
}
