import { type JobRow, lapseOf, rowOf } from '../../../lambda/runtime/jobs/job';
import { readJobsSpec } from '../../../lambda/runtime/jobs/spec';
import { JobStore } from '../../../lambda/runtime/jobs/store';
import { type JobView, viewOf } from '../../../lambda/runtime/jobs/view';
import { JOBS_ENV, JOBS_TABLE } from '../../../lib/private/contract';
import { type Call, type Command, positive, text } from '../command';
import { type Pattern, part, patternAt } from '../patterns';
import { printable } from '../printable';
import { Problem, UsageProblem } from '../problem';
import { ago, table } from '../render';

const STATES = ['accepted', 'running', 'succeeded', 'failed', 'cancelled', 'expired'];
const DEFAULT_LIMIT = 50;

/** What operators see beside what its owner sees. */
interface Told extends JobView {
  readonly owner: string;
  readonly attempt: number;
  /** Where the result lies, if it does not fit in the table. */
  readonly resultIn?: unknown;
}

const toldOf = (row: JobRow): Told => ({
  ...viewOf(row),
  owner: row.owner,
  attempt: row.attempt,
  ...(row.stored && { resultIn: row.stored }),
});

/** As it is now, though nobody may have written that yet. */
function standing(row: JobRow, now: number): JobRow {
  const ending = lapseOf(row, now);
  return ending ? { ...row, state: ending.state, problem: ending.problem } : row;
}

async function list(call: Call, pattern: Pattern): Promise<undefined> {
  const { world, json, values } = call;
  const state = text(values, 'state');
  if (state !== undefined && !STATES.includes(state)) {
    throw new UsageProblem(`--state: got ${state}, expected one of ${STATES.join(', ')}`);
  }
  const limit = positive(values, 'limit') ?? DEFAULT_LIMIT;
  let newest: JobRow[] = [];
  let seen = 0;
  const now = world.now();
  // A table has no order: all rows are looked at, and no more kept than are shown.
  for await (const items of world.aws.scan(part(pattern, 'table', 'a table of jobs'), COLUMNS)) {
    if (world.interrupted.aborted) break;
    seen += items.length;
    const rows = items.map((item) => standing(rowOf(item), now)).filter((row) => !state || row.state === state);
    newest = [...newest, ...rows].sort((a, b) => b.created - a.created).slice(0, limit);
    world.progress(`${seen} jobs looked at`);
  }
  if (json) world.out(JSON.stringify({ path: pattern.path, jobs: newest.map(toldOf) }));
  else {
    const rows = newest.map((row) => [
      row.id,
      row.state,
      ago(now - row.created),
      ago(now - row.changed),
      String(row.attempt),
      row.progress === undefined ? '-' : `${Math.round(row.progress * 100)}%`,
      row.problem?.detail ?? row.problem?.title ?? '-',
    ]);
    for (const line of table(['ID', 'STATE', 'AGE', 'CHANGED', 'ATTEMPT', 'PROGRESS', 'PROBLEM'], rows))
      world.out(line);
  }
  return undefined;
}

/** Without results, which may be large. */
const COLUMNS = [
  JOBS_TABLE.key,
  ...['state', 'owner', 'created', 'expires', 'sendBy', 'run', 'lease', 'attempt', 'progress', 'changed', 'problem'],
];

async function storeOf({ world: { aws, now } }: Call, pattern: Pattern): Promise<JobStore> {
  const env = await aws.environment(part(pattern, 'function', 'jobs behind an API'));
  const spec = readJobsSpec(env, JOBS_ENV.api);
  const unused = () => {
    throw new Error('neither statements nor stored results are used here');
  };
  return new JobStore(
    { getItem: aws.getItem, updateItem: aws.updateItem, batchExecuteStatement: unused },
    spec,
    now,
    unused,
  );
}

async function one(call: Call, pattern: Pattern, id: string, action: 'get' | 'cancel'): Promise<number | undefined> {
  const { world, json } = call;
  const store = await storeOf(call, pattern);
  const row = action === 'get' ? await store.read(id) : await store.cancel(id);
  if (!row) throw new Problem(`${pattern.path}: got ${id}, expected the id of a job; ended ones are forgotten in time`);
  const told = { path: pattern.path, ...toldOf(row) };
  if (json) world.out(JSON.stringify(told));
  else
    for (const [name, value] of Object.entries(told))
      world.out(`${name}: ${printable(typeof value === 'string' ? value : JSON.stringify(value))}`);
  if (action === 'get' || row.state === 'cancelled') return undefined;
  world.note(`it has ended before: ${row.state}`);
  return 1;
}

export const jobs: Command = {
  name: 'jobs',
  args: '<list|get|cancel> <stack>/<API> [<id>]',
  summary: 'see the jobs behind an API, the newest first, or one of them, or cancel it',
  positionals: [2, 3],
  options: {
    state: { type: 'string', value: 'state', help: `list only those that are ${STATES.join(', ')}` },
    limit: { type: 'string', short: 'n', value: 'count', help: `list so many; default: ${DEFAULT_LIMIT}` },
  },
  async run(call) {
    const [action, target, id] = call.positionals as [string, string, string | undefined];
    const takesId = action === 'get' || action === 'cancel';
    if (!takesId && action !== 'list') throw new UsageProblem(`jobs: got ${action}, expected one of list, get, cancel`);
    if (takesId !== (id !== undefined)) {
      throw new UsageProblem(`jobs ${action}: got ${id ?? 'no id'}, expected ${takesId ? 'the id of a job' : 'none'}`);
    }
    const pattern = await patternAt(call, target);
    if (pattern.kind !== 'AsyncApi') throw new Problem(`${pattern.path}: got ${pattern.kind}, expected an AsyncApi`);
    return takesId ? one(call, pattern, id!, action) : list(call, pattern);
  },
};
