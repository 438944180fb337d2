import { accessSync, constants, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digest } from './files';

/** The place that tools agreed on; where there is none, one of this user's own. */
export function cacheDirectory(root: string): string | undefined {
  const inProject = existsSync(join(root, 'package.json')) || existsSync(join(root, 'node_modules'));
  if (inProject) {
    const directory = join(root, 'node_modules', '.cache', 'cdk-async-patterns');
    if (prepare(directory)) return directory;
  }
  const own = join(tmpdir(), `cdk-async-patterns-${process.getuid?.() ?? 'cache'}`);
  const directory = join(own, digest(root));
  // What lies there becomes code: it must be ours.
  return prepare(directory) && isOurs(own) ? directory : undefined;
}

function prepare(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isOurs(directory: string): boolean {
  const stats = lstatSync(directory);
  // Where there are no user ids, the temporary directory is the user's own.
  if (process.getuid === undefined) return true;
  return stats.isDirectory() && stats.uid === process.getuid() && (stats.mode & 0o022) === 0;
}
