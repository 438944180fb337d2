// A process that holds one contender and times it when asked: `node child.js <handler bundle> <batch size>`.
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Store } from '../idempotency/store';
import { context, event } from './event';

export interface Ask {
  /** Do nothing but run for so long, in milliseconds. */
  readonly warmUp?: number;
  readonly invocations?: number;
  /** Handle a batch, and count what it takes to handle it again when SQS says that it has been handed out so often. */
  readonly duplicates?: number;
}
export interface Answer {
  /** Nanoseconds a record. */
  readonly wall: number;
  readonly cpu: number;
  readonly invocations: number;
  /** A record; 0 of contenders without a store in this process. */
  readonly requests: number;
}

const [bundle, size] = process.argv.slice(2) as [string, string];
const batchSize = Number(size);
const { handler, store } = require(bundle) as {
  handler: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse | undefined>;
  store?: Store;
};
// Read-only to every contender, so a few are enough to keep one event from living in the cache.
const events = Array.from({ length: batchSize > 100 ? 4 : 64 }, (_, seed) => event(batchSize, seed));

const handle = async (batch: SQSEvent) => {
  const reply = await handler(batch, context);
  if (reply?.batchItemFailures.length)
    throw new Error(`${bundle}: a record failed, so the figure would be of failures`);
};

const invoke = (n: number) => {
  store?.forget();
  return handle(events[n % events.length]!);
};

const warmUp = async (milliseconds: number): Promise<number> => {
  const end = performance.now() + milliseconds;
  let invocations = 0;
  while (performance.now() < end) await invoke(invocations++);
  return invocations;
};

const duplicates = async (receiveCount: number): Promise<number> => {
  await invoke(0);
  const again = structuredClone(events[0]!);
  for (const { attributes } of again.Records) attributes.ApproximateReceiveCount = String(receiveCount);
  const before = store!.requests;
  await handle(again);
  return (store!.requests - before) / batchSize;
};

const answer = async (ask: Ask): Promise<Answer> => {
  const none = { wall: 0, cpu: 0, invocations: 0, requests: 0 };
  if (ask.warmUp !== undefined) return { ...none, invocations: await warmUp(ask.warmUp) };
  if (ask.duplicates !== undefined) return { ...none, requests: await duplicates(ask.duplicates) };
  const { invocations = 0 } = ask;
  const before = store?.requests ?? 0;
  // No forced collection before: it drops hidden classes without an instance, and with them the code compiled for them.
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  for (let n = 0; n < invocations; n++) await invoke(n);
  const elapsed = Number(process.hrtime.bigint() - wall);
  const { user, system } = process.cpuUsage(cpu);
  const records = invocations * batchSize;
  const requests = ((store?.requests ?? 0) - before) / records;
  return { wall: elapsed / records, cpu: ((user + system) * 1000) / records, invocations, requests };
};

process.on('message', async (ask: Ask) => process.send!(await answer(ask)));
