import { DeadlineError } from '../context';
import { DEFERRED, DONE, type Outcome } from '../outcome';
import { isPassed } from './checkpoint';
import { RecordContext, type StreamInvocation } from './context';
import type { StreamRecord } from './record';

/** What a failure makes of its record: an outcome, or a burial to come. */
export type Verdict = Outcome | (() => Promise<Outcome>);

export interface ShardBatchOptions {
  readonly records: readonly StreamRecord[];
  /** How many run at once. */
  readonly concurrency: number;
  readonly invocation: StreamInvocation;
  /** Handles one record. May throw, return, or return a promise of either. */
  handle(record: StreamRecord, context: RecordContext): unknown;
  judge(record: StreamRecord, thrown: unknown): Verdict;
  /** What the deadline makes of a record that runs. */
  giveUp(record: StreamRecord, reason: DeadlineError): Outcome;
}

/** What has a checkpoint of its own: the records of a shard, or of a partition of Kafka. */
interface Line {
  readonly members: number[];
  /** Before it all is passed, or about to be buried. */
  front: number;
  /** The first failure: nothing behind it starts. */
  failed: number;
}

const linesOf = (records: readonly StreamRecord[]): Map<string, Line> => {
  const lines = new Map<string, Line>();
  records.forEach(({ line }, i) => {
    const known = lines.get(line);
    if (known) known.members.push(i);
    else lines.set(line, { members: [i], front: 0, failed: Number.POSITIVE_INFINITY });
  });
  return lines;
};

/**
 * Runs the records of one invocation: those of a key in their order, keys in parallel, until all have settled or the deadline
 * has come. What lies behind a failure comes back whatever becomes of it: so it is neither started, since it would only be
 * done twice, nor buried before all in front of it is passed.
 */
export class ShardBatch {
  private readonly outcomes: (Outcome | undefined)[];
  /** By record, of those whose handler runs. */
  private readonly contexts: (RecordContext | undefined)[] = [];
  /** Records that wait for an earlier one of their key, by key; a key that is there is busy. */
  private readonly waiting = new Map<string, number[]>();
  /** Records whose turn has come. */
  private readonly ready: number[] = [];
  private readonly lines: Map<string, Line>;
  /** Burials to come. */
  private readonly dying = new Map<number, () => Promise<Outcome>>();
  private cursor = 0;
  private running = 0;
  private burying = 0;
  private filling = false;
  private over = false;
  private ended = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private resolve: ((outcomes: Outcome[]) => void) | undefined;

  constructor(private readonly options: ShardBatchOptions) {
    this.outcomes = new Array<Outcome | undefined>(options.records.length);
    this.lines = linesOf(options.records);
  }

  run(): Promise<Outcome[]> {
    const { deadline, now } = this.options.invocation;
    const left = deadline - now();
    return new Promise((resolve) => {
      this.resolve = resolve;
      if (left <= 0) {
        this.finish();
        return;
      }
      if (left !== Number.POSITIVE_INFINITY) this.timer = setTimeout(() => this.expire(), left);
      this.fill();
    });
  }

  /** Starts records while there is room. Records that settle at once come back here: the flag keeps that a loop. */
  private fill(): void {
    if (this.filling) return;
    this.filling = true;
    while (!this.over && this.running < this.options.concurrency) {
      const i = this.next();
      if (i === undefined) break;
      this.start(i);
    }
    this.filling = false;
    if (this.running === 0 && this.burying === 0) this.finish();
  }

  /** The next record that may start: one whose turn has come, or the first whose key is free. */
  private next(): number | undefined {
    const { records } = this.options;
    for (let i = this.ready.shift(); i !== undefined; i = this.ready.shift()) {
      if (i < this.lineOf(i).failed) return i;
    }
    while (this.cursor < records.length) {
      const i = this.cursor++;
      if (i > this.lineOf(i).failed) continue;
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

  private lineOf(i: number): Line {
    return this.lines.get(this.options.records[i]!.line)!;
  }

  private start(i: number): void {
    const record = this.options.records[i]!;
    const context = new RecordContext(this.options.invocation, record);
    this.contexts[i] = context;
    this.running++;
    let result: unknown;
    try {
      result = this.options.handle(record, context);
    } catch (thrown) {
      this.fail(i, thrown);
      return;
    }
    if (result === undefined) {
      this.stop(i);
      this.settle(i, DONE);
      return;
    }
    // Promise.resolve also takes a foreign thenable, and turns one whose `then` throws into a rejection.
    Promise.resolve(result).then(
      () => {
        if (this.stop(i)) this.settle(i, DONE);
      },
      (thrown) => this.fail(i, thrown),
    );
  }

  /** Whether the handler ran until now; one that was given up at the deadline changes nothing any more. */
  private stop(i: number): boolean {
    if (!this.contexts[i]) return false;
    this.contexts[i] = undefined;
    this.running--;
    return true;
  }

  private fail(i: number, thrown: unknown): void {
    if (!this.stop(i)) return;
    const verdict = this.options.judge(this.options.records[i]!, thrown);
    if (typeof verdict !== 'function') {
      this.settle(i, verdict);
      return;
    }
    this.dying.set(i, verdict);
    this.advance(this.lineOf(i));
    this.fill();
  }

  private settle(i: number, outcome: Outcome): void {
    this.outcomes[i] = outcome;
    const line = this.lineOf(i);
    if (outcome.kind === 'retry' && i < line.failed) line.failed = i;
    const { key } = this.options.records[i]!;
    const next = this.waiting.get(key)?.shift();
    if (next === undefined) this.waiting.delete(key);
    else this.ready.push(next);
    this.advance(line);
    this.fill();
  }

  /** Buries what has nothing in front of it that could still fail, all of it at once. */
  private advance(line: Line): void {
    for (; line.front < line.members.length; line.front++) {
      const i = line.members[line.front]!;
      if (i > line.failed) return;
      const bury = this.dying.get(i);
      if (bury) {
        this.dying.delete(i);
        this.burying++;
        void bury().then((outcome) => {
          this.burying--;
          this.settle(i, outcome);
        });
      } else if (!isPassed(this.outcomes[i])) return;
    }
  }

  private expire(): void {
    this.over = true;
    const reason = new DeadlineError();
    const aborted = this.contexts.filter((context) => context !== undefined);
    this.contexts.forEach((context, i) => {
      if (context) this.outcomes[i] = this.options.giveUp(this.options.records[i]!, reason);
    });
    this.contexts.length = 0;
    this.running = 0;
    for (const context of aborted) context.abort(reason);
    // What is being buried is waited for: its letter may have been accepted already.
    if (this.burying === 0) this.finish();
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.over = true;
    clearTimeout(this.timer);
    // Array.from, since what was never touched is a hole.
    this.resolve?.(Array.from(this.outcomes, (outcome) => outcome ?? DEFERRED));
  }
}
