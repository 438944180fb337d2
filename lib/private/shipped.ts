import { existsSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORY = join(__dirname, '..', '..', 'lambda', 'dist', 'handlers');

/** The directory of a function that this package ships. @throws Error if the package is incomplete */
export function shipped(name: string): string {
  const directory = join(DIRECTORY, name);
  if (existsSync(join(directory, 'index.js'))) return directory;
  throw new Error(
    `the function ${name} is missing: got no index.js in ${directory}, expected the file that this package ships there. ` +
      'Reinstall cdk-async-patterns (in its own repository: npm run build).',
  );
}
