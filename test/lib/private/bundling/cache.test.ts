import fs, { readFileSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Asset, Project } from './project';

const FILES = {
  'lambda/orders.ts':
    'import { limit } from "./limits"; import { one } from "a-package"; export const handler = () => limit + one;',
  'lambda/limits.ts': 'export { limit } from "./deep/limit";',
  'lambda/deep/limit.ts': 'export const limit = 10;',
  'lambda/refunds.ts': 'export const handler = () => "refund";',
  'lambda/other.ts': 'export const handler = () => "other";',
  'node_modules/a-package/package.json': '{"name":"a-package","main":"main.js"}',
  'node_modules/a-package/main.js': 'exports.one = 1;',
  'node_modules/base/tsconfig.json': '{}',
  'tsconfig.json': '{\n  // a comment\n  "extends": ["./tsconfig.base", "base"],\n}',
  'tsconfig.base.json': '{}',
};

/** A project that has been synthesized once, and the log of its bundler since. */
function warm(files: Record<string, string> = FILES): { project: Project; calls: () => string[][] } {
  const project = new Project(files);
  const log = project.useLoggingEsbuild();
  project.synth('lambda/orders.ts');
  expect(log()).toHaveLength(1);
  return { project, calls: () => log().slice(1) };
}

const rerun = [['./lambda/orders.ts']];

test('the next synth skips the bundler, and gives the same bytes', () => {
  const { project, calls } = warm();
  const [once] = project.synth('lambda/orders.ts');
  expect(calls()).toEqual([]);
  expect(once!.run()).toBe(11);
  expect(project.copy().synth('lambda/orders.ts')[0]!.files).toEqual(once!.files);
});

test('a warm synth does not even load esbuild', () => {
  const { project } = warm();
  project.write({ 'node_modules/esbuild/main.js': 'throw new Error("poisoned");' });
  jest.resetModules();
  expect(project.synth('lambda/orders.ts')[0]!.run()).toBe(11);
  expect(() => project.synth('lambda/refunds.ts')).toThrow(/^esbuild did not run: got "poisoned" from .*Reinstall it/);
});

test('a new entry is bundled alone', () => {
  const { project, calls } = warm();
  project.synth('lambda/orders.ts', 'lambda/refunds.ts');
  expect(calls()).toEqual([['./lambda/refunds.ts']]);
});

test('only the content counts: a touched file changes nothing', () => {
  const { project, calls } = warm();
  utimesSync(join(project.root, 'lambda/limits.ts'), new Date(), new Date());
  project.synth('lambda/orders.ts');
  expect(calls()).toEqual([]);
});

test('an edit counts though time and size of the file are as before', () => {
  const { project } = warm();
  const file = join(project.root, 'lambda/deep/limit.ts');
  const { atime, mtime } = statSync(file);
  project.write({ 'lambda/deep/limit.ts': 'export const limit = 20;' });
  utimesSync(file, atime, mtime);
  expect(project.synth('lambda/orders.ts')[0]!.run()).toBe(21);
});

describe('the bundle is made anew after a change of', () => {
  test.each([
    ['the entry', { 'lambda/orders.ts': 'export const handler = () => 0;' }],
    ['what an import imports', { 'lambda/deep/limit.ts': 'export const limit = 20;' }],
    ['an installed package', { 'node_modules/a-package/main.js': 'exports.one = 2;' }],
    ['the manifest of a package', { 'node_modules/a-package/package.json': '{"name":"a-package","main":"main"}' }],
    ['the lockfile', { 'package-lock.json': '{"lockfileVersion":3}' }],
    ['the package', { 'package.json': '{"name":"app","sideEffects":false}' }],
    ['the tsconfig', { 'tsconfig.json': '{"compilerOptions":{"strict":true}}' }],
    ['a tsconfig that it extends', { 'tsconfig.base.json': '{"compilerOptions":{"strict":true}}' }],
    ['a tsconfig from a package', { 'node_modules/base/tsconfig.json': '{"compilerOptions":{"strict":true}}' }],
    ['which tsconfig is the nearest', { 'lambda/tsconfig.json': '{}' }],
    ['which package.json is the nearest', { 'lambda/package.json': '{}' }],
    ['which file an import means', { 'lambda/limits.tsx': 'export const limit = 5;' }],
    ['which package an import means', { 'lambda/node_modules/a-package/index.js': 'exports.one = 5;' }],
    ['the version of esbuild', { 'node_modules/esbuild/package.json': '{"version":"0.28.1","main":"main.js"}' }],
  ])('%s', (_what, change: Record<string, string>) => {
    const { project, calls } = warm();
    project.write(change);
    project.synth('lambda/orders.ts');
    expect(calls()).toEqual(rerun);
  });

  test('an import that is gone', () => {
    const { project } = warm();
    rmSync(join(project.root, 'lambda/deep/limit.ts'));
    expect(() => project.synth('lambda/orders.ts')).toThrow('Could not resolve "./deep/limit"');
  });
});

