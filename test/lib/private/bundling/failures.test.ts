import { join } from 'node:path';
import { locateEsbuild } from '../../../../lib/private/bundling/esbuild';
import { Project, temporary } from './project';

const GOOD = { 'good.ts': 'export const handler = 1;' };

/** The message of the one error that a synth of the entries throws. */
function failure(project: Project, ...entries: string[]): string {
  try {
    project.synth(...entries);
  } catch (error) {
    return (error as Error).message.replaceAll(project.root, '<root>');
  }
  throw new Error('nothing failed');
}

test('a package that is not installed: names entry, place and way out', () => {
  const project = new Project({ ...GOOD, 'a.ts': '\n  import pad from "left-pad";\nexport const handler = pad;' });
  expect(failure(project, 'good.ts', 'a.ts')).toBe(
    `cannot bundle a.ts (in <root>):
  a.ts:2:19: Could not resolve "left-pad"
    import pad from "left-pad";
    Expected an installed package. Install it in this project, or name it in externalModules if a layer or the Lambda runtime provides it.`,
  );
});

test('a file that is not there', () => {
  expect(failure(new Project({ 'a.ts': 'import "./nope";' }), 'a.ts')).toBe(
    `cannot bundle a.ts (in <root>):
  a.ts:1:8: Could not resolve "./nope"
    import "./nope";
    Expected a file at that path, relative to the file that imports it.`,
  );
});

test('a mistake in a shared file is laid to the entries that import it, all in one error', () => {
  const project = new Project({
    ...GOOD,
    'shared.ts': 'export const x = ;',
    'a.ts': 'import { x } from "./shared"; export const handler = x;',
    'b.ts': 'export const handler = (await 1) + 1;',
    'c.ts': 'import { x } from "./shared"; export const handler = x;',
  });
  expect(failure(project, 'a.ts', 'good.ts', 'b.ts', 'c.ts')).toBe(
    `cannot bundle a.ts (in <root>):
  shared.ts:1:18: Unexpected ";"
    export const x = ;
cannot bundle b.ts (in <root>):
  b.ts:1:25: Top-level await is currently not supported with the "cjs" output format
    export const handler = (await 1) + 1;
cannot bundle c.ts (in <root>):
  shared.ts:1:18: Unexpected ";"
    export const x = ;`,
  );
});

test('a synth after the mistake is mended works', () => {
  const project = new Project({ 'a.ts': 'import "./nope"; export const handler = () => 1;' });
  failure(project, 'a.ts');
  project.write({ 'nope.ts': '' });
  expect(project.synth('a.ts')[0]!.run()).toBe(1);
});

describe('an export that is not there', () => {
  test.each([
    ['under another name', 'export const main = 1; export function other() {}', 'main, other'],
    ['as the default only', 'export default () => 1;', 'no named export'],
    ['not at all', 'import "node:fs";', 'no named export'],
    ['from another file', 'export * from "./good2";', 'handle'],
  ])('%s', (_how, source, got) => {
    const project = new Project({ 'a.ts': source, 'good2.ts': 'export const handle = 1;' });
    const expected = `entry does not export its handler: got ${got} from a.ts (in <root>), expected handler. Export it by that name, or pass exportName.`;
    expect(failure(project, 'a.ts')).toBe(expected);
    expect(failure(project, 'a.ts')).toBe(expected); // from the cache too
  });

  test.each([
    ['CommonJS', 'a.cjs', 'Object.assign(exports, { handler: 1 });'],
    ['all of a package that is external', 'a.ts', 'export * from "node:fs";'],
    ['all of a CommonJS module', 'a.ts', 'export * from "./b.cjs";'],
    ['a name that is no identifier beside it', 'a.ts', 'const handler = 1; export { handler, handler as "x-y" };'],
  ])('is not claimed of %s', (_what, entry, source) => {
    const project = new Project({ [entry]: source, 'b.cjs': 'Object.assign(exports, { handler: 1 });' });
    expect(project.synth(entry)).toHaveLength(1);
  });

  test('is found in a minified bundle too', () => {
    const project = new Project({ 'a.ts': 'export const main = () => 1;' });
    const handler = project.handler('a.ts', { minify: true });
    expect(() => require('./project').synthAll([handler])).toThrow('got main from a.ts');
  });

  test('may be the default export when that is asked for', () => {
    const project = new Project({ 'a.ts': 'export default () => 1;' });
    const [asset] = require('./project').synthAll([project.handler('a.ts', { exportName: 'default' })]);
    expect(asset.run('default')).toBe(1);
  });
});

describe('esbuild', () => {
  test('that is absent: one error that names the command', () => {
    const directory = temporary();
    expect(() => locateEsbuild([directory])).toThrow(
      new RegExp(`esbuild is not installed: got none from ${directory}, .* Run \`npm install --save-dev esbuild\``),
    );
  });

  test('that is too old', () => {
    const project = new Project({ ...GOOD, 'node_modules/esbuild/package.json': '{"version":"0.18.20"}' });
    expect(() => locateEsbuild([project.root])).toThrow(
      `esbuild is too old: got 0.18.20 in ${join(project.root, 'node_modules/esbuild')}, expected 0.19.0 or newer`,
    );
  });

  test('of the app is preferred to the one beside the entry', () => {
    const [app, entry] = [new Project(), new Project()];
    for (const { root, write } of [app, entry].map((p) => ({ root: p.root, write: p }))) {
      write.write({ 'node_modules/esbuild/package.json': `{"version":"0.28.2","at":"${root}"}` });
    }
    expect(locateEsbuild([app.root, entry.root]).path).toBe(join(app.root, 'node_modules/esbuild'));
    expect(locateEsbuild([temporary(), entry.root]).path).toBe(join(entry.root, 'node_modules/esbuild'));
  });
});
