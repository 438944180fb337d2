import type { Command } from '../command';
import { part, patternAt } from '../patterns';
import { UsageProblem } from '../problem';

export const purge: Command = {
  name: 'purge',
  args: '<stack>/<pattern>',
  summary: 'delete all that is dead, for good; asks first',
  positionals: 1,
  options: { yes: { type: 'boolean', help: 'do not ask' } },
  async run(call) {
    const { world, values, json } = call;
    const target = call.positionals[0]!;
    const pattern = await patternAt(call, target);
    const url = part(pattern, 'deadLetterQueue', 'a dead-letter queue');
    const { ApproximateNumberOfMessages: count = '0' } = await world.aws.queueAttributes(url);
    if (values.yes !== true) {
      const answer = await world.ask(`Delete ${count} messages of ${pattern.path} for good? Type ${target} to go on: `);
      if (answer === undefined) throw new UsageProblem('purge: got nobody to ask, expected a terminal or --yes');
      if (answer !== target) {
        world.note('nothing was deleted');
        return 1;
      }
    }
    await world.aws.purge(url);
    // SQS takes up to a minute, and deletes what comes meanwhile.
    world.out(
      json ? JSON.stringify({ path: pattern.path, purged: Number(count) }) : `${pattern.path}: ${count} deleted`,
    );
    return undefined;
  },
};
