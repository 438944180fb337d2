import { join } from 'node:path';
import type { BuildFailure, Message, Metafile } from 'esbuild';
import type { Cached } from './cache';
import { BundlingError } from './errors';
import { type EsbuildLocation, isBuildFailure, runEsbuild } from './esbuild';
import { exportsOf } from './exports';
import { describeFailures, describeMessage, type Failure } from './failures';
import { type AssetFile, contentOf } from './files';
import { reachable } from './inputs';
import { SETTINGS } from './settings';
import { SIDECARS, sidecarImport } from './sidecars';
import type { BundleSpec } from './spec';
import { checkRuntimeVersion } from './versions';

/** What esbuild made of one entry. */
export interface Built extends Cached {
  readonly spec: BundleSpec;
  /** What was looked at to make it; shared with the entries built in the same go. */
  readonly metafiles: readonly Metafile[];
}

/** One call of esbuild for all the entries, which must agree in root and options. */
export function build(esbuild: EsbuildLocation, specs: readonly BundleSpec[]): Built[] {
  try {
    const made = call(esbuild, specs, SETTINGS.mainFields);
    const unsafe = made.filter(requiresModule);
    if (unsafe.length === 0) return made;
    // Node.js itself reads `main` only, and so does this second try.
    const specsAgain = unsafe.map(({ spec }) => spec);
    const again = call(esbuild, specsAgain, ['main', 'module']);
    const safe = again.map((built, i) => ({ ...built, metafiles: [...built.metafiles, ...unsafe[i]!.metafiles] }));
    return [...made.filter((built) => !unsafe.includes(built)), ...safe];
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    throw new BundlingError(describeFailures(attribute(esbuild, specs, error)));
  }
}

function call(esbuild: EsbuildLocation, specs: readonly BundleSpec[], mainFields: readonly string[]): Built[] {
  const [{ root, target, minify, externalModules }] = specs as [BundleSpec];
  const { outputFiles, metafile, warnings } = runEsbuild(esbuild, {
    ...SETTINGS,
    absWorkingDir: root,
    entryPoints: specs.map(({ entry }, index) => ({ in: `./${entry}`, out: `${index}/index` })),
    target,
    minify,
    mainFields: [...mainFields],
    external: [...SETTINGS.external, ...externalModules],
  });
  const contents = new Map(outputFiles.map((file) => [file.path, file.contents]));
  return specs.map((spec, index) => {
    const inputs = reachable(metafile, spec.entry);
    checkRuntimeVersion(spec, inputs);
    const { imports } = metafile.outputs[`${SETTINGS.outdir}/${index}/index.js`]!;
    const files = ['index.js', 'index.js.map'].map((name): AssetFile => {
      return { name, content: contents.get(join(root, SETTINGS.outdir, `${index}`, name))! };
    });
    return {
      spec,
      files,
      content: contentOf(files),
      sidecars: SIDECARS.filter((file) => imports.some(({ path }) => path === sidecarImport(file))),
      exports: exportsOf(spec, metafile, files[0]!.content),
      warnings: concerning(warnings, inputs).map(describeMessage),
      metafiles: [metafile],
    };
  });
}

const concerning = (messages: Message[], files: string[]): Message[] =>
  messages.filter(({ location }) => !location || files.includes(location.file));

/**
 * `module` holds an ES module. A CommonJS package that requires it would get its namespace where it expects what `main`
 * exports, a function say, and fail in Lambda.
 */
function requiresModule({ spec, metafiles: [metafile] }: Built): boolean {
  const { inputs } = metafile!;
  return reachable(metafile!, spec.entry).some((file) =>
    inputs[file]?.imports.some(
      ({ kind, path, external }) => kind === 'require-call' && !external && inputs[path]?.format === 'esm',
    ),
  );
}

/** The errors name the file that failed, which many entries may import: each alone tells which do. */
function attribute(esbuild: EsbuildLocation, specs: readonly BundleSpec[], failure: BuildFailure): Failure[] {
  if (specs.length === 1) return [{ spec: specs[0]!, errors: failure.errors }];
  return specs.flatMap((spec) => {
    try {
      call(esbuild, [spec], SETTINGS.mainFields);
      return [];
    } catch (error) {
      if (!isBuildFailure(error)) throw error;
      return [{ spec, errors: error.errors }];
    }
  });
}
