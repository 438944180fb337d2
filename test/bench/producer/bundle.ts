import { join } from 'node:path';
import { build } from 'esbuild';
import { BENCH, ROOT, WORK } from '../paths';

/** Bundles a contender with its SDK client, the same way for all. */
export const bundleContender = async (file: string): Promise<string> => {
  const path = join(WORK, 'producer', `${file}.js`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(BENCH, 'producer', 'contenders', `${file}.ts`)],
    outfile: path,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    // A plain `require`, as in the runtime that ships.
    supported: { 'dynamic-import': false },
    logLevel: 'warning',
  });
  return path;
};
