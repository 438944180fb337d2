import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** All that decides a bundle's bytes, apart from the files themselves. */
export interface BundleSpec extends BundleOptions {
  /** Absolute path of the project: what the bundler's paths are relative to. */
  readonly root: string;
  /** The entry file relative to the root, with forward slashes. */
  readonly entry: string;
}

export interface BundleOptions {
  /** esbuild's name of the oldest platform to run on, such as `node24`. */
  readonly target: string;
  readonly minify: boolean;
  readonly externalModules: readonly string[];
}

export function bundleSpec(file: string, options: BundleOptions): BundleSpec {
  const root = projectRoot(dirname(file));
  return {
    root,
    entry: posix(relative(root, file)),
    ...options,
    externalModules: [...new Set(options.externalModules)].sort(),
  };
}

/** Bundles whose options are equal can be made in one go. */
export const optionsKey = (spec: BundleOptions): string =>
  JSON.stringify([spec.target, spec.minify, spec.externalModules]);

export const specKey = (spec: BundleSpec): string => JSON.stringify([spec.root, spec.entry, optionsKey(spec)]);

export const posix = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'));

export const LOCKFILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'bun.lockb',
];

/**
 * The directory that a checkout carries with it whole, so that paths relative to it are the same on every machine: the
 * one with the lockfile, which in a workspace lies above the package; without one, the package's.
 */
function projectRoot(start: string): string {
  let nearestPackage: string | undefined;
  for (let dir = start; ; dir = dirname(dir)) {
    if (LOCKFILES.some((name) => existsSync(join(dir, name)))) return dir;
    if (existsSync(join(dir, 'package.json'))) nearestPackage ??= dir;
    // A lockfile above the checkout is somebody else's.
    if (existsSync(join(dir, '.git')) || dirname(dir) === dir) return nearestPackage ?? start;
  }
}
