import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundleScript } from '../bundle';

/** The process of stub-server.ts. */
export class Stub {
  private constructor(
    private readonly child: ChildProcess,
    port: number,
  ) {
    this.env = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'of-nobody',
    };
  }

  /** What sends a contender's client here. */
  readonly env: Record<string, string>;

  static async start(): Promise<Stub> {
    const child = spawn(process.execPath, [await bundleScript('idempotency/stub-server')], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [port] = await once(child, 'message');
    return new Stub(child, port);
  }

  stop(): void {
    this.child.disconnect();
  }
}
