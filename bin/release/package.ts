// Builds the packages of the other languages into dist/, each as far as this machine has what it takes.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../local/run';
import { checkApp } from './apps';

interface Language {
  readonly name: string;
  /** A program and its arguments that succeed where the toolchain is there. */
  readonly toolchain: readonly [string, ...string[]];
  readonly options?: readonly string[];
  /** What jsii-pacmak leaves to do. */
  finish?(): void;
}

const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const oldest = (name: string): string => peerDependencies[name].replace('^', 'v');

const spawn = (command: string, args: readonly string[], cwd = ROOT): boolean =>
  spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    // The build has been done, once for all languages.
    env: { ...process.env, npm_config_ignore_scripts: 'true' },
  }).status === 0;

function must(command: string, args: readonly string[], cwd?: string): void {
  if (!spawn(command, args, cwd)) throw new Error(`${command} ${args.join(' ')} failed`);
}

/**
 * A Go module asks for at least a version: the oldest that we work with, not the one that we develop with. What that needs in
 * turn, `go mod tidy` knows.
 */
function finishGo(): void {
  const [directory] = globSync('dist/go/*/', { cwd: ROOT });
  const module = join(ROOT, directory!);
  const file = readFileSync(join(module, 'go.mod'), 'utf8');
  const indirect = [...file.matchAll(/^\t(\S+) \S+ \/\/ indirect$/gm)].map(([, name]) => `-droprequire=${name}`);
  must(
    'go',
    [
      'mod',
      'edit',
      ...indirect,
      `-require=github.com/aws/aws-cdk-go/awscdk/v2@${oldest('aws-cdk-lib')}`,
      `-require=github.com/aws/constructs-go/constructs/v10@${oldest('constructs')}`,
    ],
    module,
  );
  must('go', ['mod', 'tidy'], module);
  must('go', ['build', './...'], module);
}

const LANGUAGES: readonly Language[] = [
  { name: 'python', toolchain: ['python3', '-c', 'import venv'] },
  { name: 'java', toolchain: ['mvn', '--version'] },
  { name: 'go', toolchain: ['go', 'version'], options: ['--code-only'], finish: finishGo },
];

/** What every package must carry: the constructs, and what they put beside and into functions. */
const PARTS = [
  /^package\/\.jsii$/,
  /^package\/lib\/index\.js$/,
  /^package\/lambda\/dist\/runtime\/index\.(js|mjs|d\.ts)$/,
  /^package\/lambda\/dist\/runtime\/async-patterns-\w+\.js$/,
  /^package\/lambda\/dist\/handlers\/[\w-]+\/index\.js$/,
];

/** The npm package lies in each as it is; where it does not, or not whole, nothing works at the user's. */
function checkTarball(name: string): void {
  const read = (program: string, args: string[]): Buffer => {
    const { status, stdout } = spawnSync(program, args, { cwd: ROOT, maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed`);
    return stdout;
  };
  const find = (pattern: string): string => {
    const [file] = globSync(pattern, { cwd: ROOT });
    if (file === undefined) throw new Error(`${name}: got no ${pattern}, expected what was built`);
    return file;
  };
  const unzip = (archive: string): Buffer => read('unzip', ['-p', archive, '*.tgz']);
  const tarball = {
    python: () => unzip(find('dist/python/*.whl')),
    java: () => unzip(find('dist/java/**/*[0-9].jar')),
    go: () => readFileSync(join(ROOT, find('dist/go/*/jsii/*.tgz'))),
  }[name]!();
  const { stdout } = spawnSync('tar', ['tz'], { input: tarball, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const files = stdout.split('\n');
  const missing = PARTS.filter((part) => !files.some((file) => part.test(file)));
  if (missing.length > 0) throw new Error(`${name}: got no ${missing.join(', ')} in the package, expected each`);
  const built = globSync('lambda/dist/**/*.{js,mjs,ts,mts}', { cwd: ROOT }).map((file) => `package/${file}`);
  const lost = built.filter((file) => !files.includes(file));
  if (lost.length > 0)
    throw new Error(`${name}: got no ${lost.join(', ')} in the package, expected all of lambda/dist`);
}

const asked = process.argv.slice(2);
const failed: string[] = [];
for (const { name, toolchain, options = [], finish } of LANGUAGES) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const [program, ...args] = toolchain;
  if (spawnSync(program, args, { stdio: 'ignore' }).status !== 0) {
    console.log(
      `${name}: skipped, since \`${toolchain.join(' ')}\` does not work here; install it to build this package`,
    );
    if (asked.includes(name)) failed.push(name);
    continue;
  }
  try {
    must('npx', ['jsii-pacmak', '--target', name, '--no-npmignore', '--force', ...options]);
    finish?.();
    checkTarball(name);
    const proven = checkApp(name) ? '; an app that uses it is what its twin in TypeScript is' : '';
    console.log(`${name}: built into dist/${name}, with all of the runtime${proven}`);
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}`);
    failed.push(name);
  }
}
if (asked.some((name) => !LANGUAGES.some((language) => language.name === name))) {
  console.error(`got ${asked.join(', ')}, expected some of ${LANGUAGES.map(({ name }) => name).join(', ')}`);
  process.exitCode = 1;
}
if (failed.length > 0 || !existsSync(join(ROOT, 'dist'))) process.exitCode = 1;
