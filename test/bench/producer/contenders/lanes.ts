import { type Order, order } from '../message';

/** Requests under way at once, for every contender. */
export const IN_FLIGHT = 16;
export const BATCH = 10;

const ORDERS = Array.from({ length: 64 }, (_, n) => order(n));

export function* orders(count: number): Generator<Order> {
  for (let n = 0; n < count; n++) yield ORDERS[n % ORDERS.length]!;
}

/** Takes from a source in so many lanes at once. */
export const inLanes = async <T>(
  source: Iterable<T>,
  lanes: number,
  task: (item: T) => Promise<unknown>,
): Promise<void> => {
  const iterator = source[Symbol.iterator]();
  const lane = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
};

export function* batches(count: number): Generator<Order[]> {
  let batch: Order[] = [];
  for (const each of orders(count)) {
    batch.push(each);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
