import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { Metafile } from 'esbuild';
import type { Files } from './files';
import { once } from './once';
import { LOCKFILES, posix } from './spec';

/** Path relative to the root -> digest of the content, or null where nothing may be for the bundle to stay the same. */
export type Fingerprint = Record<string, string | null>;

/** What esbuild tries, in its order, for an import without extension. */
const EXTENSIONS = ['.tsx', '.ts', '.jsx', '.js', '.css', '.json'];

/** All files that an entry pulls in, itself first; those that tree shaking dropped too, for they decided that. */
export function reachable(metafile: Metafile, entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    for (const target of metafile.inputs[file]?.imports ?? []) {
      if (!target.external) found.add(target.path);
    }
  }
  return [...found];
}

/** Finds what decides the bytes of the bundles of one project. */
export class Inputs {
  private readonly perDirectory = new Map<string, readonly string[]>();
  private readonly names = new Map<string, string>();
  private readonly stable = new Map<string, boolean>();

  public constructor(
    private readonly root: string,
    private readonly metafile: Metafile,
    private readonly files: Files,
  ) {}

  /** Undefined when it cannot be told from the files: such a bundle must be made anew each time. */
  public fingerprint(entry: string, builtSince: number): Fingerprint | undefined {
    const paths = new Set(LOCKFILES.map((name) => join(this.root, name)));
    for (const file of reachable(this.metafile, entry)) {
      const path = resolve(this.root, file);
      if (!this.isStable(path, builtSince)) return undefined;
      paths.add(path);
      for (const config of this.configs(dirname(path))) paths.add(config);
      if (inPackage(path)) continue;
      for (const { path: target, original, external } of this.metafile.inputs[file]?.imports ?? []) {
        if (external && target.includes('*')) return undefined; // a glob takes in files that are yet to come
        if (!external && original !== undefined) {
          for (const rival of this.rivals(dirname(path), original)) paths.add(rival);
        }
      }
    }
    const fingerprint: Fingerprint = {};
    for (const path of paths) fingerprint[this.name(path)] = this.files.digest(path);
    return fingerprint;
  }

  /** The bundles of an app are made of mostly the same files. */
  private name(path: string): string {
    return once(this.names, path, () => posix(relative(this.root, path)));
  }

  /** A data URL or a virtual module has no file; one edited since the build began may not be what was bundled. */
  private isStable(path: string, builtSince: number): boolean {
    return once(this.stable, path, () => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isFile() === true && stats.mtimeMs < builtSince;
    });
  }

  /** The package.json and tsconfig.json that govern a directory, and the absence of nearer ones. */
  private configs(directory: string): readonly string[] {
    return once(this.perDirectory, directory, () => {
      const manifests = this.nearest(directory, 'package.json');
      if (inPackage(directory)) return manifests.filter((path) => this.files.exists(path));
      return [...manifests, ...this.nearest(directory, 'tsconfig.json').flatMap(this.extended)];
    });
  }

  /** The first such file at or above the directory, after the places where it was missing. */
  private nearest(directory: string, name: string): string[] {
    const path = join(directory, name);
    if (this.files.exists(path) || dirname(directory) === directory) return [path];
    return [path, ...this.nearest(dirname(directory), name)];
  }

  /** A tsconfig and all that it extends. The pattern may find too much, in a comment say: that only adds a file. */
  private readonly extended = (config: string): string[] => {
    const chain = new Set([config]);
    for (const path of chain) {
      if (!this.files.exists(path)) continue;
      const clause = /"extends"\s*:\s*("[^"]*"|\[[^\]]*\])/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
      for (const [, name] of clause.matchAll(/"([^"]*)"/g)) {
        const base = this.base(dirname(path), name!);
        if (base) chain.add(base);
      }
    }
    return [...chain];
  };

  private base(directory: string, name: string): string | undefined {
    const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile();
    const variants = (path: string) => [path, `${path}.json`, join(path, 'tsconfig.json')].find(isFile);
    if (name.startsWith('.') || isAbsolute(name)) return variants(resolve(directory, name));
    const found = variants(join(directory, 'node_modules', name));
    return found ?? (dirname(directory) === directory ? undefined : this.base(dirname(directory), name));
  }

  /** Places where nothing is, and where a new file or package would be what the import means from then on. */
  private rivals(directory: string, specifier: string): string[] {
    if (isAbsolute(specifier)) return [];
    const places: string[] = [];
    if (specifier.startsWith('.')) {
      const base = resolve(directory, specifier);
      places.push(base, ...EXTENSIONS.map((extension) => base + extension));
      if (this.files.exists(base)) places.push(...['.tsx', '.ts', '.jsx', '.js'].map((e) => join(base, `index${e}`)));
    } else {
      const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
      for (let above = directory; above.startsWith(this.root); above = dirname(above)) {
        const modules = join(above, 'node_modules');
        places.push(this.files.exists(modules) ? join(modules, name) : modules);
        if (dirname(above) === above) break;
      }
    }
    return places.filter((place) => !this.files.exists(place));
  }
}

const inPackage = (path: string): boolean => /[\\/]node_modules([\\/]|$)/.test(path);
