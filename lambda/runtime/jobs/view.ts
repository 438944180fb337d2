import { isEnd, type JobRow, type JobState } from './job';
import type { Problem } from './problem';

/** A job as its owner sees it. Times in ISO 8601. */
export interface JobView<R = unknown> {
  readonly id: string;
  readonly status: JobState;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it ends as expired, if it has not ended before. */
  readonly expiresAt: string;
  /** From 0 to 1, as far as the handler tells. */
  readonly progress?: number;
  /** What the handler returned, once it has succeeded. */
  readonly result?: R;
  /** Why it has not succeeded. */
  readonly problem?: Problem;
}

const iso = (time: number): string => new Date(time).toISOString();

export const viewOf = ({ id, state, created, changed, expires, progress, result, problem }: JobRow): JobView => ({
  id,
  status: state,
  createdAt: iso(created),
  updatedAt: iso(changed),
  expiresAt: iso(expires),
  ...(progress !== undefined && { progress }),
  ...(state === 'succeeded' && result !== undefined && { result: JSON.parse(result) }),
  ...(isEnd(state) && state !== 'succeeded' && problem && { problem }),
});

/** What a header has no room for. */
const OUTSIDE = /[^\w-]/g;

/** Another one whenever the status or the progress is another. https://www.rfc-editor.org/rfc/rfc9110#name-etag */
export const etagOf = ({ state, run, progress }: JobRow): string =>
  `"${[state.replace(OUTSIDE, '.'), ...(run === '' ? [] : [run.replace(OUTSIDE, '.')]), ...(progress === undefined ? [] : [progress])].join('-')}"`;
