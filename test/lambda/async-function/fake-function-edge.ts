import type { FunctionEdge } from '../../../lambda/runtime/async-function/edge';
import { ENV, type FailureSpec, FUNCTION_ENV } from '../../../lib/private/contract';

/** An edge that keeps what the runtime sends, and takes everything unless told otherwise. */
export class FakeFunctionEdge implements FunctionEdge {
  readonly lines: Record<string, any>[] = [];
  readonly queued: any[] = [];
  readonly published: any[] = [];
  readonly invoked: any[] = [];
  readonly objects = new Map<string, string>();
  /** Runs before each call; may throw or never end. */
  before: () => unknown = () => {};
  refuse: { Id: string; SenderFault: boolean; Code: string; Message: string }[] = [];

  readonly env: Record<string, string | undefined>;

  constructor(failure?: FailureSpec, env: Record<string, string> = {}) {
    this.env = {
      [ENV.worker]: 'Test/Thumbnails',
      ...(failure && { [FUNCTION_ENV.failure]: JSON.stringify(failure) }),
      ...env,
    };
  }

  now = (): number => Date.now();
  write = (line: string): void => {
    this.lines.push(JSON.parse(line));
  };

  private take = async (into: any[], input: unknown) => {
    await this.before();
    into.push(input);
    return { Successful: [], Failed: this.refuse };
  };

  queueCalls = async () => ({ sendMessageBatch: (input: any) => this.take(this.queued, input) });
  topicCalls = async () => ({ publishBatch: (input: any) => this.take(this.published, input) });
  invokeCalls = async () => ({
    invoke: async (input: any) => {
      await this.take(this.invoked, input);
      return { requestId: 'r-2' };
    },
  });
  random = (): number => 0.5;

  storeCalls = async () => ({
    putObject: async () => {},
    getObject: async ({ Bucket, Key }: { Bucket?: string | undefined; Key?: string | undefined }) => {
      const body = this.objects.get(`${Bucket}/${Key}`);
      if (body === undefined) throw Object.assign(new Error('no'), { name: 'NoSuchKey' });
      return body;
    },
    sha256: (text: string) => `hash-of-${text.length}`,
  });

  get metrics(): Record<string, any> | undefined {
    return this.lines.find((line) => '_aws' in line);
  }

  logs(level: string): Record<string, any>[] {
    return this.lines.filter((line) => line.level === level);
  }
}
