import { DeadlineError } from '../context';
import { DEFERRED, DONE, type Outcome } from '../outcome';
import { RecordContext, type StreamInvocation } from './context';
import type { StreamRecord } from './record';

export interface ShardBatchOptions {
  readonly records: readonly StreamRecord[];
  /** How many run at once. */
  readonly concurrency: number;
  readonly invocation: StreamInvocation;
  /** Handles one record. May throw, return, or return a promise of either. */
  handle(record: StreamRecord, context: RecordContext): unknown;
  /** What a failure makes of its record. A promise holds up the key, and the end of the batch, until it settles. */
  judge(record: StreamRecord, thrown: unknown): Outcome | Promise<Outcome>;
  /** What the deadline makes of a record that runs. */
  giveUp(record: StreamRecord, reason: DeadlineError): Outcome;
}

/**
 * Runs the records of one invocation: those of a key in their order, keys in parallel, until all have settled or the deadline
 * has come. What lies behind a failure comes back whatever becomes of it, so it is not started: it would only be done twice.
 */
export class ShardBatch {
  private readonly outcomes: Outcome[];
  /** By record, of those whose handler runs. */
  private readonly contexts: (RecordContext | undefined)[] = [];
  /** Records that wait for an earlier one of their key, by key; a key that is there is busy. */
  private readonly waiting = new Map<string, number[]>();
  /** Records whose turn has come. */
  private readonly ready: number[] = [];
  /** The first failure of each line: nothing behind it starts. */
  private readonly failed = new Map<string, number>();
  private cursor = 0;
  private inHand = 0;
  private filling = false;
  private over = false;
  private ended = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private resolve: ((outcomes: Outcome[]) => void) | undefined;

  constructor(private readonly options: ShardBatchOptions) {
    this.outcomes = new Array<Outcome>(options.records.length).fill(DEFERRED);
  }

  run(): Promise<Outcome[]> {
    const { deadline, now } = this.options.invocation;
    const left = deadline - now();
    if (left <= 0) return Promise.resolve(this.outcomes);
    return new Promise((resolve) => {
      this.resolve = resolve;
      if (left !== Number.POSITIVE_INFINITY) this.timer = setTimeout(() => this.expire(), left);
      this.fill();
    });
  }

  /** Starts records while there is room. Records that settle at once come back here: the flag keeps that a loop. */
  private fill(): void {
    if (this.filling) return;
    this.filling = true;
    while (!this.over && this.inHand < this.options.concurrency) {
      const i = this.next();
      if (i === undefined) break;
      this.start(i);
    }
    this.filling = false;
    if (this.inHand === 0) this.finish();
  }

  /** The next record that may start: one whose turn has come, or the first whose key is free. */
  private next(): number | undefined {
    const { records } = this.options;
    for (let i = this.ready.shift(); i !== undefined; i = this.ready.shift()) {
      if (!this.isBehindFailure(i)) return i;
    }
    while (this.cursor < records.length) {
      const i = this.cursor++;
      if (this.isBehindFailure(i)) continue;
      const { key } = records[i]!;
      const queue = this.waiting.get(key);
      if (queue) queue.push(i);
      else {
        this.waiting.set(key, []);
        return i;
      }
    }
    return undefined;
  }

  private isBehindFailure(i: number): boolean {
    const first = this.failed.get(this.options.records[i]!.line);
    return first !== undefined && i > first;
  }

  private start(i: number): void {
    const record = this.options.records[i]!;
    const context = new RecordContext(this.options.invocation, record);
    this.contexts[i] = context;
    this.inHand++;
    let result: unknown;
    try {
      result = this.options.handle(record, context);
    } catch (thrown) {
      this.fail(i, thrown);
      return;
    }
    if (result === undefined) {
      this.settle(i, DONE);
      return;
    }
    // Promise.resolve also takes a foreign thenable, and turns one whose `then` throws into a rejection.
    Promise.resolve(result).then(
      () => this.handled(i),
      (thrown) => this.fail(i, thrown),
    );
  }

  private handled(i: number): void {
    if (this.contexts[i]) this.settle(i, DONE);
  }

  private fail(i: number, thrown: unknown): void {
    // Given up at the deadline: what it comes to now changes nothing.
    if (!this.contexts[i]) return;
    this.contexts[i] = undefined;
    const judged = this.options.judge(this.options.records[i]!, thrown);
    if (judged instanceof Promise) void judged.then((outcome) => this.settle(i, outcome));
    else this.settle(i, judged);
  }

  private settle(i: number, outcome: Outcome): void {
    this.contexts[i] = undefined;
    this.outcomes[i] = outcome;
    this.inHand--;
    const { key, line } = this.options.records[i]!;
    if (outcome.kind === 'retry') {
      const first = this.failed.get(line);
      if (first === undefined || i < first) this.failed.set(line, i);
    }
    const next = this.waiting.get(key)?.shift();
    if (next === undefined) this.waiting.delete(key);
    else this.ready.push(next);
    this.fill();
  }

  private expire(): void {
    this.over = true;
    const reason = new DeadlineError();
    const running: RecordContext[] = [];
    this.contexts.forEach((context, i) => {
      if (!context) return;
      running.push(context);
      this.outcomes[i] = this.options.giveUp(this.options.records[i]!, reason);
      this.contexts[i] = undefined;
      this.inHand--;
    });
    for (const context of running) context.abort(reason);
    // What is being buried is waited for: its letter may have been accepted already.
    if (this.inHand === 0) this.finish();
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.over = true;
    clearTimeout(this.timer);
    this.resolve?.(this.outcomes);
  }
}
