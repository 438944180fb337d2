import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** What an invocation wants to be the one to run. Fixed before the handler sees the message. */
export interface Claim {
  readonly key: string;
  /** Of this attempt alone: only who holds it may complete. */
  readonly owner: string;
  /** Of the payload. */
  readonly hash: string;
  /** When the lease ends, in milliseconds since the epoch. */
  readonly lease: number;
}

/** A key as the table knows it. */
export interface Row {
  readonly owner: string;
  readonly hash: string;
  readonly lease: number;
  readonly done: boolean;
  /** When DynamoDB may forget it, in seconds since the epoch; it takes its time. */
  readonly ttl: number;
}

export const rowOf = (item: Record<string, AttributeValue>): Row => ({
  owner: item.owner?.S ?? '',
  hash: item.hash?.S ?? '',
  lease: Number(item.lease?.N ?? 0),
  done: item.state?.S === 'done',
  ttl: Number(item.ttl?.N ?? 0),
});

/** What a row means to a claim. */
export type Standing =
  /** The claim itself, whose reply was lost. */
  | { readonly kind: 'ours' }
  /** Another has done it. */
  | { readonly kind: 'finished' }
  /** Another is at it, or has died at it; nobody knows before `until`. */
  | { readonly kind: 'running'; readonly until: number }
  /** Forgotten, or left by one whose lease has ended: free to take. */
  | { readonly kind: 'free' }
  /** The key stands for something else. */
  | { readonly kind: 'mismatch' };

export function standing(row: Row, claim: Claim, now: number): Standing {
  if (row.owner === claim.owner) return { kind: 'ours' };
  if (row.ttl * 1000 <= now) return { kind: 'free' };
  if (row.hash !== claim.hash) return { kind: 'mismatch' };
  if (row.done) return { kind: 'finished' };
  return row.lease <= now ? { kind: 'free' } : { kind: 'running', until: row.lease };
}
