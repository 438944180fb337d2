import type { Call, Command } from '../command';
import { part, patternAt } from '../patterns';
import { Problem } from '../problem';

const TIMEOUT = 60_000;
const POLL = 500;

/** Enables or disables the intake of a pattern, and waits until that is so. */
async function intake(call: Call, enabled: boolean): Promise<undefined> {
  const { world, json } = call;
  const { aws } = world;
  const pattern = await patternAt(call, call.positionals[0]!);
  const mapping = part(pattern, 'mapping', 'an event source mapping');
  const wanted = enabled ? 'Enabled' : 'Disabled';
  const end = world.now() + TIMEOUT;
  if ((await aws.mappingState(mapping)) !== wanted) await aws.enableMapping(mapping, enabled);
  for (;;) {
    const state = await aws.mappingState(mapping);
    if (state === wanted) break;
    if (world.interrupted.aborted || world.now() > end) {
      throw new Problem(`${pattern.path}: got ${state}, expected ${wanted} by now; it may become so yet`);
    }
    await world.sleep(POLL);
  }
  world.out(json ? JSON.stringify({ path: pattern.path, state: wanted }) : `${pattern.path}: ${wanted}`);
  return undefined;
}

export const pause: Command = {
  name: 'pause',
  args: '<stack>/<pattern>',
  summary: 'stop the intake: messages wait in the queue',
  positionals: 1,
  run: (call) => intake(call, false),
};

export const resume: Command = {
  name: 'resume',
  args: '<stack>/<pattern>',
  summary: 'start the intake again',
  positionals: 1,
  run: (call) => intake(call, true),
};
