import type { Aws } from '../aws';
import type { Command } from '../command';
import { type Pattern, patternsOf } from '../patterns';
import { table } from '../render';

interface Listed extends Pattern {
  readonly waiting?: number;
  readonly inFlight?: number;
  readonly dead?: number;
  readonly state?: string;
}

async function look(aws: Aws, pattern: Pattern): Promise<Listed> {
  const { queue, deadLetterQueue, mapping } = pattern.resources;
  const [own, theirs, state] = await Promise.all([
    queue === undefined ? undefined : aws.queueAttributes(queue),
    deadLetterQueue === undefined ? undefined : aws.queueAttributes(deadLetterQueue),
    mapping === undefined ? undefined : aws.mappingState(mapping),
  ]);
  return {
    ...pattern,
    ...(own && {
      waiting: Number(own.ApproximateNumberOfMessages) + Number(own.ApproximateNumberOfMessagesDelayed ?? 0),
      inFlight: Number(own.ApproximateNumberOfMessagesNotVisible),
    }),
    ...(theirs && { dead: Number(theirs.ApproximateNumberOfMessages) }),
    ...(state !== undefined && { state }),
  };
}

const cell = (value: number | string | undefined): string => (value === undefined ? '-' : String(value));

export const ls: Command = {
  name: 'ls',
  args: '<stack>',
  summary: 'list the patterns of a stack, what waits for them and what is dead',
  positionals: 1,
  async run({ world, positionals, json }) {
    const patterns = await patternsOf(world.aws, positionals[0]!);
    const listed = await Promise.all(patterns.map((pattern) => look(world.aws, pattern)));
    if (json) world.out(JSON.stringify(listed));
    else {
      const rows = listed.map(({ kind, path, waiting, inFlight, dead, state }) =>
        [kind, path, waiting, inFlight, dead, state].map(cell),
      );
      for (const line of table(['KIND', 'PATH', 'WAITING', 'IN FLIGHT', 'DEAD', 'INTAKE'], rows)) world.out(line);
    }
    return undefined;
  },
};
