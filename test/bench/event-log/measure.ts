import { bundleHandler, bundleScript } from '../bundle';
import type { Contender } from '../contenders';
import { Stub } from '../idempotency/stub';
import { measureRounds } from '../runtime/runner';
import { median, ratios } from '../stats';
import type { Figure } from '../table';
import { BATCH, PAGE } from './stored';

const PART = 'event-log';
const CALLS = 10;
/** Requests are a system call or three each: a slice must hold many. */
const SCHEDULE = { generations: 3, rounds: 10, warmUp: 1_500, slice: 200 };

const WORK = [
  { id: 'append', text: 'append one event', goal: 1.1 },
  { id: 'transact', text: `append ${BATCH} events at once`, goal: 1.1 },
  { id: 'read', text: `read ${PAGE} events`, goal: 1.1 },
];

/** The first is what the others are measured against. */
const contenders = (id: string, goal: number): Contender[] => [
  { part: PART, file: `${id}-by-hand`, label: 'SDK by hand' },
  { part: PART, file: `${id}-by-hand-tuned`, label: 'SDK by hand, its middleware cached as ours is' },
  { part: PART, file: `${id}-ours`, label: 'ours', goal },
];

const measure = async (script: string, stub: Stub, { id, text, goal }: (typeof WORK)[number]): Promise<Figure[]> => {
  const all = contenders(id, goal);
  const bundled = await Promise.all(
    all.map(async (contender) => ({
      contender: { ...contender, env: stub.env },
      bundle: (await bundleHandler(contender)).path,
    })),
  );
  const rounds = await measureRounds(script, bundled, CALLS, SCHEDULE);
  const of = (n: number, what: 'wall' | 'cpu') => rounds[n]!.map((round) => round[what]);
  return all.map((contender, n) => ({
    area: `Event log: ${text}, CPU of the client, local stub`,
    id: `${PART}/${contender.file}`,
    what: contender.label,
    measured: median(of(n, 'cpu')) / 1_000,
    unit: 'us',
    ratio: median(ratios(of(n, 'cpu'), of(0, 'cpu'))),
    goal: contender.goal === undefined ? undefined : { ratio: contender.goal },
    detail: { wall: median(of(n, 'wall')) / 1_000 },
  }));
};

export const eventLogFigures = async (): Promise<Figure[]> => {
  const script = await bundleScript('runtime/child');
  const stub = await Stub.start();
  const figures: Figure[] = [];
  for (const work of WORK) figures.push(...(await measure(script, stub, work)));
  stub.stop();
  return figures;
};
