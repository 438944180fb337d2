import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Stack, Stage } from 'aws-cdk-lib';
import type { Bundle } from './bundler';
import type { Sidecar } from './sidecars';

/** Puts bundles into the cloud assembly of one app. */
export class Staging {
  /** Where each sidecar was written first. */
  private readonly originals = new Map<string, string>();

  /** The directory with the bundle, as the asset manifest of the stack names it. */
  public add(bundle: Bundle, stack: Stack): string {
    const { outdir, assetOutdir } = Stage.of(stack)!;
    const directory = join(assetOutdir, `asset.${bundle.hash}`);
    // The name is the content: what is there is right.
    if (!existsSync(directory)) {
      const temporary = `${directory}.${randomUUID()}`;
      mkdirSync(temporary, { recursive: true });
      writeFileSync(join(temporary, 'index.js'), bundle.code);
      writeFileSync(join(temporary, 'index.js.map'), bundle.map);
      for (const sidecar of bundle.sidecars) this.addSidecar(sidecar, temporary);
      publish(temporary, directory);
    }
    for (const { name, digest } of bundle.sidecars) this.originals.set(digest, join(directory, name));
    return relative(outdir, directory);
  }

  /** The same hundreds of kilobytes in every asset: one copy and links to it. */
  private addSidecar({ name, content, digest }: Sidecar, directory: string): void {
    const file = join(directory, name);
    if (!link(this.originals.get(digest), file)) writeFileSync(file, content);
  }
}

function link(original: string | undefined, file: string): boolean {
  if (original === undefined) return false;
  try {
    linkSync(original, file);
    return true;
  } catch {
    return false; // not every file system has links
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
