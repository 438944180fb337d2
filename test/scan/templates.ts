import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeApp } from '../versions/app';
import { newest, oldest, type Versions } from '../versions/versions';
import type { Combination, Template } from './finding';

const FLAGS = ['none', 'recommended'] as const;

/** As `cdk init` sets them with this version, and what the cdk.json of this repository adds. */
const contextOf = (flags: (typeof FLAGS)[number], app: string, root: string): Record<string, unknown> => {
  if (flags === 'none') return {};
  const file = join(app, 'node_modules', 'aws-cdk-lib', 'recommended-feature-flags.json');
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  return { ...JSON.parse(readFileSync(file, 'utf8')), ...context };
};

const synth = (root: string, app: string, outdir: string, { cdk, flags }: Combination): void => {
  const context = { CDK_CONTEXT_JSON: JSON.stringify(contextOf(flags, app, root)) };
  const options = { cwd: app, stdio: 'inherit', timeout: 180_000 } as const;
  const tsx = join(root, 'node_modules', '.bin', 'tsx');
  // The CDK's own validation stays on here: this is the one place that runs it.
  const validated = { ...process.env, ...context, CDK_OUTDIR: join(outdir, 'reference') };
  execFileSync(tsx, ['bin/reference-app.ts'], { ...options, env: validated });
  const variants = ['test/scan/synth.ts', join(outdir, 'variants'), cdk];
  execFileSync(tsx, variants, { ...options, env: { ...process.env, ...context } });
};

const written = (directory: string): { name: string; body: string }[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => ({
      name: file.replace('.template.json', ''),
      body: readFileSync(join(directory, file), 'utf8'),
    }));

const combinations = (): { versions: Versions; combination: Combination }[] => {
  const all = [oldest(), newest()].filter(
    (versions, n, both) => n === 0 || versions['aws-cdk-lib'] !== both[0]!['aws-cdk-lib'],
  );
  return all.flatMap((versions) =>
    FLAGS.map((flags) => ({ versions, combination: { cdk: versions['aws-cdk-lib'], flags } })),
  );
};

/**
 * Synthesizes what is scanned: the reference app as the CLI would, and the variants, each with the oldest and the newest CDK,
 * without feature flags and with the recommended ones. What comes out the same is scanned once.
 */
export const templates = (root: string): Template[] => {
  const directory = join(root, '.local', 'scan');
  rmSync(directory, { recursive: true, force: true });
  const byContent = new Map<string, Template & { combinations: Combination[] }>();
  for (const { versions, combination } of combinations()) {
    const app = makeApp(root, versions);
    const outdir = join(directory, `${combination.cdk}-${combination.flags}`);
    synth(root, app, outdir, combination);
    for (const { name, body } of [...written(join(outdir, 'reference')), ...written(join(outdir, 'variants'))]) {
      const key = `${name}\n${body}`;
      const path = join(directory, 'templates', `${name}-${combination.cdk}-${combination.flags}.template.json`);
      const known = byContent.get(key);
      if (known) {
        known.combinations.push(combination);
        continue;
      }
      mkdirSync(join(directory, 'templates'), { recursive: true });
      writeFileSync(path, body);
      byContent.set(key, { name, path, optIn: name === 'OptIn', combinations: [combination] });
    }
  }
  return [...byContent.values()];
};
