import { Controller, type Status } from '../../../lambda/handlers/pace-controller/controller';
import type { Edge } from '../../../lambda/runtime/edge';
import type { SqsCalls } from '../../../lambda/runtime/effects';
import { Guards } from '../../../lambda/runtime/guards';
import type { StatementCalls } from '../../../lambda/runtime/idempotency/store';
import { settle } from '../../../lambda/runtime/settle';
import { type WorkerHandler, type WorkerOptions, workerOn } from '../../../lambda/runtime/worker';
import { lambdaContext, sqsEvent } from '../../../lambda/testing';
import {
  concurrencyFor,
  defaultBatchSize,
  ENV,
  type LevelingSpec,
  PACE_ENV,
  type PaceSpec,
} from '../../../lib/private/contract';
import { randomOf } from '../breaker/world';
import { DLQ_URL, QUEUE_URL } from '../fake-edge';
import { VirtualClock } from '../virtual-clock';
import { FakeTable, TABLE } from './fake-table';

export const START = Date.parse('2026-11-24T10:00:00Z');

export interface Message {
  readonly id: string;
  readonly tenant: string | undefined;
  receives: number;
  /** Grows with every receive and change of visibility, so that an older end of invisibility is none. */
  version: number;
  state: 'delayed' | 'visible' | 'inFlight' | 'deleted' | 'dead';
  wasDeferred: number;
}

export interface Scenario {
  readonly pace: PaceSpec;
  readonly perTenant?: boolean;
  readonly seed?: number;
  readonly timeout?: number;
  readonly lookahead?: number;
  readonly batchSize?: number;
  readonly maxConcurrency?: number;
  readonly maxReceiveCount?: number;
  /** Milliseconds that a message takes, drawn evenly. */
  readonly work?: readonly [number, number];
  /** How far clocks are off, at most, in milliseconds. */
  readonly skew?: number;
  /** Share of batches whose process dies half way. */
  readonly crashes?: number;
  /** Share of requests to the table that fail, and of replies that are lost. */
  readonly lost?: number;
  /** What answers for the table of idempotency. */
  readonly statements?: StatementCalls;
  readonly options?: Partial<WorkerOptions<{ id: string; tenant?: string }>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly at: number;
  readonly id: string;
  readonly tenant: string | undefined;
  end?: number;
}

class Dead extends Error {}

/**
 * A queue, what polls it, processes that run the real worker, and a table, in virtual time. Requests take their time, clocks
 * are off, and processes die.
 */
export class World {
  readonly clock = new VirtualClock(START);
  readonly table = new FakeTable();
  readonly messages = new Map<string, Message>();
  readonly calls: Call[] = [];
  readonly metrics: Record<string, number>[] = [];
  readonly problems: string[] = [];
  readonly spec: LevelingSpec;
  enabled = true;
  running = 0;
  mostRunning = 0;
  mostInFlight = 0;
  mostReceives = 0;
  invocations = 0;
  maxConcurrency: number;
  readonly random: () => number;
  private visible: Message[] = [];
  private head = 0;
  private inFlight = 0;
  private readonly byHandle = new Map<string, Message>();
  private readonly idle: (() => void)[] = [];
  private readonly timeout: number;

  constructor(readonly scenario: Scenario) {
    const { pace, perTenant = false, timeout = 30 } = scenario;
    this.random = randomOf(scenario.seed ?? 1);
    this.timeout = timeout * 1_000;
    const batchSize = scenario.batchSize ?? defaultBatchSize(pace, perTenant);
    this.maxConcurrency = scenario.maxConcurrency ?? concurrencyFor(pace, batchSize, perTenant).maxConcurrency;
    this.spec = {
      table: TABLE,
      pace,
      ...(perTenant && { perTenant }),
      lookahead: scenario.lookahead ?? (perTenant ? 3 : (timeout - 1) / 2),
      batchSize,
      ...(scenario.maxConcurrency !== undefined && { maxConcurrency: scenario.maxConcurrency }),
    };
  }

  get seconds(): number {
    return (this.clock.time - START) / 1_000;
  }

  get backlog(): number {
    return this.visible.length - this.head + this.inFlight;
  }

  deleted = 0;

  count(state: Message['state']): number {
    let count = 0;
    for (const message of this.messages.values()) if (message.state === state) count++;
    return count;
  }

  send(id: string, tenant?: string): void {
    const message: Message = { id, tenant, receives: 0, version: 0, state: 'visible', wasDeferred: 0 };
    this.messages.set(id, message);
    this.show(message);
  }

  /** Runs until all is handled or the time is over. */
  async run(seconds: number, done: () => boolean = () => false): Promise<void> {
    this.clock.install();
    try {
      if (this.invocations === 0) for (let i = 0; i < 1_000; i++) this.poller(i);
      await this.clock.run(START + seconds * 1_000, done);
    } finally {
      this.clock.restore();
    }
  }

