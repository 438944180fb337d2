import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type EntryOptions, Handler } from '../../../../lib/handler';

const directories: string[] = [];

afterEach(() => {
  jest.restoreAllMocks();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function temporary(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'bundling-')));
  directories.push(directory);
  return directory;
}

/** A user's project on disk, gone after the test. */
export class Project {
  public constructor(
    files: Record<string, string> = {},
    public readonly root = temporary(),
  ) {
    this.write({ 'package.json': '{"name":"app"}', 'package-lock.json': '{}', ...files });
  }

  public write(files: Record<string, string>): this {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), content);
    }
    return this;
  }

  /** The same files elsewhere. */
  public copy(to = temporary()): Project {
    cpSync(this.root, to, { recursive: true, filter: (path) => !path.includes('.cache') });
    return new Project({}, to);
  }

  public handler(entry: string, options?: EntryOptions): Handler {
    return Handler.fromEntry(join(this.root, entry), options);
  }

  public function(scope: Construct, id: string, entry: string, options?: EntryOptions): LambdaFunction {
    return new LambdaFunction(scope, id, { ...this.handler(entry, options)._code! });
  }

  /** The assets of an app with a function for each entry, in the entries' order. */
  public synth(...entries: string[]): Asset[] {
    return synthAll(entries.map((entry) => this.handler(entry)));
  }

  /** Puts in a bundler that keeps a log; the working directory makes it the one that is found. */
  public useLoggingEsbuild(): () => string[][] {
    const log = join(this.root, 'node_modules/esbuild/log');
    const real = JSON.stringify(dirname(require.resolve('esbuild/package.json')));
    this.write({
      'node_modules/esbuild/package.json': JSON.stringify({ version: '0.28.2', main: 'main.js' }),
      'node_modules/esbuild/main.js': `
        const log = (options) => require('node:fs').appendFileSync(${JSON.stringify(log)},
          JSON.stringify(options.entryPoints.map((entry) => entry.in ?? entry)) + '\\n');
        exports.buildSync = (options) => { log(options); return require(${real}).buildSync(options); };`,
    });
    // esbuild remembers the working directory of its first use, and this one will be gone.
    process.env.ESBUILD_WORKER_THREADS = '0';
    require('esbuild');
    jest.spyOn(process, 'cwd').mockReturnValue(this.root);
    appendFileSync(log, '');
    return () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
  }

  public cacheFiles(): string[] {
    const directory = join(this.root, 'node_modules/.cache/cdk-async-patterns');
    return existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
  }
}

export function newApp(context: Record<string, unknown> = {}): App {
  return new App({ outdir: temporary(), analyticsReporting: false, context });
}

export function synthAll(handlers: Handler[], props: StackProps = {}): Asset[] {
  const app = newApp();
  const stack = new Stack(app, 'Stack', props);
  const functions = handlers.map((handler, index) => new LambdaFunction(stack, `F${index}`, { ...handler._code! }));
  const { Resources } = app.synth().getStackByName('Stack').template;
  return functions.map((fn) => {
    const key: string = Resources[stack.getLogicalId(fn.node.defaultChild as never)].Properties.Code.S3Key;
    return new Asset(join(app.outdir, `asset.${key.replace('.zip', '')}`));
  });
}

/** What goes to Lambda, as it lies in the cloud assembly. */
export class Asset {
  public readonly hash: string;
  public readonly files: Record<string, string>;

  public constructor(public readonly directory: string) {
    this.hash = directory.split('asset.')[1]!;
    this.files = Object.fromEntries(
      readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    );
  }

  public get code(): string {
    return this.files['index.js']!;
  }

  /** Loads the code the way Lambda does. */
  public run(exportName = 'handler', ...args: unknown[]): unknown {
    return require(join(this.directory, 'index.js'))[exportName](...args);
  }
}
