// A process that holds one contender and times it when asked: `node child.js <contender bundle> <queue URL>`.
export interface Ask {
  readonly messages: number;
  /** Look at the heap meanwhile. Needs --expose-gc, and costs time. */
  readonly heap?: boolean;
}
export interface Answer {
  /** Nanoseconds a message. */
  readonly wall: number;
  readonly cpu: number;
  /** By how much the heap grew at most, in bytes, without garbage. */
  readonly heap: number;
}

const [bundle, queueUrl] = process.argv.slice(2) as [string, string];
const { send } = require(bundle) as { send: (queueUrl: string, count: number) => Promise<void> };

const used = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const answer = async ({ messages, heap }: Ask): Promise<Answer> => {
  // What the first requests leave for good, connections and middleware, is no growth.
  if (heap) await send(queueUrl, 1000);
  const before = heap ? used() : 0;
  let most = before;
  const look = (): void => {
    most = Math.max(most, used());
  };
  const watch = heap ? setInterval(look, 50) : undefined;
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  await send(queueUrl, messages);
  const elapsed = Number(process.hrtime.bigint() - wall);
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(watch);
  return { wall: elapsed / messages, cpu: ((user + system) * 1000) / messages, heap: most - before };
};

process.on('message', async (ask: Ask) => process.send!(await answer(ask)));
