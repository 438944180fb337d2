import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Versions } from './versions';

/** What an app is made of: the reference app, and the variants that are scanned. */
const SOURCES = ['bin', join('test', 'scan'), 'tsconfig.json'];
const LIBRARY = ['package.json', 'lib', join('lambda', 'dist')];

const installed = (directory: string, name: string): string | undefined => {
  const manifest = join(directory, 'node_modules', name, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
};

/** Installs the versions into a project of their own, once. */
export const install = (root: string, versions: Versions): string => {
  const directory = join(root, '.local', 'versions', versions['aws-cdk-lib']);
  const pairs = Object.entries(versions);
  if (pairs.every(([name, version]) => installed(directory, name) === version)) return directory;
  console.error(`Installing ${pairs.map((pair) => pair.join('@')).join(' and ')} into ${directory} ...`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const manifest = { name: 'app-of-a-version', private: true, dependencies: versions };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: directory,
    stdio: 'inherit',
  });
  return directory;
};

/**
 * A project that has the built library and these versions in a node_modules of its own. It lies below the repository, where
 * Node finds everything else. A copy and not links: Node would follow those to the repository, and to the CDK there.
 */
export const makeApp = (root: string, versions: Versions): string => {
  const directory = install(root, versions);
  const library = join(directory, 'node_modules', 'cdk-async-patterns');
  for (const path of [...SOURCES.map((source) => join(directory, source)), library]) {
    rmSync(path, { recursive: true, force: true });
  }
  for (const part of SOURCES) cpSync(join(root, part), join(directory, part), { recursive: true });
  for (const part of LIBRARY) {
    cpSync(join(root, part), join(library, part), {
      recursive: true,
      filter: (path) => !/(?<!\.d)\.ts$|\.tsbuildinfo$/.test(path),
    });
  }
  return directory;
};
