import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DYNAMODB_CLIENT_FILE, SQS_CLIENT_FILE } from '../../lib/private/contract';
import { HANDLERS, ROOT, WORK } from './paths';
import { entry, READY_ASSET, WORKERS } from './synth/layout';

/** A project as a user has it: the package below node_modules, an entry a worker, a lockfile. */
export const makeProject = (): void => {
  rmSync(WORK, { recursive: true, force: true });
  const library = join(WORK, 'node_modules', 'cdk-async-patterns');
  for (const part of ['package.json', 'lib', join('lambda', 'dist')]) {
    cpSync(join(ROOT, part), join(library, part), {
      recursive: true,
      filter: (path) => !/(?<!\.d)\.ts$|\.tsbuildinfo$/.test(path),
    });
  }
  for (const client of [SQS_CLIENT_FILE, DYNAMODB_CLIENT_FILE]) {
    cpSync(join(library, 'lambda', 'dist', 'runtime', client), join(HANDLERS, client));
  }
  mkdirSync(join(WORK, 'entries'));
  mkdirSync(join(WORK, READY_ASSET));
  writeFileSync(join(WORK, 'package.json'), JSON.stringify({ name: 'bench', private: true }));
  writeFileSync(join(WORK, 'package-lock.json'), JSON.stringify({ name: 'bench', lockfileVersion: 3, packages: {} }));
  writeFileSync(join(WORK, READY_ASSET, 'index.js'), 'exports.handler = async () => ({ batchItemFailures: [] });\n');
  for (let n = 0; n < WORKERS; n++) {
    writeFileSync(
      join(WORK, entry(n)),
      `import { worker } from 'cdk-async-patterns/runtime';\n` +
        `export const handler = worker({ async process(order: object, { log }) { log.info('done by ${n}', { order }); } });\n`,
    );
  }
};
