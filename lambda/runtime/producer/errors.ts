import { RetryAfter } from '../errors';

/** Which message it was, and what became of it. */
export interface Unsent {
  readonly code: string;
  readonly reason: string;
  /** The message as it was given. */
  readonly input: unknown;
  readonly index?: number;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly mayHaveArrived?: boolean;
  readonly cause?: unknown;
}

/**
 * A message that was not accepted. Its text names the message and says why, and holds nothing of the body; the message
 * itself is `input`, which does not print either.
 */
export class SendError extends Error {
  override readonly name = 'SendError';
  /** The code of SQS or SNS, or of ours: InvalidMessage, InvalidOptions, MessageTooLong, GroupBlocked, Aborted. */
  readonly code: string;
  /** Of a message of `sendAll`: its place among them, from 0. */
  readonly index: number | undefined;
  readonly correlationId: string | undefined;
  /** Id of the message whose handler was sending it. */
  readonly causationId: string | undefined;
  /** Whether a request with it went unanswered: it may have been accepted all the same. */
  readonly mayHaveArrived: boolean;
  readonly #input: unknown;

  constructor({ code, reason, input, index, correlationId, causationId, mayHaveArrived = false, cause }: Unsent) {
    const which = [
      index === undefined ? 'the message' : `message ${index}`,
      ...(correlationId === undefined ? [] : [`(correlation id ${correlationId})`]),
    ].join(' ');
    const doubt = mayHaveArrived ? ', but may have arrived' : '';
    super(`${which} was not accepted${doubt}: ${code}: ${reason}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.index = index;
    this.correlationId = correlationId;
    this.causationId = causationId;
    this.mayHaveArrived = mayHaveArrived;
    this.#input = input;
  }

  get input(): unknown {
    return this.#input;
  }
}

/**
 * `sendAll` has stopped. Every message that it had taken is either among the `sent` or in `errors`; it has taken no more
 * from where they come.
 */
export class SendAllError extends Error {
  override readonly name = 'SendAllError';

  constructor(
    /** How many were accepted. */
    readonly sent: number,
    readonly errors: readonly SendError[],
    options?: ErrorOptions,
  ) {
    const { cause } = options ?? {};
    const why = errors[0]?.message ?? (cause instanceof Error ? cause.message : String(cause));
    super(`stopped after ${sent} were accepted and ${errors.length} were not: ${why}`, options);
  }
}

/**
 * The queue is behind: its backlog takes longer than its construct allows. The message was not sent. In an API answer 429 with
 * `Retry-After: retryAfter`; thrown from a worker's handler it brings the message back by then.
 */
export class BackpressureError extends RetryAfter {
  override readonly name = 'BackpressureError';
  /** Whole seconds, 1 to 900, after which it is worth trying again. */
  readonly retryAfter: number;

  constructor(retryAfter: number, limit: number) {
    super({ seconds: retryAfter }, `the backlog takes longer than ${limit} s; try again in ${retryAfter} s`);
    this.retryAfter = retryAfter;
  }
}

/** Why a message is not even tried; the sender makes a `SendError` of it. */
export class Refused extends Error {
  constructor(
    readonly code: 'InvalidMessage' | 'InvalidOptions' | 'MessageTooLong',
    reason: string,
  ) {
    super(reason);
  }
}
