import type { SQSRecord } from 'aws-lambda/trigger/sqs';
import { DeadlineError, type Invocation, RecordContext } from './context';
import { groupOf } from './envelope';
import { DEFERRED, DONE, type Outcome } from './outcome';

export interface BatchOptions {
  readonly records: readonly SQSRecord[];
  readonly fifo: boolean;
  /** How many may run at once; asked whenever one has settled. */
  concurrency(): number;
  readonly invocation: Invocation;
  /** Handles one record. May throw, return, or return a promise of either. */
  handle(record: SQSRecord, context: RecordContext, index: number): unknown;
  /** The outcome of a record that must not run. */
  decided?(index: number): Outcome | undefined;
  /** What a failure makes of its record. */
  judge(record: SQSRecord, thrown: unknown): Outcome;
}

/** Records that run one after another: a FIFO group. */
interface Lane {
  readonly members: readonly number[];
  position: number;
}

const lanesOf = (records: readonly SQSRecord[]): Lane[] => {
  const groups = new Map<string, number[]>();
  records.forEach((record, i) => {
    const group = groups.get(groupOf(record));
    if (group) group.push(i);
    else groups.set(groupOf(record), [i]);
  });
  return [...groups.values()].map((members) => ({ members, position: 0 }));
};

/**
 * Runs the records of one invocation, so many at a time, until all have settled or the deadline has come.
 * A settled record starts the next; there is no loop that waits.
 */
export class Batch {
  private readonly outcomes: Outcome[];
  /** By record, of those in hand; an array, since a map costs a tenth of a small message. */
  private readonly contexts: (RecordContext | undefined)[] = [];
  private inHand = 0;
  /** In a FIFO batch the groups that can start a member; otherwise the next record is `cursor`. */
  private readonly lanes: Lane[] | undefined;
  private cursor = 0;
  private settled = 0;
  private filling = false;
  private over = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private resolve: ((outcomes: Outcome[]) => void) | undefined;

  constructor(private readonly options: BatchOptions) {
    this.outcomes = new Array<Outcome>(options.records.length).fill(DEFERRED);
    this.lanes = options.fifo ? lanesOf(options.records) : undefined;
  }

  run(): Promise<Outcome[]> {
    const { deadline, now } = this.options.invocation;
    const left = deadline - now();
    if (left <= 0) return Promise.resolve(this.outcomes);
    return new Promise((resolve) => {
      // Not a closure of our own: V8 would keep every batch alive until a full collection.
      this.resolve = resolve;
      if (left !== Number.POSITIVE_INFINITY) this.timer = setTimeout(() => this.expire(), left);
      this.fill();
    });
  }

  /** Starts records while there is room. Records that settle at once come back here: the flag keeps that a loop. */
  private fill(): void {
    if (this.filling) return;
    this.filling = true;
    const { records } = this.options;
    const limit = this.options.concurrency();
    while (!this.over && this.inHand < limit) {
      if (this.lanes) {
        const lane = this.lanes.shift();
        if (!lane) break;
        this.start(lane.members[lane.position]!, lane);
      } else {
        if (this.cursor >= records.length) break;
        this.start(this.cursor++);
      }
    }
    this.filling = false;
    if (!this.over && this.settled === records.length) this.finish();
  }

  private start(i: number, lane?: Lane): void {
    const record = this.options.records[i]!;
    const decided = this.options.decided?.(i);
    if (decided) {
      this.settle(i, decided, lane);
      return;
    }
    const context = new RecordContext(this.options.invocation, record);
    this.contexts[i] = context;
    this.inHand++;
    let result: unknown;
    try {
      result = this.options.handle(record, context, i);
    } catch (thrown) {
      this.fail(i, thrown, lane);
      return;
    }
    if (result === undefined) {
      this.settle(i, DONE, lane);
      return;
    }
    // Promise.resolve also takes a foreign thenable, and turns one whose `then` throws into a rejection.
    Promise.resolve(result).then(
      () => this.settle(i, DONE, lane),
      (thrown) => this.fail(i, thrown, lane),
    );
  }

  private fail(i: number, thrown: unknown, lane?: Lane): void {
    if (!this.over) this.settle(i, this.options.judge(this.options.records[i]!, thrown), lane);
  }

  private settle(i: number, outcome: Outcome, lane?: Lane): void {
    // After the deadline the reply is on its way: a late success must not change what it says.
    if (this.over) return;
    if (this.contexts[i]) {
      this.contexts[i] = undefined;
      this.inHand--;
    }
    this.outcomes[i] = outcome;
    this.settled++;
    if (lane) {
      lane.position++;
      const rest = lane.members.length - lane.position;
      if (outcome.kind === 'retry' || outcome.kind === 'deferred') this.settled += rest;
      else if (rest > 0) this.lanes?.push(lane);
    }
    this.fill();
  }

  private finish(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.resolve?.(this.outcomes);
  }

  private expire(): void {
    if (this.over) return;
    const reason = new DeadlineError();
    this.contexts.forEach((context, i) => {
      if (context) this.outcomes[i] = this.options.judge(context.record, reason);
    });
    this.finish();
    for (const context of this.contexts) context?.abort(reason);
  }
}
