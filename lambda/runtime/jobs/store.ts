import type { JobsSpec } from '../../../lib/private/contract';
import { abortAt } from '../abort-at';
import { execute, type StatementCalls } from '../idempotency/store';
import { fetchPayload, type StoreCalls } from '../producer/payload';
import { isPath, type Pointer } from '../producer/pointer';
import { type Ending, type Item, isEnd, type JobRow, lapseOf, rowOf } from './job';
import { problemOf } from './problem';
import { JobStatements } from './statements';
import { type UpdateCalls, update } from './update';

export interface GetCalls {
  getItem(
    input: { TableName: string; Key: Item; ConsistentRead: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly Item?: Item }>;
}

export type JobCalls = StatementCalls & GetCalls & UpdateCalls;

/** A job whose state is written, and what it is if nobody has written that yet. */
const ended = (row: JobRow, { state, problem }: Ending, now: number): JobRow => ({
  ...row,
  state,
  problem,
  ended: now,
  changed: now,
});

const MAX_ROUNDS = 5;

/** The table of jobs, as those see it who submit them and ask for them. */
export class JobStore {
  private readonly statements: JobStatements;
  private readonly never = abortAt(Number.POSITIVE_INFINITY, 0);

  constructor(
    private readonly calls: JobCalls,
    private readonly spec: Pick<JobsSpec, 'table' | 'retention' | 'results'>,
    private readonly now: () => number,
    /** Loads the client of S3. */
    private readonly storeCalls: () => Promise<StoreCalls>,
  ) {
    this.statements = new JobStatements(spec.table, spec.retention);
  }

  /** The job as it is now; if its time has come unnoticed, that is written first. */
  async read(id: string): Promise<JobRow | undefined> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const row = await this.row(id);
      const ending = row && lapseOf(row, this.now());
      if (!row || !ending) return row;
      const now = this.now();
      if (await this.applied(this.statements.finish(row, ending, now))) return ended(row, ending, now);
    }
    throw new Error('the end of the job cannot be written');
  }

  /** The job with its result, wherever that lies. @throws if it lies elsewhere and is not there */
  async complete(row: JobRow): Promise<JobRow> {
    if (!row.stored) return row;
    this.checkPlace(row.stored);
    return { ...row, result: await fetchPayload(await this.storeCalls(), row.stored, this.never.signal) };
  }

  /** A row says where its result lies: it reaches no further than where results are put. */
  private checkPlace({ bucket, key }: Pointer): void {
    const { results } = this.spec;
    if (results?.bucket === bucket && key.startsWith(results.prefix ?? '') && !isPath(key)) return;
    throw new Error('the result of the job lies where results of this API do not');
  }

  /** Writes new jobs. Answers for each: nothing if it is new, or the row that has its id. */
  async create(rows: readonly JobRow[]): Promise<(JobRow | undefined)[]> {
    const answers = await execute(
      this.calls,
      rows.map((row) => this.statements.insert(row)),
      this.never,
    );
    return Promise.all(
      answers.map(async (answer, i) => {
        if (answer.kind === 'unknown') throw new Error(answer.reason);
        if (answer.kind === 'done') return undefined;
        // DynamoDB does not say whose the id is. One that is gone meanwhile was so old that it is forgotten.
        return (await this.row(rows[i]!.id)) ?? rows[i]!;
      }),
    );
  }

  /** Notes that the queue has taken the messages, and answers with the jobs as they then are: one may run, or have ended. */
  async sent(rows: readonly JobRow[]): Promise<JobRow[]> {
    const answers = await execute(
      this.calls,
      rows.map((row) => this.statements.sent(row)),
      this.never,
    );
    return answers.map((answer, i) => {
      if (answer.kind === 'unknown') throw new Error(answer.reason);
      return answer.kind === 'refused' && answer.item ? rowOf(answer.item) : { ...rows[i]!, sendBy: 0 };
    });
  }

  /** Cancels a job that has not ended, and returns it as it then is. */
  async cancel(id: string): Promise<JobRow | undefined> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const row = await this.read(id);
      if (!row || isEnd(row.state)) return row;
      const ending: Ending = { state: 'cancelled', problem: problemOf('cancelled') };
      const now = this.now();
      if (await this.applied(this.statements.finish(row, ending, now))) return ended(row, ending, now);
    }
    throw new Error('the job cannot be cancelled');
  }

  /** Whether it is written. If that is not known, another look at the row tells. */
  private async applied(input: ReturnType<JobStatements['finish']>): Promise<boolean> {
    return (await update(this.calls, input, this.never)).kind === 'done';
  }

  private async row(id: string): Promise<JobRow | undefined> {
    const { Item } = await this.calls.getItem(
      { TableName: this.spec.table, Key: { pk: { S: id } }, ConsistentRead: true },
      this.never.signal,
    );
    return Item && rowOf(Item);
  }
}
