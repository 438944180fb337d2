export interface LocalOptions {
  /** Name of the stack. */
  readonly stack: string;
  /**
   * Command line of the app, as in cdk.json.
   * @default - the one in cdk.json
   */
  readonly app?: string;
  /**
   * Where logs, the cloud assembly and outputs go, below the directory of the app.
   * @default - .local/<stack>
   */
  readonly directory?: string;
}

export interface LocalMessage {
  /** JSON, if it is no text. */
  readonly body: unknown;
  /** On FIFO queues; there it is needed. */
  readonly groupId?: string;
  /**
   * Text attributes.
   * @default - none
   */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A message in a dead-letter queue. */
export interface LocalDeadLetter {
  readonly messageId: string;
  readonly body: string;
  /** Missing if SQS moved it, after a crash or a timeout. */
  readonly reason?: string;
  readonly receiveCount: number;
  readonly groupId?: string;
  /** Text attributes, those of the runtime aside. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a worker's runtime has counted: the metrics of the same names. */
export interface LocalEffects {
  readonly processed: number;
  readonly retried: number;
  readonly dead: number;
  readonly deferred: number;
}

/** A stack that is deployed on this machine. Workers are named by their paths, with or without the stack's name. */
export interface LocalStack {
  /** Of the stack, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What points a program with an AWS SDK at it. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for a client that is made here: `new SQSClient(stack.clientConfig)`. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Sends work to a worker, and returns the ids of the messages. @throws Error if the queue does not take one */
  send(worker: string, messages: readonly LocalMessage[]): Promise<readonly string[]>;
  /**
   * Waits until no worker has anything to do: nothing waits, rests or is in hand in any queue of theirs, dead-letter queues
   * aside. A minute at most, or so many seconds.
   *
   * @throws Error that names what is left
   */
  drain(options?: { readonly timeoutSeconds?: number }): Promise<void>;
  /** What is dead. Consumes nothing. */
  deadLetters(worker: string): Promise<readonly LocalDeadLetter[]>;
  /** What has become of its messages so far. */
  effects(worker: string): Promise<LocalEffects>;
  /** The lines that its function has written, oldest first. */
  logs(worker: string): Promise<readonly string[]>;
  /** Ends it; nothing is left of it but its log. It also ends with this process, however that ends. */
  stop(): Promise<void>;
}

/**
 * Deploys a stack to an emulator of its own on this machine: no account, no Docker. Needs the CDK CLI (`aws-cdk`) in the app,
 * and Python 3.10 or newer with `venv`; the first time pip fetches the emulator into `.local/venv`.
 *
 * @throws Error with the end of the log of what failed
 */
export async function deployLocally(options: LocalOptions): Promise<LocalStack> {
  // With the clients of the SDK, which a unit test need not load.
  const { deployStack } = await import('./async-patterns-local.js');
  return deployStack(options);
}
