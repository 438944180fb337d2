import type { JobEnd } from './job';
import type { Problem } from './problem';

/** Why a job was not accepted. */
export type SubmitCode =
  /** It does not match the schema, or JSON cannot hold it. */
  | 'invalid'
  | 'too-large'
  /** Its idempotency key stands for something else. */
  | 'key-reused'
  /** The queue holds more than it should; later. */
  | 'busy'
  /** It may or may not have been accepted: submit it again under the same key. */
  | 'unavailable';

/** A job that was not accepted. */
export class SubmitError extends Error {
  override readonly name = 'SubmitError';

  constructor(
    readonly code: SubmitCode,
    readonly reason: string,
    cause?: unknown,
    /** Of `submitAll`: its place, from 0. */
    readonly index?: number,
    /** Seconds after which it is worth trying again, if the queue says. */
    readonly retryAfter?: number,
  ) {
    const which = index === undefined ? 'the job' : `job ${index}`;
    super(`${which} was not accepted: ${reason}`, cause === undefined ? undefined : { cause });
  }

  /** The same of a job of `submitAll`. */
  at(index: number): SubmitError {
    return new SubmitError(this.code, this.reason, this.cause, index, this.retryAfter);
  }
}

/** A job that has ended without a result. Its text is the problem's detail, or its title. */
export class JobError extends Error {
  override readonly name: string = 'JobError';

  constructor(
    readonly jobId: string,
    readonly status: Exclude<JobEnd, 'succeeded'>,
    readonly problem: Problem,
  ) {
    super(`job ${jobId} ${status === 'cancelled' ? 'was' : 'has'} ${status}: ${problem.detail ?? problem.title}`);
  }
}

export class JobFailedError extends JobError {
  override readonly name = 'JobFailedError';
}

export class JobCancelledError extends JobError {
  override readonly name = 'JobCancelledError';
}

export class JobExpiredError extends JobError {
  override readonly name = 'JobExpiredError';
}
