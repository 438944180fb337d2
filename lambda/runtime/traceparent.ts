// https://www.w3.org/TR/trace-context/#traceparent-header
const TRACEPARENT = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;

/** A sender's span. */
export interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** The span that a traceparent of version 00 names. Whoever may send may write one, so what is malformed counts as none. */
export function sentSpan(traceparent: string | undefined): Sent | undefined {
  if (traceparent === undefined) return undefined;
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  return traceId === undefined ? undefined : { traceId, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16) };
}