  /** Keeps one invocation going at a time, as long as the mapping lets it. */
  private async poller(i: number): Promise<void> {
    let process: WorkerHandler | undefined;
    for (;;) {
      if (i >= this.maxConcurrency || !this.enabled || this.head === this.visible.length) {
        await new Promise<void>((resolve) => this.idle.push(resolve));
        continue;
      }
      const batch = this.receive();
      const life = { dead: false };
      process ??= this.process(life);
      // Polling and invoking take their time.
      await this.clock.sleep(10 + this.random() * 40);
      if (!(await this.invoke(process, batch, life))) process = undefined;
      this.wake();
    }
  }

  private async invoke(process: WorkerHandler, batch: Message[], life: { dead: boolean }): Promise<boolean> {
    this.invocations++;
    const end = this.clock.time + this.timeout;
    if (this.random() < (this.scenario.crashes ?? 0)) this.clock.in(this.random() * 3_000, () => this.kill(life));
    const handles = new Map(batch.map((message) => [message.id, `${message.id}/${message.version}`]));
    const event = sqsEvent(
      batch.map(({ id, tenant, receives }) => ({
        messageId: id,
        body: { id, tenant },
        receiveCount: receives,
        ...(tenant !== undefined && { groupId: tenant }),
      })),
    );
    for (const record of event.Records) record.receiptHandle = handles.get(record.messageId)!;
    const context = { ...lambdaContext(), getRemainingTimeInMillis: () => end - this.clock.time };
    const over = new Promise<undefined>((resolve) => {
      const watch = this.clock.in(this.timeout, () => resolve(undefined));
      this.onDeath.set(life, () => {
        watch.cancelled = true;
        resolve(undefined);
      });
    });
    const reply = await Promise.race([
      process(event, context).catch((error) => {
        if (!(error instanceof Dead)) this.problems.push(`invocation failed: ${error.stack}`);
        return undefined;
      }),
      over,
    ]);
    this.onDeath.get(life)?.();
    this.onDeath.delete(life);
    if (!reply || life.dead) {
      life.dead = true;
      return false;
    }
    const failed = new Set(reply.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const message of batch) {
      // A receipt that is no longer valid deletes nothing.
      if (!failed.has(message.id) && this.byHandle.get(handles.get(message.id)!) === message) this.remove(message);
    }
    return true;
  }

  private readonly onDeath = new Map<{ dead: boolean }, () => void>();

  private kill(life: { dead: boolean }): void {
    life.dead = true;
    this.onDeath.get(life)?.();
  }

  private process(life: { dead: boolean }): WorkerHandler {
    const { skew = 0, work = [5, 50], lost = 0 } = this.scenario;
    const off = Math.round((this.random() * 2 - 1) * skew);
    let uuids = 0;
    const reach = async <T>(ms: number, request: () => Promise<T>, share = 0): Promise<T> => {
      await this.clock.sleep(ms * (0.5 + this.random()));
      if (life.dead) await new Promise(() => {});
      if (this.random() < share) throw new Error('lost request');
      const [reply] = await Promise.allSettled([request()]);
      await this.clock.sleep(ms * (0.5 + this.random()));
      if (life.dead) await new Promise(() => {});
      if (this.random() < share) throw new Error('lost reply');
      if (reply.status === 'rejected') throw reply.reason;
      return reply.value;
    };
    const { table } = this;
    const calls: SqsCalls = {
      sendMessageBatch: ({ Entries = [] }) =>
        reach(5, async () => ({
          Successful: Entries.map(({ Id }) => ({ Id, MessageId: Id, MD5OfMessageBody: '' })),
          Failed: [],
        })),
      changeMessageVisibilityBatch: ({ Entries = [] }) =>
        reach(5, async () => {
          for (const { ReceiptHandle, VisibilityTimeout } of Entries)
            this.changeVisibility(ReceiptHandle!, VisibilityTimeout!);
          return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
        }),
    };
    const edge: Edge = {
      env: {
        [ENV.worker]: 'Test/Mails',
        [ENV.queueUrl]: QUEUE_URL,
        [ENV.deadLetterQueueUrl]: DLQ_URL,
        [ENV.maxReceiveCount]: String(this.scenario.maxReceiveCount ?? 5),
        [PACE_ENV.spec]: JSON.stringify(this.spec),
        ...this.scenario.env,
      },
      now: () => Math.round(this.clock.time) + off,
      random: this.random,
      write: (text) => {
        const line = JSON.parse(text);
        if ('TimeToDrain' in line) this.metrics.push({ ...line, at: this.seconds });
        else if (!('_aws' in line)) this.lines.push(line);
      },
      openPath: () => import('../../../lambda/runtime/async-patterns-open'),
      payloadPath: () => Promise.reject(new Error('no payload store here')),
      spanPath: () => import('../../../lambda/runtime/async-patterns-spans'),
      failurePath: async () => ({ settle, calls, queueSize: () => reach(5, async () => this.backlog) }),
      storePath: async () => ({
        Guards,
        calls: {
          batchExecuteStatement:
            this.scenario.statements?.batchExecuteStatement ?? (() => Promise.reject(new Error('no idempotency here'))),
          getItem: (...args) => reach(4, () => table.getItem(...args), lost),
          updateItem: (...args) => reach(4, () => table.updateItem(...args), lost),
          batchGetItem: (...args) => reach(4, () => table.batchGetItem(...args), lost),
          transactWriteItems: (...args) => reach(6, () => table.transactWriteItems(...args), lost),
        },
      }),
      uuid: () => `process-${this.random()}-${uuids++}`,
    };
    return workerOn<{ id: string; tenant?: string }>(edge, {
      ...this.scenario.options,
      process: async ({ id, tenant }) => {
        if (life.dead) throw new Dead();
        const call: Call = { at: this.clock.time, id, tenant };
        this.calls.push(call);
        this.running++;
        this.mostRunning = Math.max(this.mostRunning, this.running);
        await this.clock.sleep(work[0] + this.random() * (work[1] - work[0]));
        this.running--;
        call.end = this.clock.time;
        if (life.dead) await new Promise(() => {});
      },
    });
  }

