import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The directory of the app: where its programs are, and where npm and jest run. */
export const ROOT = process.cwd();

/** What belongs to one run on this machine: logs, the cloud assembly, outputs. Git ignores it. */
export const LOCAL = join(ROOT, '.local');

// A profile, a key or a proxy of the user's must not carry the demo to a real account or away from loopback.
const FOREIGN = /^(AWS|CDK|LOCALSTACK|MINISTACK|LAMBDA)_|^(AUTH|USE_SSL|SERVICES|EDGE_PORT|(HTTPS?|ALL)_PROXY)$/i;

/** The environment for the emulator and the CDK CLI; the project's Node.js comes first, and functions run on it. */
export function cleanEnv(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const path = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, ...more };
}

const MAX_WIDTH = 300;

/** The end of a log, which is where the error is. A line of minified code says nothing more in full. */
export const tail = (file: string, lines = 40): string =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => line.trimEnd().slice(0, MAX_WIDTH))
    .join('\n');

/** A log that is written anew, open for a child process. */
export function withLog<T>(file: string, use: (fd: number) => T): T {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'w');
  try {
    return use(fd);
  } finally {
    // The child has its own copy.
    closeSync(fd);
  }
}

/** Runs a program to its end, its output going to a log; a failure shows the end of that. */
export async function run(
  command: string,
  args: readonly string[],
  { log, env, cwd = ROOT }: { readonly log: string; readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<void> {
  const child = withLog(log, (fd) => spawn(command, args, { cwd, env, stdio: ['ignore', fd, fd] }));
  const status = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${command} cannot be run: is it installed? ${error.message}`)));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}; the end of ${log}:\n${tail(log)}`);
}
