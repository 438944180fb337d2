import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

// Has this build and a released one read each other: npm run upgrades -- --previous <version on npm, package or its folder>
const { values } = parseArgs({ options: { previous: { type: 'string' } } });
const { previous } = values;
if (previous === undefined)
  throw new Error('got no --previous, expected a version on npm, a tarball of npm pack, or a folder');

const NAME = 'cdk-async-patterns';
const temporary = mkdtempSync(join(tmpdir(), 'previous-package-'));

/** The folder of a package, unpacked if it is not yet. */
function folderOf(what: string): string {
  if (existsSync(what) && !what.endsWith('.tgz')) return resolve(what);
  const isFile = existsSync(what);
  if (!isFile) execFileSync('npm', ['pack', `${NAME}@${what}`, '--pack-destination', temporary], { stdio: 'inherit' });
  const tarball = isFile
    ? resolve(what)
    : join(temporary, readdirSync(temporary).find((file) => file.endsWith('.tgz'))!);
  execFileSync('tar', ['-xzf', tarball, '-C', temporary]);
  return join(temporary, 'package');
}

try {
  const found = folderOf(previous);
  const runtime = [found, join(found, 'lambda', 'dist', 'runtime')].find((it) => existsSync(join(it, 'index.js')));
  if (runtime === undefined)
    throw new Error(`${found}: got no lambda/dist/runtime, expected a package as it is published`);
  const jest = createRequire(__filename).resolve('jest/bin/jest');
  const { status } = spawnSync(
    process.execPath,
    [jest, '--ci', '--selectProjects', 'unit', '--testPathPatterns', 'test/upgrades/between'],
    { env: { ...process.env, UPGRADES_PREVIOUS: runtime }, stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(temporary, { recursive: true });
}
