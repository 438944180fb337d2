import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL, ROOT, run } from '../../bin/local/run';
import { virtualEnvironment } from '../../bin/local/venv';

// What somebody gets who writes Python: the wheel, beside the oldest CDK that it says it works with.
const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const oldest = (name: string): string => peerDependencies[name].replace('^', '');

const directory = join(LOCAL, 'python');
const environment = {
  ...process.env,
  // One pip and one npm of this process's own, with nothing to build first.
  npm_config_ignore_scripts: 'true',
  CDK_VALIDATION: 'false',
};

const execute = (command: string, args: string[], env: Record<string, string> = {}): Promise<void> =>
  run(command, args, { log: join(directory, 'run.log'), env: { ...environment, ...env } });

const assembly = (name: string) => {
  const outdir = join(directory, name);
  const { Resources } = JSON.parse(readFileSync(join(outdir, 'Stack.template.json'), 'utf8'));
  return { outdir, Resources };
};

let python: string;
beforeAll(async () => {
  const packages = { 'aws-cdk-lib': oldest('aws-cdk-lib'), constructs: oldest('constructs') };
  python = join(await virtualEnvironment('python-venv', packages), 'python');
  const dist = join(directory, 'dist');
  await execute('npx', ['jsii-pacmak', '--target', 'python', '--outdir', dist, '--no-npmignore']);
  const wheel = readdirSync(join(dist, 'python')).find((file) => file.endsWith('.whl'))!;
  const install = ['-m', 'pip', 'install', '--disable-pip-version-check', '--force-reinstall', '--no-deps'];
  await execute(python, [...install, join(dist, 'python', wheel)]);
}, 600_000);

test('the wheel finds all that it requires in the oldest CDK', () => execute(python, ['-m', 'pip', 'check']), 60_000);

test('an app in Python that uses every construct synthesizes what its twin in TypeScript does', async () => {
  await execute('npx', ['tsx', 'test/python/twin.ts'], { CDK_OUTDIR: join(directory, 'typescript') });
  await execute(python, ['test/python/app.py'], { CDK_OUTDIR: join(directory, 'python') });
  const [ours, theirs] = [assembly('typescript'), assembly('python')];
  expect(Object.keys(theirs.Resources).length).toBeGreaterThan(50);
  // The handlers' bundles included: their names are hashes of what is in them.
  expect(theirs.Resources).toEqual(ours.Resources);
}, 120_000);
