import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string>>;

/** A version of the runtime, by the folder of its bundle. Functions are processes of their own, each with its environment. */
export class Version {
  private readonly functions = new Map<string, ChildProcess>();

  constructor(
    readonly folder: string,
    private readonly endpoint: string,
  ) {}

  async run(step: string, input: object, env: Environment = {}): Promise<any> {
    const key = JSON.stringify(env);
    const child = this.functions.get(key) ?? this.start(key, env);
    child.send({ step, input });
    const [{ result, error }] = (await once(child, 'message')) as [{ result?: unknown; error?: string }];
    if (error !== undefined) throw new Error(error);
    return result;
  }

  stop(): void {
    for (const child of this.functions.values()) child.kill();
  }

  private start(key: string, env: Environment): ChildProcess {
    const child = fork(join(__dirname, 'driver.js'), [this.folder], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
      env: {
        PATH: process.env.PATH,
        AWS_ENDPOINT_URL: this.endpoint,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'x',
        AWS_SECRET_ACCESS_KEY: 'x',
        AWS_LAMBDA_FUNCTION_NAME: 'f',
        ...env,
      },
    });
    this.functions.set(key, child);
    return child;
  }
}
