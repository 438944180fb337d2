import type { Item } from './item';

/** One listener a signal: a handler gives the same one to all it sends, and a listener more costs a look at all before. */
export class Withdrawals {
  private readonly watched = new Map<AbortSignal, { readonly items: Set<Item>; readonly abort: () => void }>();

  constructor(private readonly withdraw: (items: Iterable<Item>) => void) {}

  watch(item: Item): void {
    const { signal } = item;
    if (signal === undefined) return;
    let watch = this.watched.get(signal);
    if (watch === undefined) {
      const items = new Set<Item>();
      watch = { items, abort: () => this.withdraw([...items]) };
      this.watched.set(signal, watch);
      signal.addEventListener('abort', watch.abort);
    }
    watch.items.add(item);
  }

  forget(item: Item): void {
    const { signal } = item;
    if (signal === undefined) return;
    const watch = this.watched.get(signal);
    watch?.items.delete(item);
    if (watch?.items.size !== 0) return;
    signal.removeEventListener('abort', watch.abort);
    this.watched.delete(signal);
  }
}
