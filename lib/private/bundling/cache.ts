import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from './cache-directory';
import { type Entry, formatIndex, type Index, type Input, parseIndex, toInputs } from './cache-index';
import { type AssetFile, contentOf, type Files } from './files';
import type { Fingerprint } from './inputs';
import { once } from './once';
import { type BundleSpec, optionsKey } from './spec';

/** A bundle without its sidecars: what is worth keeping. */
export interface Cached {
  readonly files: readonly AssetFile[];
  /** Digest of the files. */
  readonly content: string;
  readonly sidecars: readonly string[];
  readonly exports: readonly string[] | undefined;
  readonly warnings: readonly string[];
}

const HOUR = 60 * 60 * 1000;
const MONTH = 30 * 24 * HOUR;
const INDEX = 'index.json';
/** Of every bundle. */
const NAMES = ['index.js', 'index.js.map'];

/**
 * Bundles of earlier synths: an index, and the files as they go into an assembly, for it to link. What the index says of
 * a bundle is believed only when all that it was made of has the same content now, and its files are whole: they may
 * have been edited by way of an assembly. A file that is there is never written to, for the same reason.
 */
export class Cache {
  private readonly directory: string | undefined;
  private readonly made = new Map<string, Entry>();
  private readonly unchanged = new Map<Input, boolean>();
  private index: Index | undefined;

  /** @param files as they are in this round: a cache is good for one, too */
  public constructor(
    private readonly root: string,
    private readonly files: Files,
  ) {
    this.directory = cacheDirectory(root);
  }

  /** @param tools all that made the bundle, apart from its options and files */
  public read(spec: BundleSpec, tools: string): Cached | undefined {
    if (!this.directory) return undefined;
    this.index ??= this.load();
    const entry = this.index.get(keyOf(spec));
    if (entry?.tools !== tools || !entry.inputs.every(this.isUnchanged)) return undefined;
    const { content, sidecars, exports, warnings } = entry;
    try {
      const files = NAMES.map((name): AssetFile => {
        const original = this.file(content, name);
        return { name, content: readFileSync(original), original };
      });
      return contentOf(files) === content ? { files, content, sidecars, exports, warnings } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps the files at once, and knows of them after `save`. Returns the bundle with what can be linked. */
  public add(spec: BundleSpec, tools: string, inputs: Fingerprint, bundle: Cached): Cached {
    if (!this.directory) return bundle;
    const { files, content, sidecars, exports, warnings } = bundle;
    try {
      const kept = files.map((file) => ({ ...file, original: this.file(content, file.name) }));
      for (const file of kept) this.write(file.original, file.content);
      const entry = { tools, inputs: toInputs(inputs), content, sidecars, exports, warnings, made: Date.now() };
      this.made.set(keyOf(spec), entry);
      return { ...bundle, files: kept };
    } catch {
      return bundle; // A full disk costs the next synth its time, not this one its success.
    }
  }

  public save(): void {
    if (!this.directory || this.made.size === 0) return;
    try {
      const now = Date.now();
      // Read anew: another synth may have saved since. Between here and there one more may, whose bundles are forgotten.
      const index = new Map([...this.load(), ...this.made]);
      // What nothing has changed for a month is mostly of entries that are no more.
      for (const [key, { made }] of index) if (now - made > MONTH) index.delete(key);
      this.write(join(this.directory, INDEX), formatIndex(index));
      this.tidy(index, now);
    } catch {
      // As when adding.
    }
  }

  private load(): Index {
    try {
      return parseIndex(readFileSync(join(this.directory!, INDEX), 'utf8'));
    } catch {
      return new Map();
    }
  }

  private readonly isUnchanged = (input: Input): boolean =>
    once(this.unchanged, input, () => this.files.digest(join(this.root, input.path)) === input.was);

  /** Files that the index does not know, but for those that another synth may be about to add to it. */
  private tidy(index: Index, now: number): void {
    const known = new Set([
      INDEX,
      ...[...index.values()].flatMap(({ content }) => NAMES.map((n) => nameOf(content, n))),
    ]);
    for (const name of readdirSync(this.directory!)) {
      if (known.has(name)) continue;
      const path = join(this.directory!, name);
      if (now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > HOUR) rmSync(path, { force: true });
    }
  }

  /** Whole or not at all: another synth may be reading, or linking, or writing the same. */
  private write(path: string, content: Uint8Array | string): void {
    const temporary = join(this.directory!, `${randomUUID()}.tmp`);
    try {
      writeFileSync(temporary, content);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  private file(content: string, name: string): string {
    return join(this.directory!, nameOf(content, name));
  }
}

const keyOf = (spec: BundleSpec): string => `${spec.entry} ${optionsKey(spec)}`;

const nameOf = (content: string, name: string): string => `${content}.${name}`;
