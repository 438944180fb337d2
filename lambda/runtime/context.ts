import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { ORIGIN } from '../../lib/private/contract';
import { groupOf } from './envelope';
import type { JobContext } from './jobs/context';
import type { Logger, Origin } from './log';
import { receiveCountOf } from './outcome';
import { partsOf } from './traceparent';

/** What a handler knows of the message in hand, beside its body. */
export interface WorkerContext {
  /** SQS's id of the message. A redrive gives it a new one: it is no idempotency key. */
  readonly messageId: string;
  /** How often SQS has handed the message out, this time included. */
  readonly receiveCount: number;
  /** The message attributes of type String and Number. Binary ones are in `record`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The same for everything that one cause has set off: the sender's, or the id of this message if it is the first. */
  readonly correlationId: string;
  /** Id of the message whose handling sent this one, if it was one. */
  readonly causationId: string | undefined;
  /** W3C trace context of the sender. The X-Ray header is in `record.attributes.AWSTraceHeader`. */
  readonly traceparent: string | undefined;
  /** Whether a topic delivers the message again from its archive. */
  readonly replayed: boolean;
  /** The message group: of a FIFO queue its order, of a fair queue its tenant. */
  readonly groupId: string | undefined;
  /** Aborted shortly before the function's timeout; whoever still runs then is retried. */
  readonly signal: AbortSignal;
  /** Milliseconds until `signal` is aborted. Infinity in a unit test without a Lambda context. */
  remainingTime(): number;
  /** Writes lines that carry the worker, the request, the message id and, if the sender gave them, correlation and trace id. */
  readonly log: Logger;
  /**
   * What `idempotencyKey` made of the message: pass it on to whoever knows such keys, a payment API for one, since a process
   * can die between the work and its record. Empty without one.
   */
  readonly idempotencyKey: string;
  /** The job that the message is, if an `AsyncApi` has accepted it as one. Its signal also fires when the job is cancelled. */
  readonly job: JobContext | undefined;
  /** The record as Lambda handed it over: in its envelope if it has one, with a pointer for a body if that is stored. */
  readonly record: SQSRecord;
}

/** What the records of an invocation share. */
export interface Invocation {
  /** Milliseconds since the epoch at which running records are given up. */
  readonly deadline: number;
  now(): number;
  logFor(record: SQSRecord): Logger;
  /** A record as its sender meant it; missing where that is the record. */
  shown?(record: SQSRecord): SQSRecord;
}

function textOf({ messageAttributes }: SQSRecord, name: string): string | undefined {
  const text: unknown = messageAttributes?.[name]?.stringValue;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** What the lines about a record say of where it comes from. */
export const originOf = (record: SQSRecord): Origin => ({
  messageId: record.messageId,
  correlationId: textOf(record, ORIGIN.correlationId),
  traceId: partsOf(textOf(record, ORIGIN.traceparent))[0],
});

export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  constructor() {
    super('not finished when the function was about to time out');
  }
}

/**
 * Everything is made at its first use: most handlers look at little of it, and an AbortController alone costs as much as
 * parsing the message.
 */
export class RecordContext implements WorkerContext {
  idempotencyKey = '';
  job: JobContext | undefined = undefined;
  private controller?: AbortController;
  private logger?: Logger;
  private texts?: Readonly<Record<string, string>>;
  private aborted?: Error;

  constructor(
    private readonly invocation: Invocation,
    readonly record: SQSRecord,
  ) {}

  get messageId(): string {
    return this.record.messageId;
  }

  get receiveCount(): number {
    return receiveCountOf(this.record);
  }

  get correlationId(): string {
    return textOf(this.shown, ORIGIN.correlationId) ?? this.messageId;
  }

  get causationId(): string | undefined {
    return textOf(this.shown, ORIGIN.causationId);
  }

  get traceparent(): string | undefined {
    return textOf(this.shown, ORIGIN.traceparent);
  }

  get replayed(): boolean {
    return textOf(this.shown, ORIGIN.replayed) === 'true';
  }

  get groupId(): string | undefined {
    return groupOf(this.record) || undefined;
  }

  get attributes(): Readonly<Record<string, string>> {
    if (!this.texts) {
      const texts: Record<string, string> = Object.create(null);
      for (const [name, attribute] of Object.entries(this.shown.messageAttributes ?? {})) {
        const text: unknown = attribute?.stringValue;
        if (typeof text === 'string') texts[name] = text;
      }
      this.texts = texts;
    }
    return this.texts;
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.aborted);
    }
    return this.controller.signal;
  }

  get log(): Logger {
    this.logger ??= this.invocation.logFor(this.record);
    return this.logger;
  }

  remainingTime(): number {
    return Math.max(0, this.invocation.deadline - this.invocation.now());
  }

  private get shown(): SQSRecord {
    return this.invocation.shown?.(this.record) ?? this.record;
  }

  abort(reason: Error): void {
    this.aborted ??= reason;
    this.controller?.abort(reason);
  }
}
