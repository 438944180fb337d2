import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { JOB_ENDS } from '../../../lib/private/contract';
import type { Pointer } from '../producer/pointer';
import { type Problem, problemOf } from './problem';

/** accepted -> running -> one of the ends. */
export type JobState = 'accepted' | 'running' | JobEnd;
export type JobEnd = (typeof JOB_ENDS)[number];

/** A job as the table has it. Times are milliseconds since the epoch. */
export interface JobRow {
  readonly id: string;
  readonly state: JobState;
  /** Who may see it. */
  readonly owner: string;
  /** Of what was asked for. */
  readonly hash: string;
  readonly created: number;
  /** When it is too late for it to succeed. */
  readonly expires: number;
  /** Until when the queue must have taken its message; zero once it has. */
  readonly sendBy: number;
  /** The attempt that runs or ran last; empty before the first. */
  readonly run: string;
  /** Until when that attempt has the job for itself. */
  readonly lease: number;
  readonly attempt: number;
  readonly progress?: number;
  readonly changed: number;
  readonly ended?: number;
  /** JSON. */
  readonly result?: string;
  /** Where the result lies, if it does not fit in the row. */
  readonly stored?: Pointer;
  readonly problem?: Problem;
  readonly callback?: string;
}

export type Item = Record<string, AttributeValue>;

/** The last time that there is. Leases and counts are less. */
const LARGEST = 8.64e15;

// An operator's hand, or another version, may have written anything: what cannot be read counts as missing, so that one row
// does not stand in the way of others.
const number = (value: AttributeValue | undefined): number => {
  const read = Number(value?.N ?? 0);
  return Math.abs(read) <= LARGEST ? read : 0;
};

type Parts = Partial<Record<string, unknown>>;

function json<T>(text: string | undefined, isOne: (value: Parts) => boolean): T | undefined {
  try {
    return text !== undefined && isOne(JSON.parse(text)) ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

const isPointer = ({ bucket, key, size }: Parts): boolean =>
  typeof bucket === 'string' && typeof key === 'string' && Number.isSafeInteger(size);
const isProblem = ({ title, detail = '' }: Parts): boolean => typeof title === 'string' && typeof detail === 'string';

const isJson = (text: string | undefined): boolean => {
  try {
    return text !== undefined && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
};

export function rowOf(item: Item): JobRow {
  const progress = item.progress?.N === undefined ? undefined : Number(item.progress.N);
  const result = item.result?.S;
  const stored = json<Pointer>(item.stored?.S, isPointer);
  const problem = json<Problem>(item.problem?.S, isProblem);
  return {
    id: item.pk?.S ?? '',
    state: (item.state?.S ?? 'failed') as JobState,
    owner: item.owner?.S ?? '',
    hash: item.hash?.S ?? '',
    created: number(item.created),
    expires: number(item.expires),
    sendBy: number(item.sendBy),
    run: item.run?.S ?? '',
    lease: number(item.lease),
    attempt: number(item.attempt),
    changed: number(item.changed),
    ...(progress !== undefined && progress >= 0 && progress <= 1 && { progress }),
    ...(item.ended?.N !== undefined && { ended: number(item.ended) }),
    ...(isJson(result) && { result }),
    ...(stored && { stored }),
    ...(problem && { problem }),
    ...(item.callback?.S !== undefined && { callback: item.callback.S }),
  };
}

export const isEnd = (state: JobState): state is JobEnd => (JOB_ENDS as readonly string[]).includes(state);

/** How a job comes to its end. */
export interface Ending {
  readonly state: JobEnd;
  readonly result?: string;
  readonly stored?: Pointer;
  readonly problem?: Problem;
}

/**
 * The end that a job has come to although nobody has written it: its time is up, or its message was never sent and whoever
 * was to send it has not come back. Whoever sees it writes it, so that nothing waits for ever.
 */
export function lapseOf({ state, expires, sendBy }: JobRow, now: number): Ending | undefined {
  if (isEnd(state)) return undefined;
  if (now >= expires) return { state: 'expired', problem: problemOf('expired') };
  if (state === 'accepted' && sendBy > 0 && now >= sendBy) return { state: 'failed', problem: problemOf('not-sent') };
  return undefined;
}

/** An attempt at a job: a delivery of its message that found it free. */
export interface Attempt {
  readonly jobId: string;
  readonly run: string;
  readonly lease: number;
  /** Which one, from 1. Deliveries of a message that found its job busy were none. */
  readonly attempt: number;
  /** An operator has brought the message back from the dead-letter queue. */
  readonly redriven: boolean;
}

/** What a row means to an attempt. */
export type Standing =
  /** The attempt itself, whose reply was lost. */
  | { readonly kind: 'ours' }
  | { readonly kind: 'free' }
  /** Another is at it, or has died at it; nobody knows before `until`. */
  | { readonly kind: 'busy'; readonly until: number }
  /** Over: there is nothing to do. */
  | { readonly kind: 'over' }
  /** It has failed for good, and its message may not be in the dead-letter queue yet. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'lapsed'; readonly ending: Ending };

export function standing(row: JobRow, attempt: Attempt, now: number): Standing {
  if (row.run === attempt.run && row.state === 'running') return { kind: 'ours' };
  // A failed job that an operator redrives is the one that may have another go: that is what redriving asks for.
  if (row.state === 'failed' && row.run !== '') {
    if (now >= row.expires) return { kind: 'over' };
    return attempt.redriven ? { kind: 'free' } : { kind: 'failed', reason: row.problem?.detail ?? '' };
  }
  if (isEnd(row.state)) return { kind: 'over' };
  if (now >= row.expires) return { kind: 'lapsed', ending: { state: 'expired', problem: problemOf('expired') } };
  if (row.state === 'running' && row.lease > now) return { kind: 'busy', until: row.lease };
  return { kind: 'free' };
}
