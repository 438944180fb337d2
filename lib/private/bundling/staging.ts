import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Stack, Stage } from 'aws-cdk-lib';
import type { Bundle } from './bundler';
import type { AssetFile } from './files';

/** Puts bundles into the cloud assembly of one app. */
export class Staging {
  /** Where each sidecar was written first: the same hundreds of kilobytes in every asset are one copy and links to it. */
  private readonly originals = new Map<string, string>();

  /** The directory with the bundle, as the asset manifest of the stack names it. */
  public add({ hash, files, sidecars }: Bundle, stack: Stack): string {
    const { outdir, assetOutdir } = Stage.of(stack)!;
    const directory = join(assetOutdir, `asset.${hash}`);
    // The name is the content: what is there is right.
    if (!existsSync(directory)) {
      const temporary = `${directory}.${randomUUID()}`;
      mkdirSync(temporary);
      for (const file of files) place(file, temporary);
      for (const sidecar of sidecars) place({ ...sidecar, original: this.originals.get(sidecar.digest) }, temporary);
      publish(temporary, directory);
      for (const { name, digest } of sidecars) {
        if (!this.originals.has(digest)) this.originals.set(digest, join(directory, name));
      }
    }
    return relative(outdir, directory);
  }
}

/** A link takes a fraction of the time of a new file. */
function place({ name, content, original }: AssetFile, directory: string): void {
  const file = join(directory, name);
  if (original === undefined || !link(original, file)) writeFileSync(file, content);
}

function link(original: string, file: string): boolean {
  try {
    linkSync(original, file);
    return true;
  } catch {
    return false; // Another device, a file system without links, too many of them, or the original is gone.
  }
}

function publish(temporary: string, directory: string): void {
  try {
    renameSync(temporary, directory);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another synth into the same directory was faster.
    if (!existsSync(directory)) throw error;
  }
}
