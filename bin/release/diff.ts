// What a release would change for users of the constructs, against the one that is published.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../local/run';

const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const published = spawnSync('npm', ['view', name, 'version', '--json'], { cwd: ROOT, encoding: 'utf8' });

if (published.status !== 0 && /\bE404\b/.test(published.stdout + published.stderr)) {
  console.log(`There is no release of ${name} to compare with yet.`);
} else if (published.status !== 0) {
  console.error(`${name} could not be looked up: ${published.stderr.trim()}`);
  process.exitCode = 1;
} else {
  // Experimental as a whole, and users upgrade all the same: every break is worth a decision.
  const args = ['jsii-diff', '--error-on', 'all', '--keys', '--ignore-file', '.compatignore', `npm:${name}@latest`];
  process.exitCode = spawnSync('npx', args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
