import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { once } from './once';

/** Of the parts one after another. */
export function digest(...parts: (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url');
}

/** A file that goes to Lambda. */
export interface AssetFile {
  readonly name: string;
  readonly content: Uint8Array;
  /** Where the same is on disk, for an assembly to link. */
  readonly original?: string;
}

/** Digest of files with their names; where they lie does not matter. */
export const contentOf = (files: readonly AssetFile[]): string =>
  digest(...files.flatMap(({ name, content }) => [`${name} ${content.length}\n`, content]));

/**
 * What lies on disk, looked at once. Good for one round of bundling only: by the next, somebody may have edited a file,
 * and neither its time nor its size would tell.
 */
export class Files {
  private readonly digests = new Map<string, string | null>();
  private readonly listings = new Map<string, ReadonlySet<string>>();

  /** Digest of the file's content, or null when nothing is there. A directory counts as its existence. */
  public digest(path: string): string | null {
    return once(this.digests, path, () => (this.exists(path) ? this.read(path) : null));
  }

  public exists(path: string): boolean {
    const directory = dirname(path);
    const names = once(this.listings, directory, () => new Set(list(directory)));
    return names.has(basename(path)) || directory === path;
  }

  private read(path: string): string {
    try {
      return digest(readFileSync(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EISDIR') return 'directory';
      throw error;
    }
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
