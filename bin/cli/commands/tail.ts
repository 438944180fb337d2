import type { LogLine } from '../aws';
import { type Command, duration } from '../command';
import { type Pattern, patternsOf, stackOf } from '../patterns';
import { printable } from '../printable';
import { UsageProblem } from '../problem';
import { isoOf } from '../render';

const HOUR = 3_600_000;
const POLL = 2_000;
/** Lines come late, and not in order: each look goes back so far. */
const OVERLAP = 30_000;

const groupsOf = (patterns: readonly Pattern[]): Map<string, string> =>
  new Map(
    patterns.flatMap(({ path, resources: { logGroup, function: fn } }): [string, string][] => {
      // A function that brought its own logs has them where Lambda puts them.
      const group = logGroup ?? (fn === undefined ? undefined : `/aws/lambda/${fn}`);
      return group === undefined ? [] : [[group, path]];
    }),
  );

interface Found extends LogLine {
  readonly path: string;
}

function render({ timestamp, message, path }: Found): string {
  const time = isoOf(timestamp);
  try {
    const { level = '', message: said = '', timestamp: _, ...fields } = JSON.parse(message);
    return `${time} ${path} ${level} ${said} ${JSON.stringify(fields)}`;
  } catch {
    return `${time} ${path} ${message.trimEnd()}`;
  }
}

const missing = (error: unknown): boolean => (error as Error)?.name === 'ResourceNotFoundException';

export const tail: Command = {
  name: 'tail',
  args: '<stack> <correlation id>',
  summary: 'follow one cause through the logs of all patterns of a stack, by its correlation id or a message id',
  positionals: 2,
  options: {
    since: { type: 'string', value: '2h', help: 'how far back to begin; default: 1h' },
    follow: { type: 'boolean', short: 'f', help: 'go on until interrupted' },
  },
  async run(call) {
    const { world, values, json } = call;
    const [stack, id] = call.positionals as [string, string];
    if (id === '' || /["\\]/.test(id)) throw new UsageProblem(`tail: got ${JSON.stringify(id)}, expected an id`);
    const groups = groupsOf(await patternsOf(world.aws, stackOf(call, stack)));
    const seen = new Set<string>();
    let since = world.now() - (duration(values, 'since') ?? HOUR);
    for (;;) {
      const lookedAt = world.now();
      const found = await Promise.all(
        Array.from(groups, async ([group, path]): Promise<Found[]> => {
          try {
            return (await world.aws.logs(group, id, since)).map((line) => ({ ...line, path }));
          } catch (error) {
            // A function that never ran has none yet.
            if (missing(error)) return [];
            throw error;
          }
        }),
      );
      for (const line of found.flat().sort((a, b) => a.timestamp - b.timestamp)) {
        const key = `${line.path} ${line.eventId || line.timestamp + line.message}`;
        if (seen.has(key)) continue;
        seen.add(key);
        world.out(
          json
            ? JSON.stringify({ path: line.path, timestamp: line.timestamp, message: line.message })
            : printable(render(line)),
        );
      }
      if (values.follow !== true || world.interrupted.aborted) return undefined;
      since = Math.max(since, lookedAt - OVERLAP);
      await world.sleep(POLL);
    }
  },
};
