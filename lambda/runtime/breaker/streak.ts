/**
 * The latest calls of one process, as long as each has failed. The ratio within the window is slow to notice an outage: as
 * many calls must fail as have succeeded before. So many failures in a row say the same at once.
 */
export class Streak {
  /** When they failed, the oldest first. */
  private readonly times: number[] = [];

  constructor(
    /** It counts no further. */
    private readonly most: number,
    /** Milliseconds. */
    private readonly window: number,
  ) {}

  failed(now: number): void {
    this.times.push(now);
    if (this.times.length > this.most) this.times.shift();
  }

  broken(): void {
    this.times.length = 0;
  }

  /** How many have failed in a row within the window. */
  length(now: number): number {
    return this.times.filter((time) => now - time < this.window).length;
  }
}
