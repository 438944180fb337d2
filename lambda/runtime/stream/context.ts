import type { DeadlineError } from '../context';
import type { Logger } from '../log';
import type { StreamRecord } from './record';

/** What a handler knows of the record in hand, beside what it says. */
export interface StreamContext {
  /** Names the record in its stream, and in the log. Stays the same when the record comes back. */
  readonly messageId: string;
  /** Of Kinesis its partition key, of Kafka its key, of DynamoDB the keys of the item as JSON. */
  readonly partitionKey: string | undefined;
  /** Its place in the shard; of Kafka the offset. */
  readonly sequenceNumber: string;
  /** Of Kafka the topic and its partition, as in `orders-0`. DynamoDB does not tell. */
  readonly shardId: string | undefined;
  /** When the stream took it; of Kafka the record's own timestamp. */
  readonly approximateArrival: Date | undefined;
  /** Headers of Kafka as text; empty elsewhere. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Aborted shortly before the function's timeout; whoever still runs then is retried. */
  readonly signal: AbortSignal;
  /** Milliseconds until `signal` is aborted. Infinity in a unit test without a Lambda context. */
  remainingTime(): number;
  /** Writes lines that carry the worker, the request and the message id. */
  readonly log: Logger;
  /** The record as Lambda handed it over. */
  readonly record: StreamRecord['raw'];
}

/** What the records of an invocation share. */
export interface StreamInvocation {
  /** Milliseconds since the epoch at which running records are given up. */
  readonly deadline: number;
  now(): number;
  logFor(record: StreamRecord): Logger;
}

/** Everything that costs is made at its first use. */
export class RecordContext implements StreamContext {
  private controller?: AbortController;
  private logger?: Logger;
  private aborted?: DeadlineError;

  constructor(
    private readonly invocation: StreamInvocation,
    private readonly of: StreamRecord,
  ) {}

  get messageId(): string {
    return this.of.id;
  }

  get partitionKey(): string | undefined {
    return this.of.location.partitionKey;
  }

  get sequenceNumber(): string {
    return this.of.location.sequenceNumber;
  }

  get shardId(): string | undefined {
    return this.of.location.shardId;
  }

  get approximateArrival(): Date | undefined {
    const { arrivedAt } = this.of.location;
    return arrivedAt === undefined ? undefined : new Date(arrivedAt);
  }

  get attributes(): Readonly<Record<string, string>> {
    return this.of.headers;
  }

  get record(): StreamRecord['raw'] {
    return this.of.raw;
  }

  get log(): Logger {
    this.logger ??= this.invocation.logFor(this.of);
    return this.logger;
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.aborted);
    }
    return this.controller.signal;
  }

  /** Whether the record was given up: what it still comes to is too late. */
  get over(): boolean {
    return this.aborted !== undefined;
  }

  remainingTime(): number {
    return Math.max(0, this.invocation.deadline - this.invocation.now());
  }

  abort(reason: DeadlineError): void {
    this.aborted = reason;
    this.controller?.abort(reason);
  }
}
