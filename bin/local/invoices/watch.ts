import type { JobView } from '../../../lambda/runtime';
import { inParallel } from '../../../lambda/runtime/parallel';
import type { InvoicesClient } from './client';
import { idsOf, type SubmittedJob } from './submit';

/** By its id what the API tells of a job. */
export type Views = ReadonlyMap<string, JobView>;

/** Jobs asked for at a look: their functions share this machine with those that do the jobs. */
const PER_LOOK = 12;
const IN_FLIGHT = 2;

export const hasEnded = (view: JobView | undefined): boolean =>
  view !== undefined && view.status !== 'accepted' && view.status !== 'running';

/** Follows jobs through the API until they have ended, a few at each look, in turn. */
export class JobsWatch {
  private readonly views = new Map<string, JobView>();
  private readonly open: string[];

  constructor(
    private readonly client: Pick<InvoicesClient, 'see'>,
    jobs: readonly SubmittedJob[],
  ) {
    this.open = jobs.flatMap(idsOf);
  }

  /** All that was seen so far. */
  async look(): Promise<Views> {
    await inParallel(this.open.splice(0, PER_LOOK), IN_FLIGHT, async (id) => {
      const { status, body } = await this.client.see(id);
      if (status === 200) this.views.set(id, body as JobView);
      if (!hasEnded(this.views.get(id))) this.open.push(id);
    });
    return this.views;
  }
}