test('options have bundles of their own', () => {
  const { project, calls } = warm();
  const [one, two] = [project.handler('lambda/orders.ts'), project.handler('lambda/orders.ts', { minify: true })];
  expect(one).not.toBe(two);
  project.synth('lambda/orders.ts');
  expect(calls()).toEqual([]);
});

test('bundles of the same code share their files', () => {
  const { project } = warm();
  const before = project.cacheFiles();
  project.write({ 'lambda/limits.ts': '// a comment\nexport { limit } from "./deep/limit";' });
  project.synth('lambda/orders.ts');
  expect(project.cacheFiles()).toEqual(before);
});

describe.each(['index.json', '.index.js', '.index.js.map'])('a cached %s that is not whole is none:', (name) => {
  test.each([
    ['missing', (file: string) => rmSync(file)],
    ['empty', (file: string) => truncateSync(file, 0)],
    ['cut short', (file: string) => truncateSync(file, statSync(file).size - 10)],
    ['not ours', (file: string) => writeFileSync(file, '{}\n')],
    [
      'changed',
      (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace(/"inputs":|limit = 10|\d/, 'x')),
    ],
    ['a directory', (file: string) => [rmSync(file), symlinkSync(dirname(file), file)]],
  ])('%s', (_what, damage) => {
    const { project, calls } = warm();
    damage(project.cacheFiles().find((file) => file.endsWith(name))!);
    expect(project.synth('lambda/orders.ts')[0]!.run()).toBe(11);
    expect(calls()).toEqual(rerun);
    project.synth('lambda/orders.ts');
    expect(calls()).toEqual(rerun);
  });
});

test('an index whose entries name inputs that it does not have is none', () => {
  const { project, calls } = warm();
  const index = project.cacheFiles().find((file) => file.endsWith('index.json'))!;
  writeFileSync(index, JSON.stringify({ ...JSON.parse(readFileSync(index, 'utf8')), inputs: [] }));
  project.synth('lambda/orders.ts');
  project.synth('lambda/orders.ts');
  expect(calls()).toEqual(rerun);
});

describe('the files of an assembly', () => {
  const inode = (asset: Asset, name: string) => statSync(join(asset.directory, name)).ino;

  test.each(['index.js', 'index.js.map'])('are links to the cache: %s', (name) => {
    const { project } = warm();
    const [one, two] = [project.synth('lambda/orders.ts')[0]!, project.synth('lambda/orders.ts')[0]!];
    expect(inode(one, name)).toBe(inode(two, name));
    expect(project.cacheFiles().map((file) => statSync(file).ino)).toContain(inode(one, name));
  });

  test.each(['index.js', 'index.js.map'])('may be edited without harm to the next one: %s', (name) => {
    const { project, calls } = warm();
    const edited = project.synth('lambda/orders.ts')[0]!;
    writeFileSync(join(edited.directory, name), 'edited');
    const next = project.synth('lambda/orders.ts')[0]!;
    expect(next).toMatchObject({ hash: edited.hash, files: edited.files });
    expect(calls()).toEqual(rerun);
    expect(readFileSync(join(edited.directory, name), 'utf8')).toBe('edited');
    expect(project.synth('lambda/orders.ts')[0]!.files).toEqual(next.files);
    expect(calls()).toEqual(rerun);
  });

  test.each(['EXDEV', 'EPERM', 'EMLINK'])('are copies where there can be no links: %s', (code) => {
    const project = new Project(FILES);
    const linked = project.synth('lambda/orders.ts')[0]!;
    const elsewhere = project.copy();
    jest.spyOn(fs, 'linkSync').mockImplementation(() => {
      throw Object.assign(new Error(code), { code });
    });
    for (const _synth of ['cold', 'warm']) {
      const copied = elsewhere.synth('lambda/orders.ts')[0]!;
      expect(copied).toMatchObject({ hash: linked.hash, files: linked.files });
      expect(statSync(join(copied.directory, 'index.js')).nlink).toBe(1);
    }
  });
});

