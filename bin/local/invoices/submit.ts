import { inParallel } from '../../../lambda/runtime/parallel';
import type { InvoicesClient, Reply } from './client';
import type { InvoiceJob } from './load';

/** A job, and what the API said to it. */
export interface SubmittedJob extends InvoiceJob {
  /** To each request that asked for it. */
  readonly replies: readonly Reply[];
  /** To its cancellation. */
  readonly cancellation?: Reply;
}

/** Each is a process of the function behind the API, on a machine that has others to start at this moment. */
const IN_FLIGHT = 2;

/** Submits jobs through the API: some twice at the same time, some cancelled at once. */
export async function submit(client: InvoicesClient, jobs: readonly InvoiceJob[]): Promise<SubmittedJob[]> {
  const submitted = new Map<InvoiceJob, SubmittedJob>();
  await inParallel(jobs, IN_FLIGHT, async (job) => {
    const { kind, request } = job;
    const once = () => client.submit(request, request.orderId);
    const replies = await Promise.all(kind === 'sent twice' ? [once(), once()] : [once()]);
    const id = replies[0]!.body.id;
    const cancellation = kind === 'cancelled' && id !== undefined ? await client.cancel(id) : undefined;
    submitted.set(job, { ...job, replies, ...(cancellation && { cancellation }) });
  });
  return jobs.map((job) => submitted.get(job)!);
}

/** Those that a job is known by: one, if all is well. */
export const idsOf = ({ replies }: SubmittedJob): string[] => [
  ...new Set(replies.flatMap(({ body }) => (body.id === undefined ? [] : [body.id]))),
];
