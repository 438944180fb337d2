import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

// What a stranger gets: the tarball of `npm pack`, in an app that has nothing else.
const ROOT = join(__dirname, '..', '..');
const app = mkdtempSync(join(tmpdir(), 'empty-app-'));

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: app, encoding: 'utf8', stdio: 'pipe' });
const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(app, file)), { recursive: true });
  writeFileSync(join(app, file), text);
};

beforeAll(() => {
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', app], { cwd: ROOT, stdio: 'pipe' });
  const [tarball] = readdirSync(app);
  write('package.json', '{ "private": true }');
  run(
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    `./${tarball}`,
    'typescript@6',
    '@types/node@24',
    'zod@4',
  );
}, 240_000);
afterAll(() => rmSync(app, { recursive: true, force: true }));

test('an app that installs it synthesizes a worker with its handler bundled', () => {
  write(
    'handler.ts',
    "import { worker } from 'cdk-async-patterns/runtime';\nexport const handler = worker({ process: () => {} });\n",
  );
  write(
    'app.js',
    `const { App, Stack } = require('aws-cdk-lib');
    const { AsyncWorker, Handler } = require('cdk-async-patterns');
    const app = new App({ outdir: 'cdk.out' });
    new AsyncWorker(new Stack(app, 'Stack'), 'Worker', { handler: Handler.fromEntry('handler.ts') });
    app.synth();`,
  );
  run('node', 'app.js');
  const asset = readdirSync(join(app, 'cdk.out')).find((name) => /^asset\.[0-9a-f]{64}$/.test(name))!;
  expect(readdirSync(join(app, 'cdk.out', asset)).sort()).toEqual([
    'async-patterns-dynamodb.js',
    'async-patterns-open.js',
    'async-patterns-s3.js',
    'async-patterns-spans.js',
    'async-patterns-sqs.js',
    'index.js',
    'index.js.map',
  ]);
}, 60_000);

describe('what the README shows, in files of the names that it gives', () => {
  const tool = (name: string): string => join(ROOT, 'node_modules', '.bin', name);
  const files = new Map(
    [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^```ts file=(\S+)\n(.*?)^```/gms)].map(
      ([, file, code]) => [file!, code!],
    ),
  );

  beforeAll(() => {
    for (const [file, code] of files) write(file, code);
    // It names two handlers that it does not show.
    for (const file of ['lambda/totals.ts', 'lambda/reports.ts']) {
      expect(files.has(file)).toBe(false);
      write(
        file,
        "import { worker } from 'cdk-async-patterns/runtime';\nexport const handler = worker({ process() {} });\n",
      );
    }
  });

  test('every stack of it synthesizes', () => {
    const stacks = [...files].flatMap(([file, code]) => {
      const name = /export class (\w+Stack) extends Stack/.exec(code)?.[1];
      return name ? [{ name, file: `./${file.replace(/\.ts$/, '')}` }] : [];
    });
    expect(stacks.length).toBeGreaterThanOrEqual(6);
    const imports = stacks.map(({ name, file }) => `import { ${name} } from '${file}';`);
    const news = stacks.map(({ name }) => `new ${name}(app, '${name}');`);
    write(
      'readme.ts',
      [
        "import { App } from 'aws-cdk-lib';",
        ...imports,
        "const app = new App({ outdir: 'readme.out' });",
        ...news,
        'app.synth();',
      ].join('\n'),
    );
    run(tool('tsx'), 'readme.ts');
    const templates = readdirSync(join(app, 'readme.out')).filter((name) => name.endsWith('.template.json'));
    expect(templates.sort()).toEqual(stacks.map(({ name }) => `${name}.template.json`).sort());
  }, 120_000);

  test('its tests pass', () => {
    write(
      'jest.config.js',
      `module.exports = {
        testMatch: ['<rootDir>/test/**/*.test.ts'],
        transform: { '\\\\.ts$': [${JSON.stringify(join(ROOT, 'node_modules/@swc/jest'))}, { jsc: { parser: { syntax: 'typescript' } } }] },
      };`,
    );
    // Its standard output holds what the handler logs, too. On a build server jest would write no first snapshot.
    spawnSync(tool('jest'), ['--ci=false', '--json', '--outputFile=result.json'], { cwd: app });
    expect(JSON.parse(readFileSync(join(app, 'result.json'), 'utf8'))).toMatchObject({
      numPassedTests: 2,
      numTotalTests: 2,
    });
  }, 120_000);
});

test('an app that uses a worker does not load what an API needs', () => {
  const loaded = run(
    'node',
    '-e',
    `const { AsyncWorker } = require('cdk-async-patterns');
    if (!AsyncWorker.name) throw new Error('no worker');
    console.log(Object.keys(require.cache).join('\\n'));`,
  );
  expect(loaded).toMatch(/cdk-async-patterns\/lib\/async-worker\.js$/m);
  expect(loaded).not.toMatch(/cdk-async-patterns\/lib\/async-api\.js$/m);
});

