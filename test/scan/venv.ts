import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PINNED = { 'cfn-lint': '1.58.0', checkov: '3.3.30' };
const MINIMUM = '3.10';

/** The directory of the scanners' commands; installs them on the first run. */
export const scanners = (root: string): string => {
  const venv = join(root, '.local', 'scan-venv');
  const bin = join(venv, 'bin');
  if (installed(bin)) return bin;
  const python = process.env.PYTHON ?? 'python3';
  const check = `import sys; sys.exit(sys.version_info < (${MINIMUM.replace('.', ', ')}))`;
  try {
    execFileSync(python, ['-c', check], { stdio: 'ignore' });
  } catch {
    throw new Error(`The scan needs Python >= ${MINIMUM}: set PYTHON to one (tried ${python}).`);
  }
  console.error(`Installing ${requirements().join(' and ')} into ${venv} ...`);
  execFileSync(python, ['-m', 'venv', '--clear', venv], { stdio: 'inherit' });
  execFileSync(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...requirements()], {
    stdio: 'inherit',
  });
  return bin;
};

const requirements = () => Object.entries(PINNED).map(([name, version]) => `${name}==${version}`);

const installed = (bin: string): boolean => {
  if (!existsSync(join(bin, 'pip'))) return false;
  const list = execFileSync(join(bin, 'pip'), ['freeze', '--disable-pip-version-check'], { encoding: 'utf8' });
  return requirements().every((requirement) => list.split('\n').includes(requirement));
};
