import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ACCOUNT, type Emulator, REGION } from './emulator';
import { makeFifoTopics } from './fifo-topics';
import { cleanEnv, LOCAL, run } from './run';

export interface DeployOptions {
  readonly stack: string;
  /** Command line of the app. Default: the one in cdk.json */
  readonly app?: string;
  /** Where the cloud assembly, the outputs and the log go. Default: .local */
  readonly directory?: string;
}

/** The app's own, which is first on the path. */
const CDK = 'cdk';
// There may be no network, and a demo has nothing to report.
const QUIET = ['--no-color', '--no-notices', '--no-version-reporting'];

const cdkEnv = (emulator: Emulator): NodeJS.ProcessEnv =>
  cleanEnv({ ...emulator.env, CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true' });

/** `cdk bootstrap`, once for each emulator. */
export async function bootstrap(emulator: Emulator, directory = LOCAL): Promise<void> {
  await run(CDK, ['bootstrap', `aws://${ACCOUNT}/${REGION}`, ...QUIET], {
    log: join(directory, 'bootstrap.log'),
    env: cdkEnv(emulator),
    // Beside cdk.json it would synthesise the app first, which it does not need.
    cwd: directory,
  });
}

/** `cdk deploy`: the outputs of the stack by name. */
export async function deploy(
  emulator: Emulator,
  { stack, app, directory = LOCAL }: DeployOptions,
): Promise<Readonly<Record<string, string>>> {
  const outputs = join(directory, 'outputs.json');
  await rm(outputs, { force: true });
  const args = [
    'deploy',
    stack,
    '--require-approval',
    'never',
    '--outputs-file',
    outputs,
    '--output',
    join(directory, 'cdk.out'),
  ];
  await run(CDK, [...args, ...(app === undefined ? [] : ['--app', app]), ...QUIET], {
    log: join(directory, 'deploy.log'),
    env: cdkEnv(emulator),
  });
  await makeFifoTopics(emulator);
  const all = JSON.parse(await readFile(outputs, 'utf8')) as Record<string, Record<string, string>>;
  return all[stack] ?? {};
}
