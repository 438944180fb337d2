import { realpathSync, statSync } from 'node:fs';
import { dirname, extname, isAbsolute, relative, resolve } from 'node:path';
import { Architecture, Code, type IFunction, Runtime, RuntimeFamily } from 'aws-cdk-lib/aws-lambda';
import { BundledCode } from './private/bundling/bundled-code';
import { bundleSpec } from './private/bundling/spec';

/** How an entry file becomes the code of a function. */
export interface EntryOptions {
  /**
   * Name of the export that Lambda calls.
   *
   * @default 'handler'
   */
  readonly exportName?: string;

  /**
   * Node.js runtime that the code runs on; the bundle's syntax is lowered to what it understands.
   *
   * @default Runtime.NODEJS_24_X
   */
  readonly runtime?: Runtime;

  /**
   * Instruction set of the function.
   *
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture;

  /**
   * Minify the bundle. Smaller, hardly faster to start, and stack traces need the source map to be read.
   *
   * @default false
   */
  readonly minify?: boolean;

  /**
   * Modules to leave out of the bundle, because a layer or the Lambda runtime provides them. `*` is a wildcard.
   *
   * @default - everything is bundled, the AWS SDK included
   */
  readonly externalModules?: string[];
}

/** The code that handles messages: an entry file to bundle, or a function that exists already. */
export class Handler {
  /**
   * Bundle a TypeScript or JavaScript file, and everything it imports, into one file.
   *
   * All entries of an app are bundled together when the app is synthesized. Needs `esbuild` in your project.
   *
   * @param entry path of the file, absolute or relative to the working directory
   */
  public static fromEntry(entry: string, options: EntryOptions = {}): Handler {
    const file = existingFile(entry);
    const runtime = options.runtime ?? Runtime.NODEJS_24_X;
    const major = /^nodejs(\d+)\./.exec(runtime.name)?.[1];
    if (runtime.family !== RuntimeFamily.NODEJS || major === undefined) {
      throw new Error(
        `Handler.fromEntry bundles for Node.js: got runtime ${runtime.name} for ${entry}, expected one such as ` +
          'Runtime.NODEJS_24_X. For another language make the function yourself and pass it to Handler.fromFunction.',
      );
    }
    const exportName = options.exportName ?? 'handler';
    const spec = bundleSpec(file, {
      target: `node${major}`,
      minify: options.minify ?? false,
      externalModules: options.externalModules ?? [],
    });
    return new Handler(undefined, {
      code: new BundledCode(spec, exportName),
      handler: `index.${exportName}`,
      runtime,
      architecture: options.architecture ?? Architecture.ARM_64,
    });
  }

  /** Use a function that exists already, in any language. Its code, timeout and environment stay yours. */
  public static fromFunction(fn: IFunction): Handler {
    return new Handler(fn, undefined);
  }

  /**
   * A function of ours, which this package ships.
   *
   * @internal
   */
  public static _fromAsset(directory: string): Handler {
    return new Handler(undefined, {
      code: Code.fromAsset(directory),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
    });
  }

  /**
   * The function, when the handler came with one. Exactly one of this and `_code` is there.
   *
   * @internal
   */
  public readonly _function: IFunction | undefined;

  /**
   * What to make a function of.
   *
   * @internal
   */
  public readonly _code: HandlerCode | undefined;

  private constructor(fn: IFunction | undefined, code: HandlerCode | undefined) {
    this._function = fn;
    this._code = code;
  }
}

/**
 * The part of a function's props that a bundled handler decides.
 *
 * @internal
 */
export interface HandlerCode {
  readonly code: Code;
  readonly handler: string;
  readonly runtime: Runtime;
  readonly architecture: Architecture;
}

const EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx'];

/** Mistakes in the path are worth an error at the line that made them, not at synthesis. */
function existingFile(entry: string): string {
  const file = resolve(process.cwd(), entry);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) {
    const got = isAbsolute(entry) ? entry : `${entry} (resolved to ${file})`;
    throw new Error(
      `entry not found: got ${got}, expected a file. Pass an absolute path, or one relative to ${process.cwd()}.`,
    );
  }
  if (!stats.isFile()) {
    throw new Error(
      `entry is not a file: got ${entry}, expected a TypeScript or JavaScript file. Name the file in ` +
        `${relative(process.cwd(), file) || dirname(file)} that exports the handler.`,
    );
  }
  if (!EXTENSIONS.includes(extname(file))) {
    throw new Error(
      `entry cannot be bundled: got ${entry}, expected a file that ends in ${EXTENSIONS.join(', ')}. For another ` +
        'language make the function yourself and pass it to Handler.fromFunction.',
    );
  }
  // The bundler sees real paths; with any other the bytes would depend on how the project was reached.
  return realpathSync.native(file);
}
