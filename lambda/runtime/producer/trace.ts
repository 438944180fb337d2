/** What OpenTelemetry's API registers for a process, where it is set up. https://opentelemetry.io/docs/specs/otel/ */
interface Telemetry {
  readonly context?: { active(): unknown };
  readonly propagation?: {
    inject(context: unknown, carrier: object, setter: { set(carrier: object, key: string, value: string): void }): void;
  };
}

const TELEMETRY = Symbol.for('opentelemetry.js.api.1');

/** The W3C traceparent of the span that runs now. Nothing is loaded for it: without OpenTelemetry there is none. */
export function activeTraceparent(globals: object = globalThis): string | undefined {
  const telemetry = (globals as Record<symbol, Telemetry | undefined>)[TELEMETRY];
  if (telemetry?.context === undefined || telemetry.propagation === undefined) return undefined;
  let traceparent: string | undefined;
  const set = (_: object, key: string, value: string): void => {
    if (key === 'traceparent') traceparent = value;
  };
  telemetry.propagation.inject(telemetry.context.active(), {}, { set });
  return traceparent;
}

/** The message whose handler is sending. A worker's context is one. */
export interface Origin {
  readonly messageId: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a message hands on to those that its handler sends. */
export interface Lineage {
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly traceparent?: string;
}

/** A message that nobody correlated is the first of its line. */
export const lineageOf = (
  { messageId, attributes }: Origin,
  names: { correlationId: string; traceparent: string },
) => ({
  correlationId: attributes[names.correlationId] ?? messageId,
  causationId: messageId,
  traceparent: attributes[names.traceparent],
});
