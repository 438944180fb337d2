import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { bundleHandler, bundleScript } from './bundle';
import { CONTENDERS, type Contender, environment } from './contenders';
import { differences, median } from './stats';
import type { Figure } from './table';

const ROUNDS = 40;
const EMPTY: Contender = { file: 'empty', label: 'an empty bundle' };
/** For a worker whose happy path calls nothing, in milliseconds over the empty bundle. */
const GOAL = 2;

interface Start {
  /** The whole process, from spawn to exit. */
  readonly process: number;
  /** Loading the bundle and handling one record. */
  readonly load: number;
}

const start = async (script: string, bundle: string, contender: Contender): Promise<Start> => {
  const begin = performance.now();
  const child = spawn(process.execPath, [script, bundle], {
    env: environment(contender),
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [elapsed, code] = await Promise.all([text(child.stdio[3] as Readable), ended]);
  if (code !== 0) throw new Error(`${contender.label}: the process ended with ${code}`);
  return { process: performance.now() - begin, load: Number(elapsed) / 1e6 };
};

export const startupFigures = async (): Promise<Figure[]> => {
  const script = await bundleScript('runtime/once');
  const contenders = [EMPTY, ...CONTENDERS];
  const bundles = await Promise.all(contenders.map(async ({ file }) => (await bundleHandler(file)).path));
  const starts: Start[][] = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, contender] of contenders.entries()) {
      starts[n]!.push(await start(script, bundles[n]!, contender));
    }
  }
  const times = (n: number, of: keyof Start) => starts[n]!.map((each) => each[of]);
  return contenders.map(({ file, label }, n) => {
    const over = median(differences(times(n, 'process'), times(0, 'process')));
    return {
      group: 'Start-up and first record, over an empty bundle',
      id: `startup/${file}`,
      name: label,
      median: over,
      unit: 'ms',
      goal: file === 'ours' ? { median: GOAL } : undefined,
      detail: {
        process: median(times(n, 'process')),
        load: median(times(n, 'load')),
        loadOver: median(differences(times(n, 'load'), times(0, 'load'))),
      },
    };
  });
};
