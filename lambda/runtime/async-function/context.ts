import type { Context } from 'aws-lambda/handler';
import { ORIGIN } from '../../../lib/private/contract';
import type { DeadlineError } from '../context';
import type { EventOrigin } from '../invoker/event';
import type { Logger } from '../log';

/** What a handler knows of the event in hand, beside its payload. */
export interface AsyncFunctionContext {
  /** The id of the invocation: all attempts at one event have the same. */
  readonly requestId: string;
  /** The same for everything that one cause has set off: the invoker's, or `requestId` if this is the first. */
  readonly correlationId: string;
  /** Id of the message or event whose handling invoked this, if it was one. */
  readonly causationId: string | undefined;
  /** W3C trace context of the invoker. */
  readonly traceparent: string | undefined;
  /** When the invoker handed the event over, if it was one of ours. */
  readonly sentAt: Date | undefined;
  /** Aborted shortly before the function's timeout. */
  readonly signal: AbortSignal;
  /** Milliseconds until `signal` is aborted. Infinity in a unit test without a Lambda context. */
  remainingTime(): number;
  /** Writes lines that carry the function, the request and the correlation id. */
  readonly log: Logger;
  /** What senders and invokers take (`with`): `requestId` under their name for it. */
  readonly messageId: string;
  /** The same of what they hand on. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The event as Lambda handed it over. */
  readonly event: unknown;
}

export interface ContextParts {
  readonly event: unknown;
  readonly origin: EventOrigin;
  readonly requestId: string;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  now(): number;
}

export class EventContext implements AsyncFunctionContext {
  private controller?: AbortController;
  private aborted?: DeadlineError;

  constructor(private readonly parts: ContextParts) {}

  get requestId(): string {
    return this.parts.requestId;
  }

  get messageId(): string {
    return this.parts.requestId;
  }

  get correlationId(): string {
    return this.parts.origin.correlationId ?? this.parts.requestId;
  }

  get causationId(): string | undefined {
    return this.parts.origin.causationId;
  }

  get traceparent(): string | undefined {
    return this.parts.origin.traceparent;
  }

  get sentAt(): Date | undefined {
    const { sentAt } = this.parts.origin;
    return sentAt === undefined ? undefined : new Date(sentAt);
  }

  get attributes(): Readonly<Record<string, string>> {
    const { traceparent } = this;
    return {
      [ORIGIN.correlationId]: this.correlationId,
      ...(traceparent !== undefined && { [ORIGIN.traceparent]: traceparent }),
    };
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.aborted) this.controller.abort(this.aborted);
    }
    return this.controller.signal;
  }

  get log(): Logger {
    return this.parts.log;
  }

  get event(): unknown {
    return this.parts.event;
  }

  remainingTime(): number {
    return Math.max(0, this.parts.deadline - this.parts.now());
  }

  abort(reason: DeadlineError): void {
    this.aborted = reason;
    this.controller?.abort(reason);
  }
}

const NAMELESS = 'unknown';

/** What Lambda says of the invocation; every part is missing in a unit test. */
export const invocationOf = (context: Context | undefined) => ({
  requestId: context?.awsRequestId ?? NAMELESS,
  functionArn: context?.invokedFunctionArn ?? NAMELESS,
  version: context?.functionVersion ?? '$LATEST',
});
