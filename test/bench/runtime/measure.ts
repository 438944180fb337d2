import { type ChildProcess, spawn } from 'node:child_process';
import { bundleHandler, bundleScript } from '../bundle';
import { CONTENDERS, type Contender, environment } from '../contenders';
import { median, ratios } from '../stats';
import type { Figure } from '../table';
import type { Answer, Ask } from './child';

const BATCH_SIZES = [10, 1000];
/** Fresh processes: what the engine decides when it compiles differs from one to the next. */
const GENERATIONS = 5;
const ROUNDS = 8;
const WARM_UP = 400;
const SLICE = 50;

class Runner {
  private constructor(
    private readonly child: ChildProcess,
    private invocations: number,
  ) {}

  static async start(script: string, bundle: string, contender: Contender, batchSize: number): Promise<Runner> {
    const child = spawn(process.execPath, [script, bundle, String(batchSize)], {
      env: environment(contender),
      // Log lines go where nothing reads them, for all alike.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const runner = new Runner(child, 0);
    const { invocations } = await runner.ask({ warmUp: WARM_UP });
    runner.invocations = Math.max(1, Math.round((invocations * SLICE) / WARM_UP));
    return runner;
  }

  round(): Promise<Answer> {
    return this.ask({ invocations: this.invocations });
  }

  stop(): void {
    this.child.disconnect();
  }

  private ask(ask: Ask): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const failed = (code: number | null) => reject(new Error(`the contender's process ended with ${code}`));
      this.child.once('exit', failed);
      this.child.once('message', (answer: Answer) => {
        this.child.off('exit', failed);
        resolve(answer);
      });
      this.child.send(ask);
    });
  }
}

/** CPU and wall time a record of each contender, round by round. */
const measure = async (script: string, bundles: readonly string[], batchSize: number): Promise<Answer[][]> => {
  const answers: Answer[][] = CONTENDERS.map(() => []);
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const runners: Runner[] = [];
    for (const [n, contender] of CONTENDERS.entries()) {
      runners.push(await Runner.start(script, bundles[n]!, contender, batchSize));
    }
    for (let round = 0; round < ROUNDS; round++) {
      for (const [n, runner] of runners.entries()) answers[n]!.push(await runner.round());
    }
    for (const runner of runners) runner.stop();
  }
  return answers;
};

export const runtimeFigures = async (): Promise<Figure[]> => {
  const script = await bundleScript('runtime/child');
  const bundles = await Promise.all(CONTENDERS.map(async ({ file }) => (await bundleHandler(file)).path));
  const figures: Figure[] = [];
  for (const batchSize of BATCH_SIZES) {
    const answers = await measure(script, bundles, batchSize);
    const of = (n: number, what: 'wall' | 'cpu') => answers[n]!.map((answer) => answer[what]);
    for (const [n, { label, file, goal }] of CONTENDERS.entries()) {
      figures.push({
        group: `Time a record, batch of ${batchSize}`,
        name: label,
        id: `runtime/${batchSize}/${file}`,
        median: median(of(n, 'wall')) / 1000,
        unit: 'us',
        ratio: median(ratios(of(n, 'wall'), of(0, 'wall'))),
        goal: goal === undefined ? undefined : { ratio: goal },
        // CPU counts the threads that collect garbage beside the one that runs the handler.
        detail: { cpu: median(of(n, 'cpu')) / 1000, cpuRatio: median(ratios(of(n, 'cpu'), of(0, 'cpu'))) },
      });
    }
  }
  return figures;
};
