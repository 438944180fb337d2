import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { trust } from './enforced-iam/trust';
import { cleanEnv, LOCAL, ROOT, tail, withLog } from './run';
import { installEmulator } from './venv';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';

export interface Emulator {
  readonly endpoint: string;
  readonly log: string;
  /** Of the process; those of the functions are below it. */
  readonly pid: number;
  /** What roles asked for, and the answers: see `authorisationsIn`. Only where IAM is enforced */
  readonly iamRecord?: string;
  /** The command line that does what `stop` does. */
  readonly stopCommand: string;
  /** What points a program that uses an AWS SDK at the emulator. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for a client that is made here. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** Where its log goes. Default: .local */
  readonly directory?: string;
  /** Let it outlive this process. Default: it ends with this process, however that ends */
  readonly keep?: boolean;
  /**
   * Evaluate the policies on each call, and serve TLS only, which our policies ask for. Default: whether the variable
   * ASYNC_PATTERNS_ENFORCED_IAM is 1
   */
  readonly enforceIam?: boolean;
  readonly onInstall?: () => void;
}

const ENFORCED = join(ROOT, 'bin', 'local', 'enforced-iam', 'emulator.py');

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });

// Its stdin is a pipe that closes when this process is gone, even if that was killed.
const WHEN_PARENT_ENDS = 'read -r _; kill -s KILL -- "-$0"; rm -rf "$1"';

function killGroup(group: number): void {
  try {
    // It has nothing to save, and functions that it runs may not listen to a softer signal.
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function untilHealthy(endpoint: string, child: ChildProcess, log: string, certificate?: string): Promise<void> {
  const until = Date.now() + 30_000;
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (certificate) trust(certificate);
    const response = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(`the emulator did not come up at ${endpoint}; the end of ${log}:\n${tail(log)}`);
}

/** Starts an emulator of its own on a free port, reachable from this machine only; nothing of it outlasts `stop()`. */
export async function startEmulator({
  directory = LOCAL,
  keep = false,
  enforceIam = process.env.ASYNC_PATTERNS_ENFORCED_IAM === '1',
  onInstall,
}: EmulatorOptions = {}): Promise<Emulator> {
  const bin = await installEmulator({ enforceIam, onInstall });
  const state = await mkdtemp(join(tmpdir(), 'async-patterns-emulator-'));
  const port = await freePort();
  // An address, not a name: S3 clients turn `localhost` into `<bucket>.localhost`, which not every resolver knows.
  const endpoint = `${enforceIam ? 'https' : 'http'}://127.0.0.1:${port}`;
  const log = join(directory, 'emulator.log');
  // It makes one when it starts.
  const certificate = enforceIam ? join(state, 'ministack-tls', 'server.crt') : undefined;
  const iamRecord = enforceIam ? join(directory, 'iam.jsonl') : undefined;
  const env = cleanEnv({
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    STATE_DIR: state,
    // It unpacks functions here.
    TMPDIR: state,
    PERSIST_STATE: '0',
    S3_PERSIST: '0',
    // Functions inherit what they shall trust.
    ...(certificate &&
      iamRecord && { AUTH: 'true', USE_SSL: '1', NODE_EXTRA_CA_CERTS: certificate, IAM_RECORD: iamRecord }),
  });

  if (iamRecord) await rm(iamRecord, { force: true });
  const [program, args] = enforceIam ? [join(bin, 'python'), [ENFORCED]] : [join(bin, 'ministack'), []];
  const child = withLog(log, (fd) => spawn(program, args, { env, detached: true, stdio: ['ignore', fd, fd] }));
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  child.unref();
  const group = child.pid!;
  const watchdog = keep
    ? undefined
    : spawn('sh', ['-c', WHEN_PARENT_ENDS, `${group}`, state], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watchdog?.unref();

  const stop = async (): Promise<void> => {
    watchdog?.kill('SIGKILL');
    // Nobody waits for what is not referenced: the process would end here.
    child.ref();
    killGroup(group);
    await exited;
    await rm(state, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await untilHealthy(endpoint, child, log, certificate);
  } catch (error) {
    await stop();
    throw error;
  }

  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return {
    endpoint,
    log,
    pid: group,
    iamRecord,
    stopCommand: `kill -s KILL -- -${group}; rm -rf ${state}`,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...(certificate && { NODE_EXTRA_CA_CERTS: certificate, AWS_CA_BUNDLE: certificate }),
    },
    clientConfig: { endpoint, region: REGION, credentials },
    stop,
  };
}
