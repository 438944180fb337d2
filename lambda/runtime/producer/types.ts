import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AttributeValue } from './attributes';
import type { SendError } from './errors';
import type { Origin } from './trace';

export interface PublishOptions {
  /** Whose message it is: becomes the message group of a standard queue or topic, and a busy tenant no longer delays the others. */
  readonly tenant?: string;
  /** Messages of one group of a FIFO queue or topic are delivered in the order of the calls. Needed there, refused elsewhere. */
  readonly groupId?: string;
  /**
   * FIFO: of messages with one id within five minutes only the first is delivered.
   * @default - the queue's or topic's own, a hash of the body
   */
  readonly deduplicationId?: string;
  /** Message attributes, at most ten together with those that the producer adds. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** @default - that of the message in hand (`with`), or a new one */
  readonly correlationId?: string;
  /** @default - the id of the message in hand (`with`) */
  readonly causationId?: string;
  /**
   * W3C trace context.
   * @default - that of OpenTelemetry's active span, or of the message in hand (`with`)
   */
  readonly traceparent?: string;
  /** Gives up: the call rejects at once, and what was not under way is not sent. */
  readonly signal?: AbortSignal;
}

export interface SendOptions extends PublishOptions {
  /** Seconds, 0 to 900, until it can be received. Standard queues only. */
  readonly delay?: number;
  /** When it can be received. What SQS cannot delay so long waits in a one-shot schedule, precise to the minute. */
  readonly at?: Date;
}

/** What all messages share, and what each has of its own. */
export type AllOptions<T, O> = O & {
  /** The options of one message, which win over those of all. */
  each?(message: T, index: number): O;
  /**
   * Takes each message that was not accepted, and goes on. On FIFO the later ones of its group are not sent.
   * @default - stop at the first, wait for those under way and throw a SendAllError
   */
  onFailure?(error: SendError): void;
};

/** A message that was accepted. */
export interface Accepted {
  /** Its id; of a message that waits in a schedule, the schedule's name. */
  readonly messageId: string;
  /** On FIFO. */
  readonly sequenceNumber?: string;
}

export interface Tally {
  readonly sent: number;
  /** How many `onFailure` was told of. */
  readonly failed: number;
}

export interface SenderOptions<T> {
  /**
   * What a message must be: the schema of those who receive it. It judges what they will read, the message as JSON; what
   * is sent is the message as it is, not what the schema makes of it.
   * @default - messages are not checked
   */
  readonly schema?: StandardSchemaV1<T, unknown>;
  /**
   * What to do while the queue is behind, where its construct says when that is (`backpressure` of a LoadLevelingQueue):
   * throw a `BackpressureError`, or wait until it no longer is, so that whoever awaits is slowed down.
   * @default - throw: in a function that answers somebody, a wait would end in a timeout that says nothing
   */
  readonly backpressure?: 'throw' | 'wait' | 'ignore';
}

/** Sends messages of one kind. `O` is what a call may say of its message. */
export interface Sender<T, O extends PublishOptions> {
  /**
   * Sends a message as JSON, in one request with others that are sent about now. Resolves when it is accepted.
   *
   * @throws SendError if it is not
   * @throws BackpressureError if the queue is behind, and nobody waits for it
   */
  send(message: T, options?: O): Promise<Accepted>;
  /**
   * Sends what an iterable yields, and takes from it no faster than messages are accepted: memory does not grow with their
   * number. What is accepted may be delivered while the rest is still on its way.
   *
   * @throws SendAllError when it had to stop
   */
  sendAll(messages: Iterable<T> | AsyncIterable<T>, options?: AllOptions<T, O>): Promise<Tally>;
  /** The same sender for the message in hand: what it sends carries on its correlation and its trace, and names it as cause. */
  with(context: Origin): Sender<T, O>;
  /**
   * Waits until everything is accepted that was handed over. A worker does so itself before it acknowledges.
   *
   * @throws SendAllError if something was not
   */
  flush(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Sends messages to a queue. */
export type Producer<T> = Sender<T, SendOptions>;
/** Publishes messages to a topic. */
export type Publisher<T> = Sender<T, PublishOptions>;