  readonly lines: Record<string, unknown>[] = [];

  private receive(): Message[] {
    const batch: Message[] = [];
    while (batch.length < this.spec.batchSize && this.head < this.visible.length) {
      const message = this.visible[this.head++]!;
      message.state = 'inFlight';
      message.receives++;
      message.version++;
      this.byHandle.set(`${message.id}/${message.version}`, message);
      this.mostReceives = Math.max(this.mostReceives, message.receives);
      this.hide(message, 6 * this.timeout);
      batch.push(message);
    }
    this.inFlight += batch.length;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    if (this.head > 10_000) {
      this.visible = this.visible.slice(this.head);
      this.head = 0;
    }
    return batch;
  }

  private hide(message: Message, ms: number): void {
    const { version } = message;
    this.clock.in(ms, () => {
      if (message.version !== version || message.state !== 'inFlight') return;
      message.version++;
      this.inFlight--;
      this.show(message);
    });
  }

  private changeVisibility(handle: string, seconds: number): void {
    const message = this.byHandle.get(handle);
    if (message?.state !== 'inFlight' || handle !== `${message.id}/${message.version}`) return;
    if (seconds > 0) message.wasDeferred++;
    this.byHandle.delete(handle);
    message.version++;
    this.hide(message, seconds * 1_000);
  }

  private show(message: Message): void {
    message.state = 'visible';
    this.visible.push(message);
    this.wake();
  }

  private remove(message: Message): void {
    if (message.state !== 'inFlight') return;
    message.state = 'deleted';
    this.deleted++;
    message.version++;
    this.inFlight--;
  }

  /** A run of the controller, whose changes of the mapping take some time to be felt. */
  async control(event: unknown): Promise<Status> {
    const { table, spec } = this;
    const controller = new Controller({
      worker: 'Test/Mails',
      spec,
      mapping: 'mapping',
      rowCalls: table,
      mappingCalls: {
        get: async () => ({
          state: this.enabled ? 'Enabled' : 'Disabled',
          maxConcurrency: this.maxConcurrency,
          provisioned: false,
        }),
        update: async (_, { enabled, maxConcurrency }) => {
          this.clock.in(500 + this.random() * 3_000, () => {
            this.enabled = enabled;
            this.maxConcurrency = maxConcurrency ?? this.maxConcurrency;
            this.wake();
          });
          return true;
        },
      },
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      queueSize: async () => this.backlog,
      now: () => Math.round(this.clock.time),
      write: () => {},
    });
    return controller.handle(event);
  }

  /** At a second, and then each minute to put right what it could not do at once. */
  schedule(seconds: number, event: unknown): void {
    this.clock.in(seconds * 1_000, () => void this.control(event));
    for (let i = 1; i <= 3; i++)
      this.clock.in((seconds + 60 * i) * 1_000, () => void this.control({ action: 'reconcile' }));
  }

  wake(): void {
    const { idle } = this;
    for (const resolve of idle.splice(0)) resolve();
  }
}

/** The most and the fewest calls in any window of so many seconds, between two times. */
export function windows(
  calls: readonly Call[],
  seconds: number,
  from: number,
  to: number,
): { most: number; fewest: number } {
  const times = calls.map(({ at }) => at).sort((a, b) => a - b);
  let most = 0;
  let fewest = Number.POSITIVE_INFINITY;
  let end = 0;
  times.forEach((start, i) => {
    while (end < times.length && times[end]! < start + seconds * 1_000) end++;
    most = Math.max(most, end - i);
    // A window that begins just after this call.
    if (start >= from && start + seconds * 1_000 <= to) fewest = Math.min(fewest, end - i - 1);
  });
  return { most, fewest };
}
