import { bundleHandler, bundleScript } from '../bundle';
import { CONTENDERS } from '../contenders';
import { median, ratios } from '../stats';
import type { Figure } from '../table';
import { measureRounds } from './runner';

const BATCH_SIZES = [10, 1000];

export const runtimeFigures = async (): Promise<Figure[]> => {
  const script = await bundleScript('runtime/child');
  const bundled = await Promise.all(
    CONTENDERS.map(async (contender) => ({ contender, bundle: (await bundleHandler(contender)).path })),
  );
  const figures: Figure[] = [];
  for (const batchSize of BATCH_SIZES) {
    const answers = await measureRounds(script, bundled, batchSize);
    const of = (n: number, what: 'wall' | 'cpu') => answers[n]!.map((answer) => answer[what]);
    for (const [n, { label, file, goal }] of CONTENDERS.entries()) {
      figures.push({
        area: `Time a record, batch of ${batchSize}`,
        what: label,
        id: `runtime/${batchSize}/${file}`,
        measured: median(of(n, 'wall')) / 1000,
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
