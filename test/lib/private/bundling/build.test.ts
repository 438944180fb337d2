import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Project, synthAll, temporary } from './project';

const SHARED = { 'lambda/shared.ts': 'export const twice = (n: number) => 2 * n;' };
const ORDERS = {
  'lambda/orders.ts': 'import { twice } from "./shared";\nexport const handler = (n: number) => twice(n);',
};

describe('the bundle', () => {
  test('is one CommonJS file with all it imports, and a source map that names the sources', async () => {
    const project = new Project({
      ...SHARED,
      'lambda/orders.ts': `
        import { twice } from './shared';
        import { one } from 'a-package';
        export const handler = async () => twice(one) + (await import('./late')).three;`,
      'lambda/late.ts': 'export const three = 3;',
      'node_modules/a-package/package.json': '{"name":"a-package","main":"main.js"}',
      'node_modules/a-package/main.js': 'exports.one = 1;',
    });
    const [asset] = project.synth('lambda/orders.ts');
    expect(Object.keys(asset!.files)).toEqual(['index.js', 'index.js.map']);
    await expect(asset!.run()).resolves.toBe(5);
    expect(asset!.code).toMatch(/\/\/# sourceMappingURL=index\.js\.map\n$/);
    const map = JSON.parse(asset!.files['index.js.map']!);
    expect(map.sources).toEqual(expect.arrayContaining(['../../lambda/orders.ts', '../../lambda/shared.ts']));
    expect(map.sourcesContent).toBeUndefined();
  });

  test('leaves import() of what is known only in Lambda to Node.js', () => {
    const [asset] = new Project({ 'a.ts': 'export const handler = (url: string) => import(url);' }).synth('a.ts');
    expect(asset!.code).toContain('import(url)');
  });

  test('takes in the AWS SDK, as ES modules', () => {
    const project = new Project({
      'a.ts': 'import { SQSClient } from "@aws-sdk/client-sqs"; export const handler = () => typeof SQSClient;',
      'node_modules/@aws-sdk/client-sqs/package.json':
        '{"name":"@aws-sdk/client-sqs","main":"dist-cjs/index.js","module":"dist-es/index.js"}',
      'node_modules/@aws-sdk/client-sqs/dist-cjs/index.js': 'exports.SQSClient = class { cjs() {} };',
      'node_modules/@aws-sdk/client-sqs/dist-es/index.js': 'export class SQSClient { es() {} }; export class Unused {}',
    });
    const [asset] = project.synth('a.ts');
    expect(asset!.run()).toBe('function');
    expect(asset!.code).toContain('dist-es/index.js');
    expect(asset!.code).not.toContain('Unused');
  });

  test('gives a package that requires another what Node.js would give it', () => {
    const project = new Project({
      'a.ts': 'import { call } from "old"; export const handler = call;',
      'b.ts': 'import both from "both"; export const handler = both;',
      'node_modules/both/package.json': '{"name":"both","main":"main.js","module":"main.mjs"}',
      'node_modules/both/main.js': 'module.exports = () => "main";',
      'node_modules/both/main.mjs': 'export default () => "module";',
      'node_modules/old/package.json': '{"name":"old","main":"main.js"}',
      'node_modules/old/main.js': 'const both = require("both"); exports.call = () => both();',
    });
    expect(project.synth('a.ts', 'b.ts').map((asset) => asset.run())).toEqual(['main', 'module']);
  });
});

describe('the same inputs give the same bytes and hash', () => {
  const files = {
    ...SHARED,
    ...ORDERS,
    'lambda/other.ts':
      'import { twice } from "./shared"; import { one } from "a-package"; export const handler = () => twice(one);',
    'node_modules/a-package/package.json': '{"name":"a-package","main":"main.js"}',
    'node_modules/a-package/main.js': 'exports.one = 1;',
    'tsconfig.json': '{"compilerOptions":{"strict":true}}',
  };

  test('wherever the project lies', () => {
    const here = new Project(files);
    const there = here.copy(join(temporary(), 'deep', 'er'));
    expect(there.synth('lambda/other.ts')[0]).toMatchObject({
      hash: here.synth('lambda/other.ts')[0]!.hash,
      files: here.synth('lambda/other.ts')[0]!.files,
    });
  });

  test('whatever else is bundled with it', () => {
    const project = new Project(files);
    const together = project.synth('lambda/other.ts', 'lambda/orders.ts')[1]!;
    expect(project.copy().synth('lambda/orders.ts')[0]!.files).toEqual(together.files);
  });

  test('whatever the working directory is', () => {
    const before = new Project(files);
    const project = before.copy();
    const [expected] = before.synth('lambda/orders.ts');
    jest.spyOn(process, 'cwd').mockReturnValue(temporary());
    expect(project.synth('lambda/orders.ts')[0]!.files).toEqual(expected!.files);
  });

  test('from a package in a workspace, whose dependencies lie above it', () => {
    const workspace = {
      'packages/app/package.json': '{"name":"app"}',
      'packages/app/a.ts': 'import { one } from "a-package"; export const handler = () => one;',
      'node_modules/a-package/package.json': '{"name":"a-package","main":"main.js"}',
      'node_modules/a-package/main.js': 'exports.one = 1;',
    };
    const here = new Project(workspace);
    const [asset] = here.synth('packages/app/a.ts');
    expect(asset!.code).toContain('// packages/app/a.ts');
    expect(here.copy().synth('packages/app/a.ts')[0]!.files).toEqual(asset!.files);
  });

  test('and other inputs another hash', () => {
    const project = new Project(files);
    const [before] = project.synth('lambda/orders.ts');
    project.write({ 'lambda/shared.ts': 'export const twice = (n: number) => n + n;' });
    expect(project.synth('lambda/orders.ts')[0]!.hash).not.toBe(before!.hash);
  });
});

describe('the sidecar', () => {
  const CLIENT = join(__dirname, '../../../../lambda/dist/runtime/async-patterns-sqs.js');
  const files = {
    'with.ts': 'import { send } from "fake-runtime"; export const handler = send;',
    'without.ts': 'export const handler = () => 1;',
    'node_modules/fake-runtime/package.json': '{"name":"fake-runtime","module":"index.mjs"}',
    'node_modules/fake-runtime/index.mjs': 'export const send = () => import("./async-patterns-sqs.js");',
  };

  test('lies beside a bundle that mentions it, and only there', () => {
    const [without, with_] = new Project(files).synth('without.ts', 'with.ts');
    expect(Object.keys(without!.files)).toEqual(['index.js', 'index.js.map']);
    expect(with_!.files['async-patterns-sqs.js']).toBe(readFileSync(CLIENT, 'utf8'));
    expect(with_!.code.length).toBeLessThan(10_000);
  });

  test('comes along from the cache, and to a second asset', () => {
    const project = new Project({ ...files, 'again.ts': files['with.ts'] });
    const [before] = project.synth('with.ts');
    const [one, two] = project.synth('with.ts', 'again.ts');
    expect(one!.hash).toBe(before!.hash);
    expect(two!.files['async-patterns-sqs.js']).toBe(one!.files['async-patterns-sqs.js']);
  });
});

test('all entries of an app with the same options are one call of the bundler', () => {
  const project = new Project({ ...SHARED, ...ORDERS, 'lambda/b.ts': 'export const handler = 1;' });
  const calls = project.useLoggingEsbuild();
  synthAll([
    project.handler('lambda/orders.ts'),
    project.handler('lambda/b.ts'),
    project.handler('lambda/b.ts'),
    project.handler('lambda/b.ts', { minify: true }),
  ]);
  expect(calls()).toEqual([['./lambda/orders.ts', './lambda/b.ts'], ['./lambda/b.ts']]);
});
