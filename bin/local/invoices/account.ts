import type { JobView } from '../../../lambda/runtime';
import type { DeadLetter } from '../dead-letters';
import type { Kind } from './load';
import { type Rush, rushIn } from './pace';
import { idsOf, type SubmittedJob } from './submit';
import { hasEnded, type Views } from './watch';

/** A row of the ledger: the handler made an invoice. */
export interface Made {
  readonly orderId: string;
  readonly jobId?: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface Evidence {
  readonly views: Views;
  readonly made: readonly Made[];
  readonly dead: readonly DeadLetter[];
  /** Messages that are in the queue yet. */
  readonly waiting: number;
}

/** How the job of a kind must end. */
export const ENDS: Readonly<Record<Kind, JobView['status']>> = {
  plain: 'succeeded',
  'sent twice': 'succeeded',
  'no tax rate': 'failed',
  cancelled: 'cancelled',
};

/** What came of a job. */
export interface JobAccount {
  readonly job: SubmittedJob;
  readonly expected: JobView['status'];
  /** One, if all is well. */
  readonly ids: readonly string[];
  /** What the API tells of the first; nothing if there is none, or it does not know it. */
  readonly view: JobView | undefined;
  readonly made: readonly Made[];
  readonly dead: readonly DeadLetter[];
}

export interface JobBooks {
  readonly accounts: readonly JobAccount[];
  /** When handlers started, those that made an invoice. */
  readonly starts: readonly number[];
  /** When they started too fast. */
  readonly rush: Rush | undefined;
  readonly waiting: number;
  /** Orders that nobody sent, for which there is an invoice or a dead letter. */
  readonly strays: readonly string[];
}

const orderOf = ({ body }: DeadLetter): string => (JSON.parse(body) as { orderId: string }).orderId;

/** What became of every job. Pure. */
export function account(jobs: readonly SubmittedJob[], { views, made, dead, waiting }: Evidence): JobBooks {
  const madeOf = Map.groupBy(made, ({ orderId }) => orderId);
  const deadOf = Map.groupBy(dead, orderOf);
  const known = new Set(jobs.map(({ request }) => request.orderId));
  const starts = made.map(({ startedAt }) => startedAt);
  return {
    accounts: jobs.map((job) => {
      const { orderId } = job.request;
      const ids = idsOf(job);
      return {
        job,
        expected: ENDS[job.kind],
        ids,
        view: ids[0] === undefined ? undefined : views.get(ids[0]),
        made: madeOf.get(orderId) ?? [],
        dead: deadOf.get(orderId) ?? [],
      };
    }),
    starts,
    rush: rushIn(starts),
    waiting,
    strays: [...madeOf.keys(), ...deadOf.keys()].filter((orderId) => !known.has(orderId)),
  };
}

/** Whether there is nothing to wait for: a job that was not taken is a problem at once. */
export const isSettled = ({ ids, view, expected, dead }: JobAccount): boolean =>
  ids.length === 0 || (hasEnded(view) && (expected !== 'failed' || dead.length > 0));

export const isMissing = ({ view }: JobAccount): boolean => !hasEnded(view);
