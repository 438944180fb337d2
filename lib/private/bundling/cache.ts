import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digest, type Files } from './files';
import type { Fingerprint } from './inputs';
import { type BundleSpec, optionsKey } from './spec';

/** A bundle without its sidecars: what is worth keeping. */
export interface Cached {
  readonly code: Uint8Array;
  readonly map: Uint8Array;
  /** Digest of the two. */
  readonly content: string;
  readonly sidecars: readonly string[];
  readonly exports: readonly string[] | undefined;
  readonly warnings: readonly string[];
}

/** First line of a cache file; the code and the map follow. */
interface Header extends Omit<Cached, 'code' | 'map'> {
  readonly tools: string;
  readonly inputs: Fingerprint;
  readonly codeLength: number;
}

const MONTH = 30 * 24 * 60 * 60 * 1000;
const SUFFIX = '.bundle';

/**
 * Bundles of earlier synths, one file an entry. A file is believed only when all that its bundle was made of has the
 * same content now, and it is whole itself; anything else is as good as no file.
 */
export class Cache {
  private readonly directory: string | undefined;

  public constructor(private readonly root: string) {
    this.directory = writable(root);
  }

  /** @param tools all that made the bundle, apart from its options and files */
  public read(spec: BundleSpec, tools: string, files: Files): Cached | undefined {
    if (!this.directory) return undefined;
    try {
      const bytes = readFileSync(this.file(spec));
      const end = bytes.indexOf('\n');
      const header: Header = JSON.parse(bytes.toString('utf8', 0, end));
      const body = bytes.subarray(end + 1);
      const { inputs, codeLength, content, sidecars, exports, warnings } = header;
      if (header.tools !== tools || content !== digest(body)) return undefined;
      if (Object.entries(inputs).some(([path, was]) => files.digest(join(this.root, path)) !== was)) return undefined;
      const [code, map] = [body.subarray(0, codeLength), body.subarray(codeLength)];
      return { code, map, content, sidecars, exports, warnings };
    } catch {
      return undefined;
    }
  }

  /** Whole or not at all: another synth may be reading, or writing the same. */
  public write(spec: BundleSpec, tools: string, inputs: Fingerprint, bundle: Cached): void {
    if (!this.directory) return;
    const { code, map, ...rest } = bundle;
    const header: Header = { ...rest, tools, inputs, codeLength: code.length };
    const temporary = join(this.directory, `${randomUUID()}.tmp`);
    try {
      writeFileSync(temporary, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), code, map]));
      renameSync(temporary, this.file(spec));
    } catch {
      // A full disk costs the next synth its time, not this one its success.
      rmSync(temporary, { force: true });
    }
  }

  /** Files that nothing has rewritten for a month: most are of entries that are no more. */
  public prune(now: number): void {
    if (!this.directory) return;
    try {
      for (const name of readdirSync(this.directory)) {
        const path = join(this.directory, name);
        if (now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > MONTH) rmSync(path, { force: true });
      }
    } catch {
      // Somebody else is tidying up, too.
    }
  }

  private file(spec: BundleSpec): string {
    return join(this.directory!, digest(spec.entry + optionsKey(spec)) + SUFFIX);
  }
}

/** The place that tools agreed on; where there is none, one of this user's own. */
function writable(root: string): string | undefined {
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
