/** The stream is not at the version that the append was meant for. Read it again, decide again. */
export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError';

  constructor(
    readonly streamId: string,
    readonly expectedVersion: number | 'any' | 'none',
    /** At which the stream is now. */
    readonly currentVersion: number,
  ) {
    super(`stream ${streamId}: got version ${currentVersion}, expected ${expectedVersion}`);
  }
}

/** Why nothing was appended: these events can never be. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
}

/** An event in the log that this code cannot read: it is newer than the code, or its data is not what the schema expects. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';

  constructor(
    readonly streamId: string,
    readonly version: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`stream ${streamId}, version ${version}: ${reason}`, options);
  }
}
