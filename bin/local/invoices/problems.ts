import { isDeepStrictEqual } from 'node:util';
import type { JobAccount, JobBooks } from './account';
import { PACE_PER_SECOND } from './pace';

/** What the handler knows, said once more. */
const TAX_PER_MILLE: Readonly<Record<string, number>> = { CH: 81, DE: 190, FR: 200 };

function resultProblem({ job, view }: JobAccount): string | undefined {
  const { orderId, country, cents } = job.request;
  const expected = {
    orderId,
    netCents: cents,
    taxCents: Math.round((cents * (TAX_PER_MILLE[country] ?? Number.NaN)) / 1000),
  };
  // Of a copy: what fetch parses has prototypes of its own in a test.
  if (isDeepStrictEqual({ ...(view?.result as object | undefined) }, expected)) return undefined;
  return `the result of ${orderId} is ${JSON.stringify(view?.result)}, not ${JSON.stringify(expected)}`;
}

function endProblem(account: JobAccount): string | undefined {
  const { job, view, expected } = account;
  const { orderId, country } = job.request;
  if (view?.status !== expected) return `the job of ${orderId} is ${view?.status ?? 'unknown'}, not ${expected}`;
  if (expected === 'succeeded') return resultProblem(account);
  const detail = `no tax rate for ${country}`;
  if (expected === 'failed' && view.problem?.detail !== detail)
    return `the job of ${orderId} has failed for another reason: ${view.problem?.detail}`;
  return undefined;
}

function accountProblems(account: JobAccount): (string | undefined)[] {
  const { job, ids, made, dead, expected } = account;
  const { orderId } = job.request;
  const refusal = job.replies.find(({ status }) => status !== 202);
  const { cancellation } = job;
  const times = expected === 'succeeded' ? 1 : 0;
  const letters = expected === 'failed' ? 1 : 0;
  return [
    refusal && `${orderId} was answered with ${refusal.status}: ${refusal.body.detail ?? refusal.body.title}`,
    ids.length > 1 ? `${orderId} became ${ids.length} jobs under one Idempotency-Key` : undefined,
    cancellation && cancellation.status !== 200
      ? `the cancellation of ${orderId} was answered with ${cancellation.status}`
      : undefined,
    endProblem(account),
    made.length !== times ? `the invoice of ${orderId} was made ${made.length} times, not ${times}` : undefined,
    made.some(({ jobId }) => jobId !== ids[0]) ? `the invoice of ${orderId} was made for another job` : undefined,
    dead.length !== letters ? `${orderId} has ${dead.length} dead letters, not ${letters}` : undefined,
  ];
}

/** What must not be, a line each: nothing if the books balance. */
export function problemsOf({ accounts, rush, waiting, strays }: JobBooks): string[] {
  return [
    ...accounts.flatMap(accountProblems).filter((problem) => problem !== undefined),
    ...(rush
      ? [
          `${rush.starts} invoices were started within ${rush.seconds.toFixed(1)} s: ` +
            `${PACE_PER_SECOND} a second allow ${rush.allowed}`,
        ]
      : []),
    ...(waiting > 0 ? [`the queue of invoices still holds ${waiting} messages`] : []),
    ...strays.map((orderId) => `there is an invoice or a dead letter of ${orderId}, which was not sent by us`),
  ];
}
