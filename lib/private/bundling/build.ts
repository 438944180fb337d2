import { join } from 'node:path';
import type { BuildFailure, BuildOptions, Message, Metafile } from 'esbuild';
import { BundlingError } from './errors';
import { type EsbuildLocation, isBuildFailure, runEsbuild } from './esbuild';
import { exportsOf } from './exports';
import { describeFailures, describeMessage } from './failures';
import { reachable } from './inputs';
import { SIDECARS, sidecarImport } from './sidecars';
import type { BundleSpec } from './spec';

/** What esbuild made of one entry. */
export interface Built {
  readonly spec: BundleSpec;
  readonly code: Uint8Array;
  readonly map: Uint8Array;
  readonly sidecars: readonly string[];
  readonly exports: readonly string[] | undefined;
  readonly warnings: readonly string[];
  /** What was bundled; shared with the entries built in the same go. */
  readonly metafile: Metafile;
}

/** The same for every bundle; a change here makes the cache forget. */
export const SETTINGS = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  charset: 'utf8',
  legalComments: 'none',
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'silent',
  external: SIDECARS.map(sidecarImport),
  // The ES modules of a package, the AWS SDK's above all, bundle to a third less and start in half the time.
  mainFields: ['module', 'main'],
} satisfies BuildOptions;

/** Nothing is written there. That it is always as deep keeps the paths in the source maps the same. */
const OUT = 'out';

/** One call of esbuild for all the entries, which must agree in root and options. */
export function build(esbuild: EsbuildLocation, specs: readonly BundleSpec[]): Built[] {
  const made = call(esbuild, specs, SETTINGS.mainFields);
  const unsafe = made.filter(requiresModule).map(({ spec }) => spec);
  if (unsafe.length === 0) return made;
  // Node.js itself reads `main` only, and so does this second try.
  const again = new Map(call(esbuild, unsafe, ['main', 'module']).map((built) => [built.spec, built]));
  return made.map((built) => again.get(built.spec) ?? built);
}

function call(esbuild: EsbuildLocation, specs: readonly BundleSpec[], mainFields: string[]): Built[] {
  const [{ root, target, minify, externalModules }] = specs as [BundleSpec];
  try {
    const { outputFiles, metafile, warnings } = runEsbuild(esbuild, {
      ...SETTINGS,
      absWorkingDir: root,
      entryPoints: specs.map(({ entry }, index) => ({ in: `./${entry}`, out: `${index}/index` })),
      outdir: OUT,
      target,
      minify,
      mainFields,
      external: [...SETTINGS.external, ...externalModules],
    });
    const contents = new Map(outputFiles.map((file) => [file.path, file.contents]));
    return specs.map((spec, index) => {
      const output = metafile.outputs[`${OUT}/${index}/index.js`]!;
      const code = contents.get(join(root, OUT, `${index}`, 'index.js'))!;
      return {
        spec,
        code,
        map: contents.get(join(root, OUT, `${index}`, 'index.js.map'))!,
        sidecars: SIDECARS.filter((file) => output.imports.some(({ path }) => path === sidecarImport(file))),
        exports: exportsOf(spec, metafile, code),
        warnings: concerning(warnings, reachable(metafile, spec.entry)).map(describeMessage),
        metafile,
      };
    });
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw new BundlingError(describeFailures(attribute(esbuild, specs, error)));
  }
}

/**
 * `module` holds an ES module. A CommonJS package that requires it would get its namespace where it expects what `main`
 * exports, a function say, and fail in Lambda.
 */
function requiresModule({ spec, metafile }: Built): boolean {
  return reachable(metafile, spec.entry).some((file) =>
    metafile.inputs[file]?.imports.some(
      ({ kind, path, external }) => kind === 'require-call' && !external && metafile.inputs[path]?.format === 'esm',
    ),
  );
}

/** The errors name the file that failed, which many entries may import: each alone tells which do. */
function attribute(
  esbuild: EsbuildLocation,
  specs: readonly BundleSpec[],
  failure: BuildFailure,
): { spec: BundleSpec; errors: Message[] }[] {
  if (specs.length === 1) return [{ spec: specs[0]!, errors: failure.errors }];
  const { root, ...options } = specs[0]!;
  const failures = specs.flatMap((spec) => {
    try {
      runEsbuild(esbuild, {
        ...SETTINGS,
        absWorkingDir: root,
        entryPoints: [`./${spec.entry}`],
        outdir: OUT,
        target: options.target,
        external: [...SETTINGS.external, ...options.externalModules],
      });
      return [];
    } catch (error) {
      if (!isBuildFailure(error)) throw error;
      return [{ spec, errors: error.errors }];
    }
  });
  return failures.length > 0 ? failures : specs.map((spec) => ({ spec, errors: failure.errors }));
}

const concerning = (messages: Message[], files: string[]): Message[] =>
  messages.filter(({ location }) => !location || files.includes(location.file));
