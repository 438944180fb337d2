import { bundleHandler } from './bundle';
import { CONTENDERS } from './contenders';
import type { Figure } from './table';

/** Minified, without the SDK client that lies beside the handler. */
const GOAL = 10_000;

export const sizeFigures = async (): Promise<Figure[]> => {
  const floor = await bundleHandler(CONTENDERS[0]!);
  const sized = [{ file: 'ours-empty', label: 'ours, a handler that does nothing' }, ...CONTENDERS];
  const figures: Figure[] = [];
  for (const { file, label } of sized) {
    const { bytes } = await bundleHandler({ file });
    figures.push({
      area: 'Bundle, minified',
      id: `size/${file}`,
      what: label,
      measured: bytes,
      unit: 'bytes',
      ratio: bytes / floor.bytes,
      goal: file === 'ours-empty' ? { measured: GOAL } : undefined,
    });
  }
  return figures;
};
