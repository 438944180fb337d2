import { describe } from '../describe';
import { Backlog } from './backlog';
import { Refused, type SendError, type Unsent } from './errors';
import { Groups } from './groups';
import type { Item } from './item';
import { setBusy } from './pending';
import { type FailedEntry, MAX_ATTEMPTS, ofEntry, ofRequest, type Refusal, restAfter, UNANSWERED } from './retry';
import type { Accepted } from './types';
import { Withdrawals } from './withdrawals';

/** What SQS and SNS answer to a batch. */
export interface Reply {
  readonly Successful?: readonly {
    readonly Id?: string | undefined;
    readonly MessageId?: string | undefined;
    readonly SequenceNumber?: string | undefined;
  }[];
  readonly Failed?: readonly FailedEntry[];
}

/** Sends one request. */
export type Transport = (items: readonly Item[]) => Promise<Reply>;

export interface OutboxOptions {
  /** Of a request, in bytes. */
  readonly maxBytes: number;
  /** Drawn from [0, 1). */
  random(): number;
  /** Loads what sends, at the first request. */
  transport(): Promise<Transport>;
}

/** Messages a request. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
export const REQUEST_COUNT = 10;
/** Requests under way at once: a third of the client's sockets. */
export const IN_FLIGHT = 16;
/** How long a request that is not full waits for company while others are under way, in milliseconds. */
const GATHER = 5;

const IDS = /* @__PURE__ */ Array.from({ length: REQUEST_COUNT }, (_, i) => String(i));
const BLOCKED = { code: 'GroupBlocked', reason: 'one before it in its group was not accepted' };
const ABORTED = { code: 'Aborted', reason: 'it was given up' };

/**
 * What is on its way to one queue or topic. Messages gather until they fill a request, or until the turn of the event loop
 * ends and nothing is under way. What fails for now goes again, what fails for good is refused by itself.
 */
