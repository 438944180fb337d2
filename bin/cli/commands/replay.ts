import { type Call, type Command, duration, positive, text, type Values } from '../command';
import { part, patternAt } from '../patterns';
import { Problem, UsageProblem } from '../problem';
import { table } from '../render';
import { replyOf } from '../reply';

/** The parts of a replay's progress that are used here. */
interface Progress {
  readonly id: string;
  readonly subscriber: string;
  readonly state: string;
  readonly from?: string;
  readonly to: string;
  readonly sent: number;
  readonly passed: number;
  readonly total?: number;
  readonly error?: string;
}

const ACTIONS = ['start', 'status', 'list', 'cancel'];
const FOLLOW_MS = 2_000;

/** In ISO 8601: a time, or how long ago. */
function time(values: Values, name: string, now: number): string | undefined {
  const value = text(values, name);
  if (value === undefined) return undefined;
  if (/^\d{4}-/.test(value) && !Number.isNaN(Date.parse(value))) return new Date(value).toISOString();
  try {
    return new Date(now - duration(values, name)!).toISOString();
  } catch {
    throw new UsageProblem(
      `--${name}: got ${value}, expected a time such as 2026-11-01T00:00:00Z, or how long ago, such as 6h`,
    );
  }
}

function payloadOf({ world, values }: Call, action: string, id: string | undefined): object {
  if (action === 'list') return { action };
  if (action !== 'start') return { action, id };
  const subscriber = text(values, 'subscriber');
  if (subscriber === undefined) {
    throw new UsageProblem("replay start: got no --subscriber, expected the id of a worker of the log, or '*' for all");
  }
  const types = text(values, 'types')?.split(',');
  const rate = positive(values, 'rate', false);
  const [from, to] = [time(values, 'from', world.now()), time(values, 'to', world.now())];
  return { action: 'replay', subscriber, ...{ from, to, types, rate } };
}

/** What it failed with, as its runtime says. */
const reasonOf = (payload: string): string => {
  try {
    return String(JSON.parse(payload).errorMessage ?? payload);
  } catch {
    return payload;
  }
};

const shown = (progress: Progress | null): string[] =>
  cellsOf(progress ?? ({} as Progress)).map((cell) => String(cell));

const cellsOf = ({ id, subscriber, state, from, to, sent, passed, total, error }: Progress): unknown[] => [
  id,
  subscriber,
  state,
  `${from ?? 'the first'} .. ${to}`,
  String(sent),
  `${passed}/${total ?? '?'}`,
  error ?? '-',
];

export const replay: Command = {
  name: 'replay',
  args: '<start|status|list|cancel> <stack>/<event log> [<id>]',
  summary: 'send events of a log to a subscriber again, and see how far that is',
  positionals: [2, 3],
  options: {
    subscriber: { type: 'string', value: 'id', help: "start: a worker of the log, or '*' for all" },
    from: {
      type: 'string',
      value: 'time',
      help: 'start: events from then on, 2026-11-01T00:00:00Z or 6h (ago); default: all',
    },
    to: { type: 'string', value: 'time', help: 'start: events before then; default: now' },
    types: { type: 'string', value: 'a,b', help: 'start: only these types; default: those that the subscriber gets' },
    rate: { type: 'string', value: 'count', help: 'start: events a second at most; default: 100' },
    follow: { type: 'boolean', short: 'f', help: 'start, status: wait until it has ended' },
  },
  async run(call) {
    const { world, json, values } = call;
    const [action, target, id] = call.positionals as [string, string, string | undefined];
    if (!ACTIONS.includes(action))
      throw new UsageProblem(`replay: got ${action}, expected one of ${ACTIONS.join(', ')}`);
    const takesId = action === 'status' || action === 'cancel';
    if (takesId !== (id !== undefined)) {
      throw new UsageProblem(
        `replay ${action}: got ${id ?? 'no id'}, expected ${takesId ? 'that of a replay' : 'none'}`,
      );
    }
    const payload = payloadOf(call, action, id);
    const pattern = await patternAt(call, target);
    const replayer = part(pattern, 'replayer', 'an event log');
    const ask = async (event: object): Promise<unknown> => {
      const reply = await world.aws.invoke(replayer, JSON.stringify(event), 'RequestResponse');
      if (reply.functionError !== undefined) throw new Problem(`${pattern.path}: ${reasonOf(reply.payload)}`);
      return replyOf(pattern.path, reply.payload);
    };

    let reply = await ask(payload);
    if (values.follow && action !== 'list' && action !== 'cancel') {
      while ((reply as Progress).state === 'open' && !world.interrupted.aborted) {
        const { id: open, passed, total } = reply as Progress;
        world.progress(`${open}: ${passed} of ${total ?? '?'} events`);
        await world.sleep(FOLLOW_MS);
        reply = await ask({ action: 'status', id: open });
      }
    }
    if (Array.isArray(reply)) {
      if (json) world.out(JSON.stringify({ path: pattern.path, replays: reply }));
      else print(world, reply as Progress[]);
      return undefined;
    }
    const progress = reply as Progress;
    if (json) world.out(JSON.stringify({ path: pattern.path, ...progress }));
    else print(world, [progress]);
    return progress.state === 'failed' ? 1 : undefined;
  },
};

const print = (world: Call['world'], replays: readonly Progress[]): void => {
  const head = ['ID', 'SUBSCRIBER', 'STATE', 'EVENTS', 'SENT', 'PASSED', 'ERROR'];
  for (const line of table(head, replays.map(shown))) world.out(line);
};
