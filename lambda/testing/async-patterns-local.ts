import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { find, type Pattern, part, patternsOf } from '../../bin/cli/patterns';
import { sdkAws } from '../../bin/cli/sdk';
import { DeadLetterReader } from '../../bin/local/dead-letters';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { waitingIn } from '../../bin/local/waiting';
import { METRIC } from '../../lib/private/contract';
import type { LocalDeadLetter, LocalEffects, LocalMessage, LocalOptions, LocalStack } from './local';

const DRAIN_SECONDS = 60;
const LOOK_MS = 100;
/** What is on its way from one queue to another is in neither for a moment. */
const QUIET_MS = 1_000;

export async function deployStack({ stack, app, directory }: LocalOptions): Promise<LocalStack> {
  const place = directory ?? join(LOCAL, stack);
  mkdirSync(place, { recursive: true });
  const emulator = await startEmulator({ directory: place });
  try {
    await bootstrap(emulator, place);
    const outputs = await deploy(emulator, { stack, app, directory: place });
    const patterns = await patternsOf(sdkAws(emulator.clientConfig), stack);
    return new DeployedStack(emulator, stack, outputs, patterns);
  } catch (error) {
    await emulator.stop();
    throw error;
  }
}

class DeployedStack implements LocalStack {
  readonly env: LocalStack['env'];
  readonly clientConfig: LocalStack['clientConfig'];
  private readonly sqs: SQSClient;
  private readonly aws: ReturnType<typeof sdkAws>;

  constructor(
    private readonly emulator: Emulator,
    private readonly name: string,
    readonly outputs: LocalStack['outputs'],
    private readonly patterns: readonly Pattern[],
  ) {
    this.env = emulator.env;
    this.clientConfig = emulator.clientConfig;
    this.sqs = new SQSClient(emulator.clientConfig);
    this.aws = sdkAws(emulator.clientConfig);
  }

  async send(worker: string, messages: readonly LocalMessage[]): Promise<readonly string[]> {
    const QueueUrl = part(this.pattern(worker), 'queue', 'a queue');
    const ids: string[] = [];
    for (const { body, groupId, attributes = {} } of messages) {
      const { MessageId } = await this.sqs.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([key, StringValue]) => [key, { DataType: 'String', StringValue }]),
          ),
          // Each is a message of its own, also one with the same body.
          ...(groupId !== undefined && { MessageGroupId: groupId, MessageDeduplicationId: crypto.randomUUID() }),
        }),
      );
      ids.push(MessageId!);
    }
    return ids;
  }

  async drain({ timeoutSeconds = DRAIN_SECONDS }: { readonly timeoutSeconds?: number } = {}): Promise<void> {
    const end = Date.now() + timeoutSeconds * 1000;
    let busyUntil = Date.now();
    for (;;) {
      const left = await this.left();
      const now = Date.now();
      if (left.length > 0) busyUntil = now;
      else if (now - busyUntil >= QUIET_MS) return;
      if (now > end) {
        throw new Error(`${this.name}: not drained after ${timeoutSeconds} s: ${left.join(', ') || 'never quiet'}`);
      }
      await sleep(LOOK_MS);
    }
  }

  async deadLetters(worker: string): Promise<readonly LocalDeadLetter[]> {
    const reader = new DeadLetterReader(this.sqs, part(this.pattern(worker), 'deadLetterQueue', 'a dead-letter queue'));
    try {
      return (await reader.look()).map(({ reason, groupId, ...letter }) => ({
        ...letter,
        ...(reason !== undefined && { reason }),
        ...(groupId !== undefined && { groupId }),
      }));
    } finally {
      await reader.giveBack();
    }
  }

  async effects(worker: string): Promise<LocalEffects> {
    const sum = { processed: 0, retried: 0, dead: 0, deferred: 0 };
    const { path } = this.pattern(worker);
    for (const line of await this.lines(worker, METRIC.namespace)) {
      const metrics = metricsOf(line, path);
      for (const name of Object.keys(sum) as (keyof LocalEffects)[]) sum[name] += Number(metrics?.[METRIC[name]] ?? 0);
    }
    return sum;
  }

  logs(worker: string): Promise<readonly string[]> {
    return this.lines(worker, '');
  }

  async stop(): Promise<void> {
    this.sqs.destroy();
    await this.emulator.stop();
  }

  private pattern(worker: string): Pattern {
    return find(this.patterns, this.name, worker, true);
  }

  /** The queues that are not empty, with how much is in them. */
  private async left(): Promise<string[]> {
    // A subscription names the queue of a worker, or one of which nobody knows who reads it.
    const waiting = this.patterns.flatMap(({ kind, path, resources: { queue } }) =>
      queue === undefined || kind === 'Subscription' ? [] : [{ path, queue }],
    );
    const counts = await Promise.all(waiting.map(({ queue }) => waitingIn(this.sqs, queue)));
    return waiting.flatMap(({ path }, i) => (counts[i]! > 0 ? [`${path} (${counts[i]})`] : []));
  }

  private async lines(worker: string, text: string): Promise<string[]> {
    const group = part(this.pattern(worker), 'logGroup', 'logs');
    const found = await this.aws.logs(group, text, 0);
    return found.sort((a, b) => a.timestamp - b.timestamp).map(({ message }) => message);
  }
}

function metricsOf(line: string, worker: string): Record<string, unknown> | undefined {
  try {
    const parsed = JSON.parse(line) as Record<string, unknown>;
    return parsed._aws !== undefined && parsed[METRIC.dimension] === worker ? parsed : undefined;
  } catch {
    return undefined;
  }
}