test('a directory of files that the code picks from at run time is read each time', () => {
  const { project, calls } = warm({
    'lambda/orders.ts': 'export const handler = async (l: string) => (await import("./texts/" + l)).default;',
    'lambda/texts/en.json': '"hello"',
  });
  project.write({ 'lambda/texts/de.json': '"hallo"' });
  project.synth('lambda/orders.ts');
  expect(calls()).toEqual(rerun);
});

test('a file edited while it was bundled is not believed to be what was bundled', () => {
  const { project, calls } = warm({
    ...FILES,
    'lambda/orders.ts': 'export const handler = () => 1;',
  });
  const later = new Date(Date.now() + 60_000);
  project.write({ 'lambda/orders.ts': 'export const handler = () => 2;' });
  utimesSync(join(project.root, 'lambda/orders.ts'), later, later);
  project.synth('lambda/orders.ts');
  project.synth('lambda/orders.ts');
  expect(calls()).toEqual([...rerun, ...rerun]);
});

describe('what is in the cache goes when', () => {
  const DAY = 24 * 60 * 60 * 1000;
  const wait = (time: number) => jest.spyOn(Date, 'now').mockReturnValue(Date.now() + time);

  test('its bundle was last made a month ago', () => {
    const { project, calls } = warm();
    const before = project.cacheFiles().filter((file) => !file.endsWith('index.json'));
    wait(29 * DAY);
    project.synth('lambda/refunds.ts');
    expect(project.cacheFiles()).toEqual(expect.arrayContaining(before));
    wait(2 * DAY);
    project.write({ 'lambda/refunds.ts': 'export const handler = () => "other";' });
    project.synth('lambda/refunds.ts');
    for (const file of before) expect(project.cacheFiles()).not.toContain(file);
    project.synth('lambda/orders.ts');
    expect(calls()).toEqual([['./lambda/refunds.ts'], ['./lambda/refunds.ts'], ...rerun]);
  });

  test('its bundle was made anew, or was never saved, unless that is just now', () => {
    const { project } = warm();
    const before = project.cacheFiles().filter((file) => !file.endsWith('index.json'));
    const left = join(dirname(before[0]!), 'left.tmp');
    writeFileSync(left, '');
    project.write({ 'lambda/deep/limit.ts': 'export const limit = 20;' });
    project.synth('lambda/orders.ts');
    expect(project.cacheFiles()).toEqual(expect.arrayContaining([...before, left]));
    wait(DAY);
    project.synth('lambda/refunds.ts');
    for (const file of [...before, left]) expect(project.cacheFiles()).not.toContain(file);
  });
});

test('two synths of one project at the same time remember the bundles of both', () => {
  const { project, calls } = warm();
  const write = fs.writeFileSync;
  let other = false;
  // The other synth runs while this one has made its bundle and not saved it yet.
  jest.spyOn(fs, 'writeFileSync').mockImplementation((...args: Parameters<typeof write>) => {
    write(...args);
    if (other || !String(args[0]).includes('.cache')) return;
    other = true;
    project.synth('lambda/other.ts');
  });
  project.synth('lambda/refunds.ts');
  project.synth('lambda/orders.ts', 'lambda/refunds.ts', 'lambda/other.ts');
  expect(calls()).toEqual([['./lambda/refunds.ts'], ['./lambda/other.ts']]);
});

test('a project whose cache cannot be written has its bundles all the same', () => {
  const project = new Project({ ...FILES, 'node_modules/.cache': 'a file' });
  expect(project.synth('lambda/orders.ts')[0]!.run()).toBe(11);
});

test('a project without package.json gets no node_modules', () => {
  const project = new Project(FILES);
  for (const name of ['package.json', 'package-lock.json', 'node_modules']) {
    rmSync(join(project.root, name), { recursive: true });
  }
  project.write({ 'lambda/refunds.ts': 'export const handler = () => "refund";' });
  expect(project.synth('lambda/refunds.ts')[0]!.run()).toBe('refund');
  expect(project.cacheFiles()).toEqual([]);
});