export class Outbox {
  /** Handed over, and neither accepted nor refused. */
  readonly open = new Set<Item>();
  private readonly backlog: Backlog<Item>;
  private groups = new Groups();
  private readonly withdrawals = new Withdrawals((items) => this.withdraw(items));
  private transport: Transport | undefined;
  private givenUp = new AbortController();
  private flying = 0;
  private flushing = 0;
  /** What waits has waited long enough. */
  private due = false;
  private turnEnd: ReturnType<typeof setImmediate> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: OutboxOptions) {
    this.backlog = new Backlog({ count: REQUEST_COUNT, bytes: options.maxBytes });
  }

  /** Fires when all that is on its way is given up. */
  get signal(): AbortSignal {
    return this.givenUp.signal;
  }

  add(item: Item): void {
    this.open.add(item);
    if (this.open.size === 1) setBusy(this, true);
    if (item.signal?.aborted) {
      this.refuse(item, ABORTED);
      return;
    }
    this.withdrawals.watch(item);
    if (this.groups.enter(item)) this.start(item);
  }

  /** Refuses what its sender no longer waits for. A request that holds it goes on, for the others in it. */
  withdraw(items: Iterable<Item>): void {
    const withdrawn = [...items].filter(({ settled }) => !settled);
    if (withdrawn.length === 0) return;
    for (const item of withdrawn) this.refuse(item, ABORTED);
    this.backlog.keep(({ settled }) => !settled);
    for (const item of withdrawn) if (item.leads && !item.flying) this.leave(item);
    this.pump();
  }

  /** Sends without waiting for company until nothing is open, and returns what was refused. Given up when the signal fires. */
  async flush(signal?: AbortSignal): Promise<SendError[]> {
    const giveUp = (): void => {
      const { givenUp } = this;
      const items = [...this.open];
      this.givenUp = new AbortController();
      this.withdraw(items);
      givenUp.abort();
      // A request that is never answered must not take up the room, or hold up the group, of what comes after.
      this.flying = 0;
      this.groups = new Groups();
      for (const item of items) item.leads = false;
    };
    const refused: SendError[] = [];
    this.flushing++;
    signal?.addEventListener('abort', giveUp);
    try {
      while (this.open.size > 0) {
        const outcomes = Array.from(this.open, (item) => item.outcome());
        if (signal?.aborted) giveUp();
        else this.pump();
        for (const error of await Promise.all(outcomes)) if (error) refused.push(error);
      }
    } finally {
      this.flushing--;
      signal?.removeEventListener('abort', giveUp);
    }
    return refused;
  }

  private start(item: Item): void {
    if (item.preparing === undefined) {
      this.backlog.push(item);
      this.pump();
      return;
    }
    item.preparing.then(
      (accepted) => {
        if (item.settled) return;
        if (accepted) this.accept(item, accepted);
        else this.backlog.push(item);
        this.pump();
      },
      (error) => {
        if (item.settled) return;
        const { name, message } = describe(error);
        this.fail(item, { code: error instanceof Refused ? error.code : name, reason: message, cause: error });
      },
    );
  }

  /** Starts requests while there is room: full ones, and the rest when it is due. */
  private pump(): void {
    const { backlog } = this;
    while (this.flying < IN_FLIGHT && backlog.size > 0) {
      if (!backlog.isFull && !this.due && this.flushing === 0) break;
      void this.request(backlog.take());
    }
    if (backlog.size === 0) this.disarm();
    else if (this.flying < IN_FLIGHT) this.arm();
  }

  private arm(): void {
    if (this.flying === 0) this.turnEnd ??= setImmediate(() => this.ripen());
    else this.timer ??= setTimeout(() => this.ripen(), GATHER);
  }

  private disarm(): void {
    this.due = false;
    clearImmediate(this.turnEnd);
    clearTimeout(this.timer);
    this.turnEnd = undefined;
    this.timer = undefined;
  }

  private ripen(): void {
    this.disarm();
    this.due = true;
    this.pump();
  }

  private async request(items: readonly Item[]): Promise<void> {
    const { givenUp } = this;
    this.flying++;
    items.forEach((item, i) => {
      item.entry.Id = IDS[i]!;
      item.attempts++;
      item.flying = true;
    });
    let reply: Reply | undefined;
    let failure: Refusal | undefined;
    try {
      this.transport ??= await this.options.transport();
      reply = await this.transport(items);
    } catch (error) {
      // Without what sends, trying again finds nothing new.
      failure = { ...ofRequest(error), ...(this.transport === undefined && { retry: false, uncertain: false }) };
    }
    if (givenUp === this.givenUp) this.flying--;
    for (const item of items) item.flying = false;
    this.digest(items, reply, failure);
    this.pump();
  }

  private digest(items: readonly Item[], reply: Reply | undefined, failure: Refusal | undefined): void {
    const again: Item[] = [];
    const refusals: Refusal[] = new Array(items.length).fill(failure ?? UNANSWERED);
    for (const entry of reply?.Failed ?? []) refusals[Number(entry.Id)] = ofEntry(entry);
    for (const { Id, MessageId = '', SequenceNumber } of reply?.Successful ?? []) {
      const item = items[Number(Id)];
      if (!item || item.settled) continue;
      this.accept(
        item,
        SequenceNumber === undefined
          ? { messageId: MessageId }
          : { messageId: MessageId, sequenceNumber: SequenceNumber },
      );
    }
    items.forEach((item, i) => {
      if (item.settled) {
        this.leave(item);
        return;
      }
      const refusal = refusals[i]!;
      item.uncertain ||= refusal.uncertain;
      if (refusal.shared && items.length > 1) item.alone = true;
      else if (!refusal.retry || item.attempts >= MAX_ATTEMPTS) {
        this.fail(item, refusal);
        return;
      }
      again.push(item);
    });
    if (again.length === 0) return;
    const rest = failure?.shared ? 0 : restAfter(again[0]!.attempts, this.options.random());
    setTimeout(() => {
      this.backlog.unshift(again.filter(({ settled }) => !settled));
      this.pump();
    }, rest);
  }

  private accept(item: Item, accepted: Accepted): void {
    this.close(item);
    item.accept(accepted);
    this.leave(item);
  }

  /** For good. What waits behind it in its group must not overtake it. */
  private fail(item: Item, why: Pick<Unsent, 'code' | 'reason' | 'cause'>): void {
    const behind = this.groups.dismiss(item);
    this.refuse(item, why);
    for (const each of behind) if (!each.settled) this.refuse(each, BLOCKED);
    this.leave(item);
  }

  private refuse(item: Item, why: Pick<Unsent, 'code' | 'reason' | 'cause'>): void {
    this.close(item);
    item.refuse(why);
  }

  private close(item: Item): void {
    this.open.delete(item);
    if (this.open.size === 0) setBusy(this, false);
    this.withdrawals.forget(item);
  }

  private leave(item: Item): void {
    if (!item.leads) return;
    const next = this.groups.leave(item);
    if (next) this.start(next);
  }
}
