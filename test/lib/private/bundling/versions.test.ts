import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from './project';

const { version } = JSON.parse(readFileSync(join(__dirname, '../../../../package.json'), 'utf8'));

const installed = (runtime: string): Project =>
  new Project({
    'a.ts': 'import { worker } from "cdk-async-patterns/runtime"; export const handler = worker;',
    'node_modules/cdk-async-patterns/package.json': JSON.stringify({
      name: 'cdk-async-patterns',
      version: runtime,
      exports: { './runtime': './lambda/dist/runtime/index.mjs' },
    }),
    'node_modules/cdk-async-patterns/lambda/dist/runtime/index.mjs': 'export const worker = () => 1;',
  });

test('a runtime of the version of the constructs is bundled', () => {
  const [asset] = installed(version).synth('a.ts');
  expect(asset!.run()).toBe(1);
});

test('one of another version is refused, with what to install', () => {
  expect(() => installed('99.0.0').synth('a.ts')).toThrow(
    new RegExp(
      `the runtime of a\\.ts .* does not fit the constructs: got cdk-async-patterns 99\\.0\\.0 in ` +
        `node_modules/cdk-async-patterns, expected ${version}\\. Run \`npm install cdk-async-patterns@${version}\``,
    ),
  );
});
