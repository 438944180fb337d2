import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as esbuild from 'esbuild';
import { BundlingError } from './errors';

/** Where an installed esbuild lies, found without loading it: a synth that finds all in the cache never does. */
export interface EsbuildLocation {
  readonly path: string;
  readonly version: string;
}

/** The first version known to report in its metafile what we read there. */
const OLDEST = '0.19.0';

/** The directories are tried in order; the app's own version comes first, ours last. */
export function locateEsbuild(directories: string[]): EsbuildLocation {
  let manifest: string;
  try {
    manifest = require.resolve('esbuild/package.json', { paths: directories });
  } catch {
    throw new BundlingError(
      `esbuild is not installed: got none from ${directories.join(' or ')}, expected it there to bundle the entries of ` +
        'Handler.fromEntry. Run `npm install --save-dev esbuild`.',
    );
  }
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  if (Number(version.split('.')[0]) === 0 && Number(version.split('.')[1]) < Number(OLDEST.split('.')[1])) {
    throw new BundlingError(
      `esbuild is too old: got ${version} in ${dirname(manifest)}, expected ${OLDEST} or newer. ` +
        'Run `npm install --save-dev esbuild@latest`.',
    );
  }
  return { path: dirname(manifest), version };
}

type Build = esbuild.BuildResult<{ write: false; metafile: true }>;

export function runEsbuild(location: EsbuildLocation, options: esbuild.BuildOptions): Build {
  // Read when esbuild is loaded: its worker thread takes 50 ms to start, which a build or two never earn back.
  try {
    const { buildSync } = withEnvironment('ESBUILD_WORKER_THREADS', '0', (): typeof esbuild => require(location.path));
    // All bundles of the app come through one pipe, and the default of 16 MiB holds a dozen SDKs.
    return withEnvironment('ESBUILD_MAX_BUFFER', String(2 ** 30), () =>
      buildSync({ ...options, write: false, metafile: true }),
    );
  } catch (error) {
    if (isBuildFailure(error)) throw error;
    throw new BundlingError(
      `esbuild did not run: got "${(error as Error).message}" from ${location.path}, expected it to bundle. ` +
        'Reinstall it for this platform: `npm install --save-dev esbuild`.',
    );
  }
}

/** What is wrong is in the user's code, and the messages say where. */
export const isBuildFailure = (error: unknown): error is esbuild.BuildFailure =>
  Array.isArray((error as esbuild.BuildFailure).errors);

/** What the user has set stays. */
function withEnvironment<T>(name: string, value: string, run: () => T): T {
  if (process.env[name] !== undefined) return run();
  process.env[name] = value;
  try {
    return run();
  } finally {
    delete process.env[name];
  }
}
