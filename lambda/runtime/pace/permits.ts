/** So many at a time, in the order in which they asked. */
export class Permits {
  private waiting: (() => void)[] = [];

  constructor(private left: number) {}

  async take(): Promise<void> {
    if (this.left > 0) {
      this.left--;
      return;
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  release(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.left++;
  }

  /** Nobody waits any more. */
  close(): void {
    for (const wake of this.waiting) wake();
    this.waiting = [];
  }
}
