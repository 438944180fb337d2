import type { AttributeValue, GetItemCommandInput } from '@aws-sdk/client-dynamodb';
import { type BackpressureSpec, PACE_TABLE } from '../../../lib/private/contract';
import { backpressureOf } from '../pace/gauge';
import { pause, within } from '../time';
import type { SenderEdge } from './edge';
import { BackpressureError } from './errors';

export interface GaugeCalls {
  getItem(
    input: GetItemCommandInput,
    signal: AbortSignal,
  ): Promise<{ readonly Item?: Record<string, AttributeValue> | undefined }>;
}

/** How old a view of the backlog may be, in milliseconds. */
const FRESH = 1_000;
/** Who waits looks again after so many seconds at most: the workers read the backlog every five. */
const LONGEST_REST = 10;
/** A table that is slower stops nobody. */
const TIMEOUT = 1_000;

/** What a producer does when the queue is behind. */
export type OnBackpressure = 'throw' | 'wait' | 'ignore';

/** Looks at the backlog of a queue for its producers, once a second at most, however many send. */
export class Pressure {
  private lookedAt = Number.NEGATIVE_INFINITY;
  private retryAfter: number | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly edge: SenderEdge,
    private readonly spec: BackpressureSpec,
    private readonly then: 'throw' | 'wait',
  ) {}

  /**
   * Nothing when a message may be sent at once; otherwise what to wait for.
   *
   * @throws BackpressureError (in the promise) when the backlog is too long and nobody waits for it
   */
  check(signal?: AbortSignal): Promise<void> | undefined {
    return this.isFresh() && this.retryAfter === undefined ? undefined : this.pass(signal);
  }

  private isFresh(): boolean {
    return this.edge.now() - this.lookedAt < FRESH;
  }

  private async pass(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      if (!this.isFresh()) {
        this.looking ??= this.look();
        await this.looking;
      }
      const { retryAfter } = this;
      // Who has given up is told so by the outbox.
      if (retryAfter === undefined || signal?.aborted) return;
      if (this.then === 'throw') throw new BackpressureError(retryAfter, this.spec.limit);
      // Those who wait do not all come back in the moment in which there is room.
      const seconds = Math.min(LONGEST_REST, retryAfter) * (0.5 + this.edge.random());
      await pause(Math.max(FRESH, seconds * 1_000), signal);
    }
  }

  /** What cannot be seen stops nobody: a queue takes whatever comes. */
  private async look(): Promise<void> {
    const { edge, spec } = this;
    try {
      const calls = await edge.tableCalls();
      const Key = { [PACE_TABLE.key]: { S: PACE_TABLE.row } };
      const { Item } = await within(TIMEOUT, (signal) => calls.getItem({ TableName: spec.table, Key }, signal));
      this.retryAfter = backpressureOf(Item, spec.limit, edge.now())?.retryAfter;
    } catch {
      this.retryAfter = undefined;
    } finally {
      this.lookedAt = edge.now();
      this.looking = undefined;
    }
  }
}
