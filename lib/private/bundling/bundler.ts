import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { Cache, type Cached } from './cache';
import { type EsbuildLocation, locateEsbuild } from './esbuild';
import { Files } from './files';
import type { Inputs } from './inputs';
import { once } from './once';
import { SETTINGS } from './settings';
import { readSidecar, type Sidecar } from './sidecars';
import { type BundleSpec, optionsKey, specKey } from './spec';
import { LIBRARY } from './versions';

/** What goes to Lambda for one entry. */
export interface Bundle extends Omit<Cached, 'sidecars'> {
  readonly sidecars: readonly Sidecar[];
  /** Of the files, and of nothing else. */
  readonly hash: string;
}

/** Makes the bundles, from the cache where it can, with one call of esbuild for all the others. */
export function bundleAll(specs: readonly BundleSpec[]): Map<string, Bundle> {
  const round = new Round();
  const bundles = new Map<string, Bundle>();
  const missing = new Map<string, BundleSpec[]>();
  for (const spec of specs) {
    const cached = round.cache(spec).read(spec, round.tools(spec));
    if (cached) {
      bundles.set(specKey(spec), round.assemble(cached));
    } else {
      const together = JSON.stringify([spec.root, optionsKey(spec), round.esbuild(spec).path]);
      missing.set(together, [...(missing.get(together) ?? []), spec]);
    }
  }
  for (const group of missing.values()) {
    for (const [spec, cached] of round.make(group)) bundles.set(specKey(spec), round.assemble(cached));
  }
  return bundles;
}

/** What is looked up once a round. */
class Round {
  private readonly files = new Files();
  private readonly caches = new Map<string, Cache>();
  private readonly sidecars = new Map<string, Sidecar>();
  private readonly locations = new Map<string, EsbuildLocation>();

  public cache({ root }: BundleSpec): Cache {
    return once(this.caches, root, () => new Cache(root, this.files));
  }

  public esbuild({ root, entry }: BundleSpec): EsbuildLocation {
    const directory = dirname(join(root, entry));
    return once(this.locations, directory, () => locateEsbuild([process.cwd(), directory, __dirname]));
  }

  public tools(spec: BundleSpec): string {
    return JSON.stringify([LIBRARY, this.esbuild(spec).version, SETTINGS]);
  }

  public make(specs: readonly BundleSpec[]): [BundleSpec, Cached][] {
    // Loaded here, since a synth that finds all in the cache needs none of it.
    const { build } = require('./build') as typeof import('./build');
    const { Inputs } = require('./inputs') as typeof import('./inputs');
    const [first] = specs as [BundleSpec];
    const start = Date.now();
    const cache = this.cache(first);
    const inputs = new Map<Metafile, Inputs>();
    const made = build(this.esbuild(first), specs).map(({ spec, metafiles, ...bundle }): [BundleSpec, Cached] => {
      const fingerprints = metafiles.map((metafile) =>
        once(inputs, metafile, () => new Inputs(spec.root, metafile, this.files)).fingerprint(spec.entry, start),
      );
      if (!fingerprints.every((fingerprint) => fingerprint !== undefined)) return [spec, bundle];
      return [spec, cache.add(spec, this.tools(spec), Object.assign({}, ...fingerprints), bundle)];
    });
    cache.save();
    return made;
  }

  public assemble(cached: Cached): Bundle {
    const sidecars = cached.sidecars.map((name) => once(this.sidecars, name, () => readSidecar(name)));
    const identity = [cached.content, ...sidecars.map(({ name, digest }) => [name, digest])];
    return { ...cached, sidecars, hash: createHash('sha256').update(JSON.stringify(identity)).digest('hex') };
  }
}
