import type { Item } from './item';

/**
 * Whose turn it is in each FIFO group. One message of a group is on its way at a time: a batch can fail in part, and then
 * the next of the group would have overtaken the one that failed.
 */
export class Groups {
  private readonly behind = new Map<string, Item[]>();

  /** Whether the item may go; otherwise it waits behind those of its group. */
  enter(item: Item): boolean {
    if (item.group !== undefined) {
      const waiting = this.behind.get(item.group);
      if (waiting) {
        waiting.push(item);
        return false;
      }
      this.behind.set(item.group, []);
    }
    item.leads = true;
    return true;
  }

  /** The item is out of the way: the next of its group, which may go now. */
  leave(item: Item): Item | undefined {
    item.leads = false;
    if (item.group === undefined) return undefined;
    const waiting = this.behind.get(item.group)!;
    let next = waiting.shift();
    while (next?.settled) next = waiting.shift();
    if (next) next.leads = true;
    else this.behind.delete(item.group);
    return next;
  }

  /** Takes all who wait behind the item. */
  dismiss({ group }: Item): Item[] {
    return group === undefined ? [] : this.behind.get(group)!.splice(0);
  }
}
