import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import type { BundleSpec } from './spec';

/** esbuild ends a CommonJS file made of an ES module with a list of its exports, for Node.js to find. */
const LIST = /0\s*&&\s*\(module\.exports\s*=\s*\{([^}]*)\}\)/;

/** Names that the entry exports, but for `default`; undefined where only running it would tell. */
export function exportsOf(spec: BundleSpec, metafile: Metafile, code: Uint8Array): string[] | undefined {
  if (metafile.inputs[spec.entry]?.format !== 'esm') return undefined;
  const bytes = Buffer.from(code.buffer, code.byteOffset, code.byteLength);
  const list = LIST.exec(bytes.toString('utf8', Math.max(0, bytes.lastIndexOf('module.exports') - 20)))?.[1];
  if (list === undefined) {
    // No list: nothing is exported by name, unless all of a CommonJS module is.
    return /export\s*\*/.test(readFileSync(join(spec.root, spec.entry), 'utf8')) ? undefined : [];
  }
  if (list.includes('...')) return undefined;
  return list.split(',').map((name) => name.replace(/:.*/, '').trim().replace(/^"|"$/g, ''));
}
