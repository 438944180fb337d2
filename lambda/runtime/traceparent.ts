// https://www.w3.org/TR/trace-context/#traceparent-header
const TRACEPARENT = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;

/**
 * Trace id, span id and flags of a traceparent of version 00, each in hexadecimal. Whoever may send may write one, so what is
 * malformed counts as none.
 */
export const partsOf = (traceparent = ''): string[] => TRACEPARENT.exec(traceparent)?.slice(1) ?? [];
