// Writes API.md, or with --check says whether it is what jsii-docgen would write.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LOCAL, ROOT } from '../local/run';

const check = process.argv.includes('--check');
const page = join(ROOT, 'API.md');
const out = check ? join(LOCAL, 'API.md') : page;
mkdirSync(LOCAL, { recursive: true });
const { status } = spawnSync('npx', ['jsii-docgen', '--output', relative(ROOT, out)], { cwd: ROOT, stdio: 'inherit' });
if (status !== 0) {
  process.exitCode = 1;
} else if (check && readFileSync(out, 'utf8') !== readFileSync(page, 'utf8')) {
  console.error('API.md is stale: run npm run docs:api and commit it');
  process.exitCode = 1;
}
