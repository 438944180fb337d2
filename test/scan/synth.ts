// `tsx synth.ts <directory> <version of aws-cdk-lib>`: the variants, in a project that has this version.
import { createRequire } from 'node:module';
import { synthVariants } from './variants';

const [outdir, expected] = process.argv.slice(2) as [string, string];

/** As this app sees it, and as the library does: with two of them it would be a scan of something else. */
const seenBy = (from: string): string => {
  const { version } = createRequire(from)('aws-cdk-lib/package.json') as { version: string };
  return version;
};

for (const from of [__filename, require.resolve('cdk-async-patterns')]) {
  const version = seenBy(from);
  if (version !== expected) throw new Error(`${from} finds aws-cdk-lib ${version}, expected ${expected}`);
}
synthVariants(outdir);
