import { DERIVED, type PatternName, SENT } from './load';
import { FAULTS, type Fault, faultOf, SERVICES } from './rules';
import type { Result } from './run';

const TITLES: Readonly<Record<PatternName, string>> = {
  charges: 'AsyncWorker with idempotency and a circuit breaker; one in ten sent again',
  steps: 'AsyncWorker, FIFO',
  documents: 'AsyncWorker with a PayloadStore: every body in S3',
  mails: 'LoadLevelingQueue, 50 a second',
  jobs: 'AsyncApi: jobs over HTTP, one in five submitted twice at once',
  orders: 'AsyncWorker that publishes an event for each',
  billing: 'FanOutTopic: a worker with idempotency',
  audit: 'FanOutTopic: a worker with a filter',
  clicks: 'StreamWorker on Kinesis',
  accounts: 'AsyncWorker that appends to an EventLog',
  balances: 'EventLog: a projection, FIFO',
  thumbnails: 'AsyncFunction with a PayloadStore',
};

/** Patterns whose receives are counted without any that are forgiven, or spent on waiting for a group. */
const PLAIN: readonly PatternName[] = ['documents', 'jobs', 'orders', 'billing', 'audit'];
/** Of these at most two are spent on failures of the load's own. */
export const MAX_RECEIVE_COUNT = 15;

const FAULT_TEXTS: Readonly<Record<Fault, string>> = {
  throttle: "the service's own throttling error",
  reset: 'the connection is reset before the request arrives',
  'lost reply': 'the request is carried out, and the connection is reset before the reply',
  latency: '0.1 to 1 s more',
  timeout: 'no answer for 5 s, then 504',
};

const n = (value: number): string => value.toLocaleString('en');
const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Numbers to the right. */
function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? n(cell) : cell)).join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, i) => (typeof rows[0]?.[i] === 'number' ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}

/** The account, a line a pattern. */
export function patternTable({ accounts }: Result): string {
  const patterns = [...SENT, ...DERIVED];
  const cells = (of: readonly PatternName[]) => {
    const all = of.map((pattern) => accounts[pattern]);
    const total = (field: 'messages' | 'effects' | 'repeats' | 'dead' | 'deadTwice'): number =>
      sum(all.map((account) => account[field]));
    const lost = sum(all.map((account) => account.lost.length));
    return [total('messages'), total('effects'), total('repeats'), total('dead'), total('deadTwice'), lost];
  };
  return table(
    ['pattern', 'messages', 'effects', 'calls repeated', 'dead', 'letters twice', 'lost'],
    [...patterns.map((pattern) => [TITLES[pattern], ...cells([pattern])]), ['**all**', ...cells(patterns)]],
  );
}

/** What fired, by service and kind. */
export function faultTable({ fired, requests }: Result): string {
  const faults = Object.keys(FAULTS) as Fault[];
  const rows = SERVICES.map((service) => {
    const own = fired.filter((each) => each.service === service);
    const counts = faults.map((fault) =>
      sum(own.filter(({ action }) => faultOf(action) === fault).map(({ count }) => count)),
    );
    return [{ sqs: 'SQS', sns: 'SNS', dynamodb: 'DynamoDB', s3: 'S3' }[service], requests[service] ?? 0, ...counts];
  });
  return table(['service', 'requests', ...faults], rows);
}

/** How far faults alone are from making a healthy message a dead one. */
export function margin({ accounts, messages }: Result) {
  const plain = PLAIN.map((pattern) => accounts[pattern]);
  const attempts = sum(plain.map((account) => account.attempts));
  const wasted = attempts === 0 ? 0 : sum(plain.map((account) => account.wasted)) / attempts;
  return {
    wasted,
    receives: Math.max(...plain.map(({ receives }) => receives)),
    expectedDead: messages * wasted ** (MAX_RECEIVE_COUNT - 2),
  };
}

/** The page of the documentation. */
export function markdown(result: Result): string {
  const { asked, sendingMs, seed, messages, seconds, kills, resent, refusals, accounts, problems } = result;
  const { wasted, receives, expectedDead } = margin(result);
  const bound = sendingMs === undefined ? '' : ` --minutes ${sendingMs / 60_000}`;
  const withoutReason = sum(Object.values(accounts).map((account) => account.withoutReason));
  const shares = (Object.entries(FAULTS) as [Fault, number][]).map(([fault, share]) => [
    fault,
    percent(share),
    FAULT_TEXTS[fault],
  ]);
  const verdict =
    problems.length === 0
      ? `All ${n(messages)} messages are accounted for: none is lost, and the dead-letter queues hold the bad ones and no other.`
      : `**${problems.length} problems:** ${problems.join('; ')}`;
  return `# Faults

Every pattern in one app, deployed to the local AWS, with [microburst](https://pypi.org/project/microburst/) between all functions and
all that they call, and processes that are killed. This page is written by the run:

\`\`\`sh
npm run faults -- --messages ${asked} --seed ${seed}${bound} --report
\`\`\`

The seed decides the load, at which try of which message a process is told to die, and what the proxy draws. Which request meets
which draw, and which process is killed from outside, the clock decides as well.

## What goes wrong

To requests to SQS, SNS, DynamoDB and S3, of producers, workers and the functions of the library alike:

${table(['fault', 'share', ''], shares)}

Processes are killed (\`SIGKILL\`) by their handler right before an effect (${n(kills.before)} here) or right after it, before anybody has heard of
it (${n(kills.after)}), and some process whatever it does, from outside (${n(kills.anywhere)}). The service behind the charges is down for a while
in the middle of all: ${n(refusals)} calls met it.

## What came of it

${verdict} ${n(Math.round(seconds))} seconds.

${patternTable(result)}

- *messages*: copies of fan-outs are messages of their own; two messages with one key are one effect.
- *calls repeated*: effects are calls of a service that counts them and knows their keys. Work is done at least once, so a process
  that dies between its effect and its record repeats the call. With idempotency the run demands that whoever had the effect before
  is dead or had not heard of it; in the event log nothing is there twice.
- *dead*: exactly the messages that were made bad, with their reasons. ${n(withoutReason)} of the letters have none, since SQS or Lambda moved them:
  messages that fail each time, whose last receive died with its process.
- *letters twice*: the reply to a letter was lost, and it was sent again.
- FIFO groups, shards and streams of events kept their order; the log has no gap, its projection is the fold over it, and the
  archive holds every event. Every job is one job, and ended as it had to. What was stored in S3 arrived whole.
- Producers named ${n(resent)} messages that were not accepted in five tries; they were sent again.

${faultTable(result)}

## What to set

${percent(wasted)} of the receives of healthy messages came to nothing here, a batch with a process that dies among them. Nobody should run at such
a rate; who must, sets \`maxReceiveCount\` by it. This app has ${MAX_RECEIVE_COUNT}, of which the load itself spends two: at this rate
${Number(expectedDead.toPrecision(1))} of ${n(messages)} messages would be dead by faults alone. No message needed more than ${receives} where receives are counted in full. With the
default of 5 it would be ${n(Math.round(messages * wasted ** 5))}.
`;
}