test.each([
  ['cdk-async-patterns', 'AsyncWorker'],
  ['cdk-async-patterns/runtime', 'worker'],
  ['cdk-async-patterns/testing', 'sqsEvent'],
])('%s is there for import and for require, with the same names', (entry, name) => {
  const names = (code: string, ...flags: string[]): string[] =>
    run('node', ...flags, '-e', code)
      .trim()
      .split(',');
  const required = names(`console.log(Object.keys(require('${entry}')).sort().join())`);
  const imported = names(
    `import * as all from '${entry}'; console.log(Object.keys(all).sort().join())`,
    '--input-type=module',
  );
  // Of a CommonJS module `import` gets these, too.
  expect(imported.filter((each) => !['default', 'module.exports', '__esModule'].includes(each))).toEqual(required);
  expect(required).toContain(name);
});

test.each([
  ['a CommonJS app', 'commonjs', 'nodenext', 'nodenext'],
  ['an ES module app', 'module', 'nodenext', 'nodenext'],
  ['an app with the old resolution', 'commonjs', 'commonjs', 'node10'],
  ['a bundled app', 'module', 'preserve', 'bundler'],
])(
  'types resolve in %s',
  (_, type, module, moduleResolution) => {
    write('package.json', JSON.stringify({ private: true, type }));
    write(
      'check.ts',
      `import { AsyncWorker } from 'cdk-async-patterns';
    import { worker, type WorkerContext } from 'cdk-async-patterns/runtime';
    import { sqsEvent } from 'cdk-async-patterns/testing';
    export const handler = worker<{ id: string }>({ process: (message, context: WorkerContext) => [message.id, context.signal] });
    export const reply = handler(sqsEvent([{ body: 1 }]));
    export const Worker: typeof AsyncWorker = AsyncWorker;`,
    );
    const flags = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
    ];
    const deprecations = moduleResolution === 'node10' ? ['--ignoreDeprecations', '6.0'] : [];
    run('npx', 'tsc', ...flags, ...deprecations, '--types', 'node', 'check.ts');
  },
  60_000,
);

test('the command line is there', () => {
  expect(run('npx', '--no-install', 'cdk-async', '--help')).toMatch(/redrive +send what is dead back/);
});

/** What its follower of npm and its ingestion demand, and what its pages show: github.com/cdklabs/construct-hub. */
describe('Construct Hub', () => {
  const packed = (file: string): string => readFileSync(join(app, 'node_modules', 'cdk-async-patterns', file), 'utf8');
  let manifest: any;
  let assembly: any;
  beforeAll(() => {
    manifest = JSON.parse(packed('package.json'));
    assembly = JSON.parse(packed('.jsii'));
  });

  test('takes the package from npm: a jsii module on the CDK, with a keyword, under a licence that it allows', () => {
    expect(manifest.jsii.targets).toBeDefined();
    expect(manifest.peerDependencies).toHaveProperty('aws-cdk-lib');
    expect(manifest.keywords).toContain('awscdk');
    expect(manifest.license).toBe('Apache-2.0');
    expect(packed('LICENSE')).toContain('Apache License');
    expect(manifest.private).toBeUndefined();
  });

  test.each(['name', 'version', 'license'])('finds the same %s in package.json and in the assembly', (key) => {
    expect(manifest[key]).toBeTruthy();
    expect(assembly[key]).toBe(manifest[key]);
  });

  test('can load the assembly, with the features that it knows', () => {
    expect(assembly.schema).toBe('jsii/0.10.0');
    const known = ['intersection-types', 'class-covariant-overrides'];
    expect((assembly.usedFeatures ?? []).filter((feature: string) => !known.includes(feature))).toEqual([]);
  });

  test('files it under the AWS CDK, major version 2', () => {
    expect(assembly.dependencies['aws-cdk-lib']).toMatch(/^\^2\./);
    expect(assembly.dependencyClosure).toHaveProperty('aws-cdk-lib');
  });

  test('has what its page shows: the text, the author, the repository, the stability, and the languages', () => {
    expect(assembly.readme.markdown).toBe(packed('README.md'));
    expect(assembly.author).toMatchObject({ name: expect.any(String), url: expect.stringMatching(/^https:/) });
    expect(assembly.repository.url).toMatch(/^https:\/\/github\.com\/.+\.git$/);
    expect(assembly.description).toBe(manifest.description);
    expect(assembly.docs.stability).toBe(manifest.stability);
    expect(Object.keys(assembly.targets)).toEqual(expect.arrayContaining(['js', 'python', 'java', 'go']));
  });
});
