// A process that holds one contender and times it when asked: `node child.js <handler bundle> <batch size>`.
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { context, event } from './event';

export interface Ask {
  /** Do nothing but run for so long, in milliseconds. */
  readonly warmUp?: number;
  readonly invocations?: number;
}
export interface Answer {
  /** Nanoseconds a record. */
  readonly wall: number;
  readonly cpu: number;
  readonly invocations: number;
}

const [bundle, size] = process.argv.slice(2) as [string, string];
const batchSize = Number(size);
const { handler } = require(bundle) as {
  handler: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse | undefined>;
};
// Read-only to every contender, so a few are enough to keep one event from living in the cache.
const events = Array.from({ length: batchSize > 100 ? 4 : 64 }, (_, seed) => event(batchSize, seed));

const invoke = async (n: number) => {
  const reply = await handler(events[n % events.length]!, context);
  if (reply?.batchItemFailures.length)
    throw new Error(`${bundle}: a record failed, so the figure would be of failures`);
};

const warmUp = async (milliseconds: number): Promise<number> => {
  const end = performance.now() + milliseconds;
  let invocations = 0;
  while (performance.now() < end) await invoke(invocations++);
  return invocations;
};

const answer = async ({ warmUp: milliseconds, invocations = 0 }: Ask): Promise<Answer> => {
  if (milliseconds !== undefined) return { wall: 0, cpu: 0, invocations: await warmUp(milliseconds) };
  // No forced collection before: it drops hidden classes without an instance, and with them the code compiled for them.
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  for (let n = 0; n < invocations; n++) await invoke(n);
  const elapsed = Number(process.hrtime.bigint() - wall);
  const { user, system } = process.cpuUsage(cpu);
  const records = invocations * batchSize;
  return { wall: elapsed / records, cpu: ((user + system) * 1000) / records, invocations };
};

process.on('message', async (ask: Ask) => process.send!(await answer(ask)));
