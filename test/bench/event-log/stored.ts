// What an event log of these benches holds, and how many at a time.
import type { Order } from '../runtime/work';

export const TABLE = 'order-log';
/** Events of one transaction. */
export const BATCH = 10;
/** Events of one page that is read: of 0.9 KB each. */
export const PAGE = 100;

export interface Events {
  OrderPlaced: Order;
}

export const versionKey = (version: number): string => String(version).padStart(16, '0');

/** A page as DynamoDB hands it out. */
export const page = (data: string): Record<string, Record<string, string>>[] =>
  Array.from({ length: PAGE }, (_, i) => ({
    pk: { S: 'order-1' },
    sk: { S: versionKey(i + 1) },
    type: { S: 'OrderPlaced' },
    data: { S: data },
    id: { S: `3f1c9f2e-7a0e-4a52-9d9b-1c2d3e4f5a6b-${i}` },
    at: { S: '2026-11-24T10:15:30.123Z' },
    correlationId: { S: '3f1c9f2e-7a0e-4a52-9d9b-1c2d3e4f5a6b' },
    schemaVersion: { N: '1' },
    shard: { S: '7' },
    time: { S: `2026-11-24T10:15:30.123Z#${versionKey(i + 1)}` },
  }));
