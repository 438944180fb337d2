import type { Tracer } from './spans';

/** What OpenTelemetry's API registers for a process, where it is set up. https://opentelemetry.io/docs/specs/otel/ */
interface Telemetry {
  readonly trace?: Tracing;
}

/** A tracer provider. */
export interface Tracing {
  getTracer(name: string): Tracer;
}

const TELEMETRY: unique symbol = /* @__PURE__ */ Symbol.for('opentelemetry.js.api.1');

/** The tracer provider of this process, if it has one by now: it may come after the handler's module. Nothing is loaded for it. */
export const tracing = (): Tracing | undefined => (globalThis as { [TELEMETRY]?: Telemetry })[TELEMETRY]?.trace;
