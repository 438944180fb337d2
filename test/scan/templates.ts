import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from './finding';
import { synthVariants } from './variants';

const within = (directory: string, prefix: string): Template[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => {
      const stack = file.replace('.template.json', '');
      return { name: `${prefix}${stack}`, path: join(directory, file), optIn: stack === 'OptIn' };
    });

/** Synthesizes what is scanned: the reference app as the CLI would, and the variants. */
export const templates = (root: string): Template[] => {
  const reference = join(root, '.local', 'scan', 'reference');
  const variants = join(root, '.local', 'scan', 'variants');
  for (const directory of [reference, variants]) rmSync(directory, { recursive: true, force: true });

  execFileSync('npx', ['tsx', 'bin/reference-app.ts'], {
    cwd: root,
    // The CDK's own validation stays on here: this is the one place that runs it.
    env: { ...process.env, CDK_OUTDIR: reference },
    stdio: 'inherit',
    timeout: 120_000,
  });
  synthVariants(variants);
  return [...within(reference, ''), ...within(variants, '')];
};
