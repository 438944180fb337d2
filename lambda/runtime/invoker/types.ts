import type { Origin } from '../producer/trace';

export interface InvokeOptions {
  /** @default - that of the message or event in hand (`with`), or a new one */
  readonly correlationId?: string;
  /** @default - the id of the message or event in hand (`with`) */
  readonly causationId?: string;
  /**
   * W3C trace context.
   * @default - that of OpenTelemetry's active span, or of what is in hand (`with`)
   */
  readonly traceparent?: string;
  /** Gives up: the call rejects at once. What is under way may arrive all the same. */
  readonly signal?: AbortSignal;
}

/** An event that Lambda has taken. */
export interface Invoked {
  /** The id of the invocation, which all its attempts have, and its log lines. */
  readonly requestId: string;
}

/** Invokes a function asynchronously. */
export interface Invoker<T> {
  /**
   * Hands a payload over as JSON. Resolves when Lambda has taken it, not when it is handled. A worker or an asynchronous
   * function that calls it is not done before that, whether or not the call is awaited.
   *
   * @throws SendError if it is not taken: too large, refused, or not after five attempts
   */
  invoke(payload: T, options?: InvokeOptions): Promise<Invoked>;
  /** The same invoker for what is in hand: its events carry on the correlation and the trace, and name it as cause. */
  with(context: Origin): Invoker<T>;
}
