import { type Capacity, pack } from '../pack';

/** What waits for its turn, and what a request makes of it. */
export interface Waiting {
  readonly bytes: number;
  /** Travels without company, since some request with it was refused for what one of its messages holds. */
  readonly alone: boolean;
}

// Below this, cutting off what was taken costs more than keeping it.
const COMPACT = 1_024;

/** Messages in the order in which they go, and whether they fill a request. */
export class Backlog<T extends Waiting> {
  private items: T[] = [];
  private head = 0;
  private bytes = 0;

  constructor(private readonly capacity: Capacity) {}

  get size(): number {
    return this.items.length - this.head;
  }

  /** Whether waiting for company would serve nobody. */
  get isFull(): boolean {
    return (
      this.size >= this.capacity.count || this.bytes >= this.capacity.bytes || this.items[this.head]?.alone === true
    );
  }

  push(item: T): void {
    this.items.push(item);
    this.bytes += item.bytes;
  }

  /** For what was tried before: it goes before what was not. */
  unshift(items: readonly T[]): void {
    this.items = [...items, ...this.items.slice(this.head)];
    this.head = 0;
    for (const { bytes } of items) this.bytes += bytes;
  }

  /** The next request: the longest run from the front that fits. */
  take(): T[] {
    const front = this.items.slice(this.head, this.head + this.capacity.count);
    const end = front.findIndex(({ alone }) => alone);
    const company = end === -1 ? front : front.slice(0, Math.max(1, end));
    const request = pack(company, ({ bytes }) => bytes, this.capacity)[0] ?? [];
    this.head += request.length;
    for (const { bytes } of request) this.bytes -= bytes;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head >= COMPACT) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return request;
  }

  /** Keeps what passes. */
  keep(passes: (item: T) => boolean): void {
    this.items = this.items.slice(this.head).filter(passes);
    this.head = 0;
    this.bytes = this.items.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
