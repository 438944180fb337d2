import type { PayloadSpec } from './senders';

/** What `invoker(name)` of the runtime reads, as JSON. */
export interface InvokerSpec {
  readonly functionArn: string;
  /** Of an event, in bytes: what the failure destination of the function holds together with Lambda's record of the failure. */
  readonly maxBytes: number;
  /** Where larger payloads go. */
  readonly payloads?: PayloadSpec;
}

/** Largest event that Lambda takes asynchronously, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const MAX_EVENT_BYTES = 1_048_576;

/** What an invoker wraps a payload in; other events are their own payload. */
export const EVENT = { origin: 'cdk-async-patterns', payload: 'payload' } as const;

export const FUNCTION_ENV = {
  /** Where the runtime puts an event that can never succeed, a `FailureSpec` as JSON; missing where only Lambda may. */
  failure: 'ASYNC_FAILURE_DESTINATION',
} as const;

/** One of them. */
export interface FailureSpec {
  readonly queueUrl?: string;
  readonly topicArn?: string;
  readonly functionArn?: string;
}

/** The client of those that invoke. */
export const LAMBDA_CLIENT_FILE = 'async-patterns-lambda.js';
