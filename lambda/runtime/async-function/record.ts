/**
 * What a destination gets: Lambda's record of an invocation, or ours of an event that can never succeed.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export interface InvocationRecord<P = unknown, R = unknown> {
  readonly version: string;
  readonly timestamp: string;
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    /** Success, RetriesExhausted or EventAgeExceeded; of ours: PermanentError. */
    readonly condition: string;
    readonly approximateInvokeCount: number;
  };
  /** The event. If an invoker of ours has sent it, what was handed to that is its `payload`. */
  readonly requestPayload: P;
  readonly responseContext?: {
    readonly statusCode: number;
    readonly executedVersion: string;
    readonly functionError?: string;
  };
  /** What the function returned, or the error as `errorType` and `errorMessage`. */
  readonly responsePayload?: R;
}

export interface PermanentFailure {
  readonly event: unknown;
  readonly requestId: string;
  readonly functionArn: string;
  readonly version: string;
  readonly errorType: string;
  readonly reason: string;
  readonly now: number;
}

/** What Lambda would have made of the failure after its last attempt. */
export const permanentRecord = (failure: PermanentFailure): InvocationRecord => ({
  version: '1.0',
  timestamp: new Date(failure.now).toISOString(),
  requestContext: {
    requestId: failure.requestId,
    functionArn: `${failure.functionArn}:${failure.version}`,
    condition: 'PermanentError',
    approximateInvokeCount: 1,
  },
  requestPayload: failure.event,
  responseContext: { statusCode: 200, executedVersion: failure.version, functionError: 'Unhandled' },
  responsePayload: { errorType: failure.errorType, errorMessage: failure.reason },
});
