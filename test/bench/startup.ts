import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { bundleHandler, bundleScript } from './bundle';
import { CONTENDERS, type Contender, environment } from './contenders';
import { STARTING } from './idempotency/contenders';
import { Stub } from './idempotency/stub';
import { rounds } from './quick';
import { differences, median } from './stats';
import type { Figure } from './table';

const ROUNDS = rounds(40);
const EMPTY: Contender = { file: 'empty', label: 'an empty bundle' };
/** For a worker whose happy path calls nothing, in milliseconds over the empty bundle. */
const GOAL = 2;
const GOALS = new Set(['ours', 'ours-deployed']);

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
  // The first record of who keeps state is two requests as well; without the stub it would be an error.
  const stub = await Stub.start();
  const contenders: readonly (Contender & { readonly id?: string })[] = [
    EMPTY,
    ...CONTENDERS,
    ...STARTING.map((contender) => ({ ...contender, env: { ...contender.env, ...stub.env } })),
  ];
  const bundles = await Promise.all(contenders.map(async (contender) => (await bundleHandler(contender)).path));
  const starts: Start[][] = contenders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, contender] of contenders.entries()) {
      starts[n]!.push(await start(script, bundles[n]!, contender));
    }
  }
  stub.stop();
  const times = (n: number, of: keyof Start) => starts[n]!.map((each) => each[of]);
  return contenders.map(({ file, id = file, label }, n) => {
    const over = median(differences(times(n, 'process'), times(0, 'process')));
    return {
      area: 'Start-up and first record, over an empty bundle',
      id: `startup/${id}`,
      what: label,
      measured: over,
      unit: 'ms',
      goal: GOALS.has(id) ? { measured: GOAL } : undefined,
      detail: {
        process: median(times(n, 'process')),
        load: median(times(n, 'load')),
        loadOver: median(differences(times(n, 'load'), times(0, 'load'))),
      },
    };
  });
};
