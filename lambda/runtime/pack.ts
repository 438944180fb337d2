/** What a request holds at most. */
export interface Capacity {
  readonly count: number;
  readonly bytes: number;
}

/** Splits items into requests, in their order, each within the capacity. An item too large for any travels alone. */
export function pack<T>(items: readonly T[], bytesOf: (item: T) => number, capacity: Capacity): T[][] {
  const requests: T[][] = [];
  let current: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (current.length > 0 && (current.length >= capacity.count || bytes + size > capacity.bytes)) {
      requests.push(current);
      current = [];
      bytes = 0;
    }
    current.push(item);
    bytes += size;
  }
  if (current.length > 0) requests.push(current);
  return requests;
}
