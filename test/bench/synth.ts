import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundleScript } from './bundle';
import { WORK } from './paths';
import { rounds } from './quick';
import { median, ratios } from './stats';
import { CACHE, WORKERS } from './synth/layout';
import type { Figure } from './table';

interface Contender {
  readonly id: string;
  readonly label: string;
  readonly script: string;
  /** Start without the bundles of earlier synths. */
  readonly cold?: boolean;
  readonly rounds: number;
  readonly goal?: number;
}

const ROUNDS = rounds(11);

/** Warm comes after cold: it finds what that one left. */
const CONTENDERS: readonly Contender[] = [
  { id: 'floor', label: 'L2s, one ready asset', script: 'synth/ready-asset', rounds: ROUNDS },
  { id: 'cold', label: 'ours, cold', script: 'synth/ours', cold: true, rounds: ROUNDS, goal: 1.4 },
  { id: 'warm', label: 'ours, warm cache', script: 'synth/ours', rounds: ROUNDS, goal: 1.1 },
  // Once is enough for a factor of this size.
  { id: 'nodejs-function', label: 'L2s, NodejsFunction each', script: 'synth/nodejs-function', rounds: 1 },
];

interface Run {
  /** From the loaded CDK to the written assembly, in milliseconds. */
  readonly synth: number;
  /** Of the same stretch, without child processes. */
  readonly cpu: number;
  readonly process: number;
}

const outdir = (id: string): string => join(WORK, 'out', id);

const run = async (script: string, { id, cold }: Contender): Promise<Run> => {
  rmSync(outdir(id), { recursive: true, force: true });
  if (cold) rmSync(join(WORK, CACHE), { recursive: true, force: true });
  const start = performance.now();
  const child = spawn(process.execPath, [script, outdir(id)], {
    cwd: WORK,
    env: { ...process.env, CDK_VALIDATION: 'false', CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [measured, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${id}: synth ended with ${code}: ${errors}`);
  return { ...JSON.parse(measured), process: performance.now() - start };
};

/** How many resources of each type, to see that the floor does the same work. */
const census = (id: string): string => {
  const types = readdirSync(outdir(id))
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => JSON.parse(readFileSync(join(outdir(id), file), 'utf8')).Resources)
    .flatMap((resources: Record<string, { Type: string }>) => Object.values(resources).map(({ Type }) => Type));
  const counts = new Map<string, number>();
  for (const type of types.sort()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => `${count} ${type}`).join(', ');
};

export const synthFigures = async (): Promise<Figure[]> => {
  const scripts = await Promise.all(CONTENDERS.map(({ script }) => bundleScript(script)));
  const runs: Run[][] = CONTENDERS.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, contender] of CONTENDERS.entries()) {
      if (round < contender.rounds) runs[n]!.push(await run(scripts[n]!, contender));
    }
  }
  if (census('warm') !== census('floor')) {
    console.error(
      `Note: the floor is not the same work any more.\n  ours:  ${census('warm')}\n  floor: ${census('floor')}`,
    );
  }
  const times = (n: number, of: keyof Run) => runs[n]!.map((each) => each[of]);
  return CONTENDERS.map(({ id, label, goal }, n) => ({
    area: `Synth of ${WORKERS} workers`,
    id: `synth/${id}`,
    what: label,
    measured: median(times(n, 'synth')),
    unit: 'ms',
    ratio: median(ratios(times(n, 'synth'), times(0, 'synth'))),
    goal: goal === undefined ? undefined : { ratio: goal },
    detail: {
      cpuRatio: median(ratios(times(n, 'cpu'), times(0, 'cpu'))),
      process: median(times(n, 'process')),
      processRatio: median(ratios(times(n, 'process'), times(0, 'process'))),
    },
  }));
};
