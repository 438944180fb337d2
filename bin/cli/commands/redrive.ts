import type { Aws } from '../aws';
import { type Call, type Command, positive, text } from '../command';
import { type Pattern, part, patternAt } from '../patterns';
import { printable } from '../printable';
import { Problem } from '../problem';
import { FunctionTarget } from '../redrive/function-target';
import { redrive as run, type Tally } from '../redrive/redrive';
import { QueueTarget, type Target } from '../redrive/target';
import { loadTransform } from '../redrive/transform';
import { bar, counted } from '../render';
import { limitOf, SELECT_OPTIONS, selectOf } from '../select';

const LANES = 4;
const INTERRUPTED = 130;

/** Where what is dead comes from. */
function targetOf(aws: Aws, pattern: Pattern, fifo: boolean): Target {
  const { queue, function: fn } = pattern.resources;
  if (queue !== undefined) return new QueueTarget(aws, queue, queue, fifo);
  if (pattern.kind === 'AsyncFunction' && fn !== undefined) return new FunctionTarget(aws, fn, fn);
  throw new Problem(`${pattern.path}: got ${pattern.kind}, expected a pattern whose letters come from a queue`);
}

/** What may be seen twice, in words. */
const doubt = (twice: readonly string[]): string =>
  twice.length === 0
    ? 'nothing may be seen twice beyond what SQS delivers twice by itself'
    : `may be seen twice, since they were sent and could not be deleted, or no answer came: ${twice.join(', ')}`;

function report({ out, note }: Call['world'], pattern: Pattern, tally: Tally, dryRun: boolean): void {
  const { sent, left, failed, twice, interrupted, stopped } = tally;
  if (stopped !== undefined) note(`stopped, since SQS cannot be asked for more: ${stopped}`);
  if (interrupted) note(`interrupted: what was in hand is finished, nothing is lost; ${doubt(twice)}`);
  out(`${pattern.path}: ${sent.length} ${dryRun ? 'would be sent' : 'sent'}, ${left} left, ${failed.length} failed`);
  for (const [reason, count] of counted(sent.map((letter) => letter.reason))) out(`  ${count} x ${printable(reason)}`);
  for (const { id, reason } of failed) out(`  not sent, still there: ${id}: ${printable(reason)}`);
  if (!interrupted && twice.length > 0) out(`  ${doubt(twice)}`);
}

export const redrive: Command = {
  name: 'redrive',
  args: '<stack>/<pattern>',
  summary: 'send what is dead back to where it comes from; nothing is lost, however it ends',
  positionals: 1,
  options: {
    ...SELECT_OPTIONS,
    limit: { type: 'string', value: 'n', help: 'at most so many' },
    rate: { type: 'string', value: 'n', help: 'at most so many a second' },
    transform: {
      type: 'string',
      value: 'file',
      help: 'module with a function (message, info) => message; null leaves one',
    },
    'dry-run': { type: 'boolean', help: 'only say what would be sent' },
  },
  async run(call) {
    const { world, values, json } = call;
    const { aws } = world;
    const select = selectOf(values);
    const limit = limitOf(values);
    const rate = positive(values, 'rate', false);
    const file = text(values, 'transform');
    const transform = file === undefined ? undefined : await loadTransform(file);
    const dryRun = values['dry-run'] === true;

    const pattern = await patternAt(call, call.positionals[0]!);
    const url = part(pattern, 'deadLetterQueue', 'a dead-letter queue');
    const fifo = url.endsWith('.fifo');
    const target = targetOf(aws, pattern, fifo);
    const { ApproximateNumberOfMessages: count = '0' } = await aws.queueAttributes(url);
    const startedAt = world.now();
    const tally = await run({
      aws,
      url,
      target,
      select: (letter) => select(letter, startedAt),
      transform,
      limit,
      rate,
      dryRun,
      fifo,
      // One after another keeps the order of a group.
      lanes: fifo ? 1 : LANES,
      interrupted: world.interrupted,
      now: world.now,
      sleep: world.sleep,
      onProgress: (done) =>
        world.progress(bar(done, Math.min(Number(count), limit ?? Number.POSITIVE_INFINITY), world.now() - startedAt)),
    });
    if (json) {
      world.out(
        JSON.stringify({
          path: pattern.path,
          to: target.name,
          dryRun,
          sent: tally.sent.map(({ id, reason }) => ({ id, reason })),
          left: tally.left,
          failed: tally.failed,
          mayBeSeenTwice: tally.twice,
          interrupted: tally.interrupted,
          stopped: tally.stopped,
        }),
      );
    } else report(world, pattern, tally, dryRun);
    if (tally.interrupted) return INTERRUPTED;
    return tally.failed.length + tally.twice.length > 0 || tally.stopped !== undefined ? 1 : 0;
  },
};
