/** What a handler knows of the job that its message is. */
export interface JobContext {
  readonly id: string;
  /**
   * Tells how much is done. Whoever waits for the job sees it a moment later; calls that come faster than they can be written
   * are dropped but for the last.
   *
   * @param share from 0 to 1
   * @throws RangeError if it is not
   */
  progress(share: number): void;
}

/** The job was cancelled or is too late: why a handler's signal fires. */
export class JobEndedError extends Error {
  override readonly name = 'JobEndedError';
  constructor(readonly state: string) {
    super(`the job is ${state}: nobody wants its result any more`);
  }
}
