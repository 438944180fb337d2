// Bundles what ships of lambda/ into lambda/dist: the runtime and the testing helpers for `import` and `require`, the
// files that lie beside a bundled handler until it needs them, and their declarations.
import { rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const HANDLERS = [
  'breaker-controller',
  'pace-controller',
  'stream-recovery',
  'event-log-outbox',
  'event-log-archiver',
  'event-log-replayer',
  'job-completions',
  'webhook-sender',
];
const SIDECARS = ['sqs', 'dynamodb', 'sns', 'scheduler', 's3', 'lambda', 'open', 'spans'].map(
  (name) => `async-patterns-${name}`,
);

const common = {
  absWorkingDir: join(here, '..'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Leaves the client out of the runtime. The ES module goes through a module that does nothing but re-export it: so a bundler
 * that makes CommonJS of the whole still sees one name, `require`s it, and only when it is needed.
 */
const besideBundle = (extension) => ({
  name: 'beside-bundle',
  setup: ({ onResolve }) =>
    onResolve({ filter: /\/async-patterns-\w+\.js$/ }, ({ path }) => ({
      path: `./${basename(path).replace(/js$/, extension)}`,
      external: true,
    })),
});

const declarations = async (entry, out) => {
  const bundle = await rollup({
    input: entry,
    external: ['node:stream'],
    plugins: [
      dts({
        tsconfig: join(here, '..', 'tsconfig.json'),
        includeExternal: ['@standard-schema/spec', '@types/aws-lambda', 'aws-lambda'],
      }),
    ],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  await bundle.write({ file: `${out}.d.ts`, format: 'es' });
  await bundle.write({ file: `${out}.d.mts`, format: 'es' });
  await bundle.close();
};

await rm(dist, { recursive: true, force: true });
await Promise.all([
  ...['runtime', 'testing'].flatMap((name) => [
    ...[
      ['cjs', 'js'],
      ['esm', 'mjs'],
    ].map(([format, extension]) =>
      esbuild.build({
        ...common,
        entryPoints: [`lambda/${name}/index.ts`],
        outfile: join(dist, name, `index.${extension}`),
        format,
        // A plain `require` for CommonJS: it loads faster than `import()`, and jest runs it.
        supported: { 'dynamic-import': format === 'esm' },
        plugins: [besideBundle(extension)],
      }),
    ),
    declarations(join(here, name, 'index.ts'), join(dist, name, 'index')),
  ]),
  ...SIDECARS.map((sidecar) =>
    esbuild.build({
      ...common,
      entryPoints: [`lambda/runtime/${sidecar}.ts`],
      outfile: join(dist, 'runtime', `${sidecar}.js`),
      format: 'cjs',
      supported: { 'dynamic-import': false },
      minify: true,
      // The SDK's own choice for Node.js; its CommonJS builds bundle to twice the size.
      mainFields: ['module', 'main'],
    }),
  ),
  // Loaded by the helper that deploys, which unit tests do without.
  esbuild.build({
    ...common,
    entryPoints: ['lambda/testing/async-patterns-local.ts'],
    outfile: join(dist, 'testing', 'async-patterns-local.js'),
    format: 'cjs',
    // Jest has no `import()`.
    supported: { 'dynamic-import': false },
    minify: true,
    mainFields: ['module', 'main'],
  }),
  esbuild.build({
    ...common,
    entryPoints: ['bin/cli/index.ts'],
    outfile: join(dist, 'cli', 'index.js'),
    format: 'cjs',
    minify: true,
    mainFields: ['module', 'main'],
    banner: { js: '#!/usr/bin/env node' },
  }),
  ...HANDLERS.map((handler) =>
    esbuild.build({
      ...common,
      entryPoints: [`lambda/handlers/${handler}/index.ts`],
      outfile: join(dist, 'handlers', handler, 'index.js'),
      format: 'cjs',
      minify: true,
      mainFields: ['module', 'main'],
    }),
  ),
]);
await writeFile(join(dist, 'testing', 'async-patterns-local.mjs'), "export * from './async-patterns-local.js';\n");
for (const sidecar of SIDECARS)
  await writeFile(join(dist, 'runtime', `${sidecar}.mjs`), `export * from './${sidecar}.js';\n`);
