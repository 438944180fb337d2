import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { askChild } from '../ask';
import { bundleScript } from '../bundle';
import { rounds } from '../quick';
import { median, ratios } from '../stats';
import type { Figure } from '../table';
import { bundleContender } from './bundle';
import type { Answer, Ask } from './child';

interface Contender {
  readonly file: string;
  readonly label: string;
  /** How many messages a round. */
  readonly messages?: number;
  /** Most that its CPU time a message may be, as a multiple of the SDK's SendMessageBatch. */
  readonly cpuGoal?: number;
  /** Least that its rate may be, as a multiple of the SDK's SendMessage. */
  readonly rateGoal?: number;
}

const CONTENDERS: readonly Contender[] = [
  { file: 'raw', label: 'raw HTTP, 10 a request, unsigned' },
  { file: 'sdk-send', label: 'SDK SendMessage', messages: 1_000 },
  { file: 'sdk-batch', label: 'SDK SendMessageBatch, cacheMiddleware' },
  { file: 'sdk-batch-correlated', label: 'the same, with a correlation id each' },
  { file: 'sqs-producer', label: 'sqs-producer, cacheMiddleware' },
  { file: 'ours-send', label: 'ours, concurrent send', cpuGoal: 1.05, rateGoal: 6.5 },
  { file: 'ours-send-all', label: 'ours, sendAll', rateGoal: 6.5 },
];
const BASE = { cpu: 'sdk-batch', rate: 'sdk-send' };

/** Fresh processes: what the engine decides when it compiles differs from one to the next. */
const GENERATIONS = rounds(3);
const WARM_UP = 3;
const ROUNDS = rounds(8);
const MESSAGES = rounds(5_000);
const MANY = rounds(100_000);
const HEAP_GOAL = 64 * 1_048_576;

const ENV = {
  PATH: process.env.PATH,
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_EC2_METADATA_DISABLED: 'true',
};

class Runner {
  constructor(private readonly child: ChildProcess) {}

  ask(ask: Ask): Promise<Answer> {
    return askChild(this.child, ask);
  }

  stop(): void {
    this.child.disconnect();
  }
}

const startServer = async (): Promise<{ endpoint: string; stop: () => void }> => {
  const child = spawn(process.execPath, [await bundleScript('producer/server')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = await once(createInterface(child.stdout), 'line');
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => child.stdin.end() };
};

interface Place {
  readonly script: string;
  readonly endpoint: string;
}

const start = async ({ script, endpoint }: Place, file: string): Promise<Runner> => {
  const args = ['--expose-gc', script, await bundleContender(file), `${endpoint}/123456789012/orders`];
  const env = { ...ENV, AWS_ENDPOINT_URL: endpoint };
  return new Runner(spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
};

/** Round by round, so that what disturbs the machine disturbs all. */
const measure = async (start: () => Promise<Runner[]>): Promise<Answer[][]> => {
  const answers: Answer[][] = CONTENDERS.map(() => []);
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const runners = await start();
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      for (const [n, runner] of runners.entries()) {
        const answer = await runner.ask({ messages: CONTENDERS[n]!.messages ?? MESSAGES });
        if (round >= 0) answers[n]!.push(answer);
      }
    }
    for (const runner of runners) runner.stop();
  }
  return answers;
};

const figuresOf = (answers: readonly Answer[][]): Figure[] => {
  const at = (file: string) => CONTENDERS.findIndex((contender) => contender.file === file);
  const of = (n: number, what: 'wall' | 'cpu') => answers[n]!.map((answer) => answer[what]);
  const cpu = CONTENDERS.map(({ file, label, cpuGoal }, n): Figure => {
    return {
      area: 'Producer, client CPU a message',
      id: `producer/cpu/${file}`,
      what: label,
      measured: median(of(n, 'cpu')) / 1000,
      unit: 'us',
      ratio: median(ratios(of(n, 'cpu'), of(at(BASE.cpu), 'cpu'))),
      goal: cpuGoal === undefined ? undefined : { ratio: cpuGoal },
    };
  });
  const rate = CONTENDERS.map(({ file, label, rateGoal }, n): Figure => {
    return {
      area: 'Producer, time a message, 16 requests under way (ratio to SDK SendMessage)',
      id: `producer/wall/${file}`,
      what: label,
      measured: median(of(n, 'wall')) / 1000,
      unit: 'us',
      ratio: median(ratios(of(n, 'wall'), of(at(BASE.rate), 'wall'))),
      // A rate of at least so much is a time of at most its inverse.
      goal: rateGoal === undefined ? undefined : { ratio: Math.round(1000 / rateGoal) / 1000 },
      detail: { messagesPerSecond: 1e9 / median(of(n, 'wall')) },
    };
  });
  return [...cpu, ...rate];
};

export const producerFigures = async (): Promise<Figure[]> => {
  const server = await startServer();
  try {
    const place = { script: await bundleScript('producer/child'), endpoint: server.endpoint };
    const answers = await measure(() => Promise.all(CONTENDERS.map(({ file }) => start(place, file))));
    const sendAll = await start(place, 'ours-send-all');
    const { heap } = await sendAll.ask({ messages: MANY, heap: true });
    sendAll.stop();
    return [
      ...figuresOf(answers),
      {
        area: `Producer, growth of the heap, ${MANY.toLocaleString('en')} messages`,
        id: 'producer/heap',
        what: 'ours, sendAll',
        measured: heap,
        unit: 'bytes',
        goal: { measured: HEAP_GOAL },
      },
    ];
  } finally {
    server.stop();
  }
};
