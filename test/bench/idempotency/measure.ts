import { bundleHandler, bundleScript } from '../bundle';
import type { Contender } from '../contenders';
import type { Answer } from '../runtime/child';
import { measureRounds, Runner } from '../runtime/runner';
import { median, ratios } from '../stats';
import type { Figure } from '../table';
import { ON_STORE, OVER_SDK } from './contenders';
import { Stub } from './stub';

const BATCH_SIZE = 10;
/** Nothing here waits for anything, but there is more to compile than in a handler alone: it takes the engine a second. */
const STORE_SCHEDULE = { generations: 5, rounds: 8, warmUp: 1_500, slice: 50 };
/** Requests are a system call or three each: a slice must hold many. */
const SDK_SCHEDULE = { generations: 3, rounds: 10, warmUp: 1_500, slice: 250 };
const GOAL = {
  /** CPU that is ours, in microseconds a record. */
  own: 5,
  /** Requests, as a multiple of those by hand. */
  requests: 0.2,
  /** One for a batch of messages that were all done before. */
  duplicates: 1 / BATCH_SIZE,
};

type Name = keyof typeof ON_STORE;
const NAMES = Object.keys(ON_STORE) as Name[];
const CALLERS: readonly Name[] = ['byHand', 'ours', 'powertools'];

const bundlesOf = async (contenders: readonly Contender[]): Promise<string[]> =>
  Promise.all(contenders.map(async (contender) => (await bundleHandler(contender)).path));

const cpuFigures = (rounds: Record<Name, Answer[]>): Figure[] => {
  const area = `Idempotency on a store in the process, CPU a record, batch of ${BATCH_SIZE}`;
  const cpu = (name: Name) => rounds[name].map((round) => round.cpu / 1000);
  // Of what ours takes, the handler's work and the worker's are in `bare`, the store's in `store`; the rest is idempotency's.
  // The loop that invokes is in both, which takes some 0.1 us too much away.
  const own = cpu('ours').map((total, n) => total - cpu('bare')[n]! - cpu('store')[n]!);
  const figures: Figure[] = NAMES.map((name) => ({
    area,
    id: `idempotency/cpu/${name}`,
    what: ON_STORE[name].label,
    measured: median(cpu(name)),
    unit: 'us',
    ratio: median(ratios(cpu(name), cpu('byHand'))),
    detail: { wall: median(rounds[name].map(({ wall }) => wall)) / 1000 },
  }));
  const what = "ours less the two above: idempotency's own";
  const after = NAMES.indexOf('ours') + 1;
  const ownFigure = {
    area,
    id: 'idempotency/cpu/own',
    what,
    measured: median(own),
    unit: 'us',
    goal: { measured: GOAL.own },
  };
  return figures.toSpliced(after, 0, ownFigure);
};

const requestFigures = (rounds: Record<Name, Answer[]>): Figure[] => {
  const requests = (name: Name) => rounds[name][0]!.requests;
  return CALLERS.map((name) => ({
    area: `Idempotency, requests a record, batch of ${BATCH_SIZE}`,
    id: `idempotency/requests/${name}`,
    what: ON_STORE[name].label,
    measured: requests(name),
    unit: 'requests',
    ratio: requests(name) / requests('byHand'),
    goal: name === 'ours' ? { ratio: GOAL.requests } : undefined,
  }));
};

/** A message comes again because SQS hands it out again, or because its sender has sent it again: only the first can be told. */
const DUPLICATES = [
  { id: 'redelivered', text: 'delivered again', receiveCount: 2 },
  { id: 'resent', text: 'sent twice', receiveCount: 1 },
];

const duplicateFigures = async (script: string, bundles: Record<Name, string>): Promise<Figure[]> => {
  const figures: Figure[] = [];
  for (const { id, text, receiveCount } of DUPLICATES) {
    for (const name of CALLERS) {
      const runner = new Runner({ script, bundle: bundles[name], contender: ON_STORE[name], batchSize: BATCH_SIZE });
      const { requests } = await runner.ask({ duplicates: receiveCount });
      runner.stop();
      figures.push({
        area: `Idempotency, requests a record, batch of ${BATCH_SIZE} that were done before`,
        id: `idempotency/${id}/${name}`,
        what: `${ON_STORE[name].label}; ${text}`,
        measured: requests,
        unit: 'requests',
        goal: name === 'ours' ? { measured: GOAL.duplicates } : undefined,
      });
    }
  }
  return figures;
};

const onStore = async (script: string): Promise<Figure[]> => {
  const paths = await bundlesOf(Object.values(ON_STORE));
  const bundled = Object.values<Contender>(ON_STORE).map((contender, n) => ({ contender, bundle: paths[n]! }));
  const measured = await measureRounds(script, bundled, BATCH_SIZE, STORE_SCHEDULE);
  const byName = <T>(of: readonly T[]) => Object.fromEntries(NAMES.map((name, n) => [name, of[n]!])) as Record<Name, T>;
  const rounds = byName(measured);
  return [...cpuFigures(rounds), ...requestFigures(rounds), ...(await duplicateFigures(script, byName(paths)))];
};

const overSdk = async (script: string): Promise<Figure[]> => {
  const paths = await bundlesOf(OVER_SDK);
  const stub = await Stub.start();
  const bundled = OVER_SDK.map((contender, n) => ({
    contender: { ...contender, env: { ...contender.env, ...stub.env } },
    bundle: paths[n]!,
  }));
  const rounds = await measureRounds(script, bundled, BATCH_SIZE, SDK_SCHEDULE);
  stub.stop();
  const of = (n: number, what: 'wall' | 'cpu') => rounds[n]!.map((round) => round[what]);
  return OVER_SDK.map(({ label, file, goal }, n) => ({
    area: `Idempotency over the SDK, CPU a record of the client, local stub, batch of ${BATCH_SIZE}`,
    id: `idempotency/sdk/${file}`,
    what: label,
    measured: median(of(n, 'cpu')) / 1000,
    unit: 'us',
    ratio: median(ratios(of(n, 'cpu'), of(0, 'cpu'))),
    goal: goal === undefined ? undefined : { ratio: goal },
    detail: { wall: median(of(n, 'wall')) / 1000 },
  }));
};

export const idempotencyFigures = async (): Promise<Figure[]> => {
  const script = await bundleScript('runtime/child');
  return [...(await onStore(script)), ...(await overSdk(script))];
};
