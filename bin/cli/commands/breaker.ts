import type { Command } from '../command';
import { part, patternAt } from '../patterns';
import { Problem, UsageProblem } from '../problem';
import { replyOf } from '../reply';

const ACTIONS = ['open', 'close', 'auto', 'status'];

export const breaker: Command = {
  name: 'breaker',
  args: '<open|close|auto|status> <stack>/<circuit breaker>',
  summary: 'hold a circuit breaker open or closed, leave it to itself again, or see where it is',
  positionals: 2,
  async run(call) {
    const { world, json } = call;
    const [action, target] = call.positionals as [string, string];
    if (!ACTIONS.includes(action)) {
      throw new UsageProblem(`breaker: got ${action}, expected one of ${ACTIONS.join(', ')}`);
    }
    const pattern = await patternAt(call, target);
    const controller = part(pattern, 'controller', 'a circuit breaker');
    const { payload, functionError } = await world.aws.invoke(
      controller,
      JSON.stringify({ action }),
      'RequestResponse',
    );
    if (functionError !== undefined) throw new Problem(`${pattern.path}: its controller failed: ${payload}`);
    const reply = replyOf(pattern.path, payload);
    if (json) world.out(JSON.stringify({ path: pattern.path, ...reply }));
    else {
      const parts = Object.entries(reply).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
      world.out([pattern.path, ...parts].join('\n  '));
    }
    return undefined;
  },
};
