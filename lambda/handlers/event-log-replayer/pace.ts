export interface Clock {
  now(): number;
  sleep(ms: number): Promise<unknown>;
}

/** Waits shorter than that are left until they add up: a timer is no more precise. */
const GRAIN = 20;

/** Lets through so many a second, evenly. What it was not asked for in time it does not make up for. */
export class Pace {
  private due = 0;

  constructor(
    private readonly clock: Clock,
    private readonly rate: number,
  ) {}

  async next(): Promise<void> {
    const now = this.clock.now();
    this.due = Math.max(this.due, now);
    if (this.due - now >= GRAIN) await this.clock.sleep(this.due - now);
    this.due += 1_000 / this.rate;
  }
}
