import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL, ROOT } from '../local/run';

/** Apps of test/languages, copied to where they may leave what they build. */
const DIRECTORY = join(LOCAL, 'languages');
const { version, peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const out = (language: string): string => join(DIRECTORY, 'out', language);

const run = (language: string, program: string, args: readonly string[]): void => {
  // The CDK lints in the end, in versions that can: nobody reads it here.
  const env = { ...process.env, CDK_OUTDIR: out(language), CDK_VALIDATION: 'false' };
  const { status, error } = spawnSync(program, args, { cwd: DIRECTORY, stdio: 'inherit', env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed`, { cause: error });
};

const MODULE = 'github.com/cdk-async-patterns/cdk-async-patterns-go/cdkasyncpatterns';

/** Each compiles the app against the package that lies in dist, and runs it where the handler's entry is. */
const APPS: Record<string, () => void> = {
  go: () => {
    const replaced = `require ${MODULE} v${version}\n\nreplace ${MODULE} => ${join(ROOT, 'dist', 'go', 'cdkasyncpatterns')}\n`;
    const [, minimum] = /^go (\S+)$/m.exec(
      readFileSync(join(ROOT, 'dist', 'go', 'cdkasyncpatterns', 'go.mod'), 'utf8'),
    )!;
    writeFileSync(join(DIRECTORY, 'go', 'go.mod'), `module shop\n\ngo ${minimum}\n\n${replaced}`);
    run('go', 'go', ['-C', 'go', 'mod', 'tidy']);
    run('go', 'go', ['build', '-C', 'go', '-o', '../shop-go', '.']);
    run('go', './shop-go', []);
  },
  java: () =>
    run('java', 'mvn', [
      ...['--quiet', '--batch-mode', '--file', 'java/pom.xml', `-Dmaven.repo.local=${join(LOCAL, 'm2')}`],
      `-Dbuilt=file://${join(ROOT, 'dist', 'java')}`,
      `-Dversion=${version}`,
      `-Dcdk=${peerDependencies['aws-cdk-lib'].replace('^', '')}`,
      ...['compile', 'exec:java'],
    ]),
};

const templateOf = (language: string): string => readFileSync(join(out(language), 'Shop.template.json'), 'utf8');

/**
 * That the package works for who installs it: an app that uses it synthesizes what its twin in TypeScript does, to the byte.
 * False where there is no app; that in Python is a test.
 */
export function checkApp(language: string): boolean {
  const app = APPS[language];
  if (!app) return false;
  rmSync(DIRECTORY, { recursive: true, force: true });
  cpSync(join(ROOT, 'test', 'languages'), DIRECTORY, { recursive: true });
  // A release that was built again has the same version: what Maven keeps of it is of the one before.
  rmSync(join(LOCAL, 'm2', 'io', 'github', 'cdk-async-patterns'), { recursive: true, force: true });
  app();
  run('twin', join(ROOT, 'node_modules', '.bin', 'tsx'), ['twin.ts']);
  if (templateOf(language) !== templateOf('twin')) {
    throw new Error(`the app in ${out(language)} is not what its twin in TypeScript is, in ${out('twin')}`);
  }
  return true;
}
