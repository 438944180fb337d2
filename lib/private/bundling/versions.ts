import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BundlingError } from './errors';
import type { BundleSpec } from './spec';

const versionIn = (directory: string): string =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version;

/** Of this package. */
export const LIBRARY: string = versionIn(join(__dirname, '..', '..', '..'));

const RUNTIME = /^(.*node_modules\/cdk-async-patterns)\/lambda\/dist\/runtime\/index\.m?js$/;

/**
 * The runtime comes into a bundle from where the handler's project has installed it, and its sidecars from here: halves that
 * fit if they are of one version. An app in another language installs the two on different ways.
 *
 * @param files all that is in the bundle, relative to the root
 */
export function checkRuntimeVersion({ root, entry }: BundleSpec, files: readonly string[]): void {
  for (const file of files) {
    const directory = RUNTIME.exec(file)?.[1];
    if (directory === undefined) continue;
    const version = versionIn(resolve(root, directory));
    if (version !== LIBRARY) {
      throw new BundlingError(
        `the runtime of ${entry} (in ${root}) does not fit the constructs: got cdk-async-patterns ${version} in ` +
          `${directory}, expected ${LIBRARY}. Run \`npm install cdk-async-patterns@${LIBRARY}\` there.`,
      );
    }
  }
}
