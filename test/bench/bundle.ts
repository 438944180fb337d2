import { join } from 'node:path';
import { build } from 'esbuild';
import type { Contender } from './contenders';
import { BENCH, HANDLERS, ROOT, WORK } from './paths';

/** Bundles a handler as it would be deployed, the same way for every contender. */
export const bundleHandler = async ({
  part = 'runtime',
  file,
}: Pick<Contender, 'part' | 'file'>): Promise<{ path: string; bytes: number }> => {
  const path = join(HANDLERS, `${part}-${file}.js`);
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(BENCH, part, 'handlers', `${file}.ts`)],
    outfile: path,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // The SDK clients that lie beside a handler and that the runtime loads when it needs one.
    external: ['./async-patterns-*.js'],
    metafile: true,
    logLevel: 'warning',
  });
  const bytes = Object.values(metafile.outputs)[0]!.bytes;
  return { path, bytes };
};

/** Bundles a script that a child process runs with plain node: a transpiler in the child would be measured too. */
export const bundleScript = async (file: string): Promise<string> => {
  const path = join(WORK, 'scripts', `${file.replaceAll('/', '-')}.js`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(BENCH, `${file}.ts`)],
    outfile: path,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'warning',
  });
  return path;
};
