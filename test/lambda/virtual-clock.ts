type Job = { at: number; order: number; run(): void; cancelled?: true };

const real = { setTimeout, clearTimeout, now: Date.now };

/** Time that passes from event to event: what waits for seconds takes none. A heap, since tens of thousands wait. */
export class VirtualClock {
  private readonly heap: Job[] = [];
  private count = 0;

  constructor(public time: number) {}

  /** Has the timers of whoever runs go by this clock, until `restore`. */
  install(): void {
    Date.now = () => this.time;
    globalThis.setTimeout = ((run: () => void, ms = 0) => this.in(Math.max(1, Math.floor(ms)), run)) as never;
    globalThis.clearTimeout = ((job: Job | undefined) => {
      if (job) job.cancelled = true;
    }) as never;
  }

  restore(): void {
    Date.now = real.now;
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
  }

  in(ms: number, run: () => void): Job {
    const job: Job = { at: this.time + ms, order: this.count++, run };
    const { heap } = this;
    heap.push(job);
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!isBefore(heap[i]!, heap[parent]!)) break;
      [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
      i = parent;
    }
    return job;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.in(ms, resolve));
  }

  /** Runs all that happens before `end`, or until `done`. */
  async run(end: number, done: () => boolean = () => false): Promise<void> {
    await settled();
    for (let job = this.heap[0]; job && job.at < end && !done(); job = this.heap[0]) {
      this.pop();
      if (job.cancelled) continue;
      this.time = Math.max(this.time, job.at);
      job.run();
      await settled();
    }
    if (!done()) this.time = end;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right;
      if (least === i) break;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

const isBefore = (a: Job, b: Job): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Lets all that follows run, up to where it waits for something. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
