import { untilAborted } from '../parallel';
import { SendAllError, SendError } from './errors';
import type { Item, Receiver } from './item';
import { IN_FLIGHT, REQUEST_COUNT } from './outbox';
import type { Accepted, Tally } from './types';

/** What is taken from the source before it is accepted, at most: a full backlog behind every request under way. */
const windowCount = () => 2 * IN_FLIGHT * REQUEST_COUNT;
const WINDOW_BYTES = 16_777_216;

export interface StreamOptions<T> {
  /** Makes a message on its way of one, or refuses it. */
  item(message: T, index: number, receiver: Receiver): Item | SendError;
  add(item: Item): void;
  withdraw(items: Iterable<Item>): void;
  /** What to wait for before the next message is taken; rejects when nobody is to wait. */
  pressure?(): Promise<void> | undefined;
  onFailure?(error: SendError): void;
  readonly signal?: AbortSignal;
}

/** Feeds an outbox from a source, no faster than it empties. */
export class Stream<T> implements Receiver {
  /** Those on their way, and what each weighed when it was taken. */
  private readonly mine = new Map<Item, number>();
  private readonly errors: SendError[] = [];
  /** Groups of which one was refused: what follows would overtake it. */
  private readonly closed = new Set<string>();
  private bytes = 0;
  private sent = 0;
  private failed = 0;
  private stopped = false;
  private cause: unknown;
  private wake: (() => void) | undefined;

  constructor(private readonly options: StreamOptions<T>) {}

  async run(source: Iterable<T> | AsyncIterable<T>): Promise<Tally> {
    const { signal } = this.options;
    const abort = (): void => {
      this.stop(signal?.reason);
      this.options.withdraw(this.mine.keys());
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      if (signal?.aborted) abort();
      else await this.feed(source, signal);
    } catch (error) {
      this.stop(error);
    }
    while (this.mine.size > 0) await this.change();
    signal?.removeEventListener('abort', abort);
    if (this.stopped)
      throw new SendAllError(this.sent, this.errors, this.cause === undefined ? undefined : { cause: this.cause });
    return { sent: this.sent, failed: this.failed };
  }

  accepted(item: Item, _reply: Accepted): void {
    this.sent++;
    this.remove(item);
  }

  refused(item: Item, error: SendError): void {
    this.remove(item);
    if (item.group !== undefined) this.closed.add(item.group);
    this.report(error);
  }

  private async feed(source: Iterable<T> | AsyncIterable<T>, signal: AbortSignal | undefined): Promise<void> {
    const isAsync = Symbol.asyncIterator in source;
    const iterator = isAsync ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    let ended = false;
    try {
      for (let index = 0; ; index++) {
        while (this.isFull() && !this.stopped) await this.change();
        const pressure = this.options.pressure?.();
        if (pressure) await pressure.catch((reason) => this.stop(reason));
        if (this.stopped) return;
        const next = iterator.next();
        // A source of a million answers need not be a million promises.
        const result = isAsync
          ? await (signal ? untilAborted(next as Promise<IteratorResult<T>>, signal) : next)
          : (next as IteratorResult<T>);
        if (result.done) {
          ended = true;
          return;
        }
        // Taken is taken: it goes, even if another was refused meanwhile.
        this.take(result.value, index);
      }
    } catch (error) {
      ended = !signal?.aborted;
      if (ended) throw error;
    } finally {
      // Not waited for: a source that does not answer does not answer this either.
      if (!ended) void Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }

  private take(message: T, index: number): void {
    const item = this.options.item(message, index, this);
    if (item instanceof SendError) {
      this.report(item);
      return;
    }
    if (item.group !== undefined && this.closed.has(item.group)) {
      item.refuse({ code: 'GroupBlocked', reason: 'one before it in its group was not accepted' });
      return;
    }
    this.mine.set(item, item.bytes);
    this.bytes += item.bytes;
    this.options.add(item);
  }

  private report(error: SendError): void {
    if (this.options.onFailure === undefined) {
      this.errors.push(error);
      this.stop(this.cause);
      return;
    }
    this.failed++;
    try {
      this.options.onFailure(error);
    } catch (thrown) {
      this.errors.push(error);
      this.stop(thrown);
    }
  }

  private stop(cause: unknown): void {
    this.cause ??= cause;
    this.stopped = true;
    this.wake?.();
  }

  private remove(item: Item): void {
    this.bytes -= this.mine.get(item) ?? 0;
    this.mine.delete(item);
    this.wake?.();
  }

  private isFull(): boolean {
    return this.mine.size >= windowCount() || this.bytes >= WINDOW_BYTES;
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}
