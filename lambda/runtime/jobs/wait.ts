import { pause } from '../time';
import { isEnd, type JobRow } from './job';

export interface WaitOptions {
  read(): Promise<JobRow | undefined>;
  /** The job as it was a moment ago, if that was looked at. */
  readonly seen?: JobRow;
  /** Whether it is what is waited for. */
  until(row: JobRow): boolean;
  now(): number;
  /** Milliseconds since the epoch. */
  readonly end: number;
  readonly signal?: AbortSignal;
}

const FIRST = 100;
const LONGEST = 1_000;
const GROWTH = 1.5;

/** Reads a job at growing intervals until it is what is waited for, has ended, or the time is up: then as it is. */
export async function waitFor({ read, seen, until, now, end, signal }: WaitOptions): Promise<JobRow | undefined> {
  let row = seen;
  for (let interval = FIRST; ; interval = Math.min(LONGEST, interval * GROWTH)) {
    signal?.throwIfAborted();
    if (interval > FIRST || !row) row = await read();
    if (!row || isEnd(row.state) || until(row) || now() >= end) return row;
    await pause(Math.min(interval, end - now()), signal);
  }
}
