import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOCAL, run } from './run';

/** Behaviour differs from version to version, so what is tested against is pinned. */
const MINISTACK = '1.5.33';
/** It makes its certificate with it. */
const CRYPTOGRAPHY = '50.0.2';
const OLDEST_PYTHON = [3, 10] as const;

const print = async (python: string, expression: string): Promise<string | undefined> => {
  try {
    const { stdout } = await promisify(execFile)(python, [
      '-c',
      `import sys, importlib.metadata as m; print(${expression})`,
    ]);
    return stdout.trim();
  } catch {
    return undefined;
  }
};

export const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
};

async function findPython(): Promise<string> {
  const seen: string[] = [];
  // A system whose `python3` is old often has a newer one beside it.
  for (const python of ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10']) {
    const version = await print(python, '"%d.%d.%d" % sys.version_info[:3]');
    if (version === undefined) continue;
    if (isNewEnough(version)) return python;
    seen.push(`${python} is ${version}`);
  }
  const got = seen.length > 0 ? seen.join(', ') : 'no python3 on the PATH';
  throw new Error(`this needs Python ${OLDEST_PYTHON.join('.')} or newer: got ${got}`);
}

const missing = async (python: string, [name, version]: readonly [string, string]): Promise<boolean> =>
  (await print(python, `m.version("${name}")`)) !== version;

/**
 * A virtual environment with packages of these versions, made anew if one of them is missing, and the directory of its
 * programs.
 */
export async function virtualEnvironment(
  name: string,
  packages: Readonly<Record<string, string>>,
  onInstall: () => void = () => {},
): Promise<string> {
  const directory = join(LOCAL, name);
  const bin = join(directory, 'bin');
  const wanted = Object.entries(packages);
  const absent = await Promise.all(wanted.map((each) => missing(join(bin, 'python'), each)));
  if (!absent.includes(true)) return bin;

  const python = await findPython();
  onInstall();
  const log = join(LOCAL, 'install.log');
  await rm(directory, { recursive: true, force: true });
  await run(python, ['-m', 'venv', directory], { log, env: process.env }).catch((error: Error) => {
    throw new Error(`${error.message}\nOn Debian and Ubuntu: apt install python3-venv`);
  });
  const requirements = wanted.map(([each, version]) => `${each}==${version}`);
  await run(join(bin, 'python'), ['-m', 'pip', 'install', '--disable-pip-version-check', ...requirements], {
    log,
    // The user's proxy and index, which the clean environment drops.
    env: process.env,
  });
  return bin;
}

/**
 * Installs the emulator, if it is not there yet, and returns the directory of its programs. Enforcing IAM it needs a package
 * more, in an environment of its own: tests may be running in the other.
 */
export const installEmulator = ({
  enforceIam,
  onInstall,
}: {
  readonly enforceIam: boolean;
  readonly onInstall?: () => void;
}): Promise<string> =>
  enforceIam
    ? virtualEnvironment('venv-iam', { ministack: MINISTACK, cryptography: CRYPTOGRAPHY }, onInstall)
    : virtualEnvironment('venv', { ministack: MINISTACK }, onInstall);
