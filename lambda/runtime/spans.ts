import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import type { RecordContext } from './context';
import { describe, sentence } from './describe';
import type { Tracing } from './telemetry';
import { partsOf } from './traceparent';

type Handle = (record: SQSRecord, context: RecordContext, index: number) => unknown;
type Attributes = Record<string, string>;

/** The span of a sender. */
interface Sent {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote: true;
}

/** Of OpenTelemetry's API, what is used here. https://opentelemetry.io/docs/specs/otel/trace/api/ */
export interface Span {
  recordException(exception: { name: string; message: string; stack?: string }): unknown;
  setAttribute(name: string, value: string): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

export interface Tracer {
  startActiveSpan<R>(
    name: string,
    options: { kind: number; attributes: Attributes; links: { context: Sent }[] },
    run: (span: Span) => R,
  ): R;
}

const CONSUMER = 4;
const ERROR = 2;

// What telemetry throws must not decide what becomes of a message.
const quietly = (report: () => void): void => {
  try {
    report();
  } catch {}
};

/** The spans of one batch: one a record, while it is handled. https://opentelemetry.io/docs/specs/semconv/messaging/ */
export class Spans {
  private tracer: Tracer | undefined;
  private readonly open = new Set<Span>();

  constructor(tracing: Tracing) {
    quietly(() => {
      this.tracer = tracing.getTracer('cdk-async-patterns');
    });
  }

  /** Handles records inside a span each, which is the active one for as long as that takes. */
  around(handle: Handle): Handle {
    return (record, context, i) => this.run(context, () => handle(record, context, i));
  }

  private run(context: RecordContext, handle: () => unknown): unknown {
    let started = false;
    const within = (span: Span): unknown => {
      started = true;
      this.open.add(span);
      return this.follow(span, handle);
    };
    try {
      return this.tracer ? this.tracer.startActiveSpan(...this.describe(context), within) : handle();
    } catch (thrown) {
      if (started || !this.tracer) throw thrown;
      return handle();
    }
  }

  /** Ends the spans of records that were given up. */
  giveUp(reason: unknown): void {
    for (const span of this.open) this.fail(span, reason);
  }

  private describe({ record, messageId, traceparent, correlationId }: RecordContext) {
    const queue = record.eventSourceARN?.split(':').at(-1) ?? '';
    const [traceId, spanId, flags] = partsOf(traceparent);
    const attributes: Attributes = {
      'messaging.system': 'aws_sqs',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': queue,
      'messaging.message.id': messageId,
      'messaging.message.conversation_id': correlationId,
    };
    const links =
      traceId && spanId && flags
        ? [{ context: { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true as const } }]
        : [];
    return [`process ${queue}`, { kind: CONSUMER, attributes, links }] as const;
  }

  private follow(span: Span, handle: () => unknown): unknown {
    let result: unknown;
    try {
      result = handle();
    } catch (thrown) {
      this.fail(span, thrown);
      throw thrown;
    }
    if (result === undefined) {
      this.end(span);
      return undefined;
    }
    // Also of a foreign thenable, as the batch takes it.
    return Promise.resolve(result).then(
      (value) => {
        this.end(span);
        return value;
      },
      (thrown) => {
        this.fail(span, thrown);
        throw thrown;
      },
    );
  }

  private fail(span: Span, thrown: unknown): void {
    if (!this.open.has(span)) return;
    const error = describe(thrown);
    quietly(() => {
      span.recordException({ ...error });
      span.setAttribute('error.type', error.name);
      span.setStatus({ code: ERROR, message: sentence(error) });
    });
    this.end(span);
  }

  private end(span: Span): void {
    if (this.open.delete(span)) quietly(() => span.end());
  }
}
