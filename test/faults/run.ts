import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { readLedger } from '../../bin/local/ledger';
import { waitingIn } from '../../bin/local/waiting';
import { type Account, accountOf, type Evidence, PROMISES } from './account';
import { readDead } from './dead';
import { type Effects, serveEffects } from './effects';
import { changesFeed, type Feed, kinesisFeed } from './feeds';
import { type Killer, startKiller } from './killer';
import { buildLoad, DERIVED, type Load, type PatternName, SENT, type SentLoad, sizeOf, withDerived } from './load';
import { type LogSight, logProblems, readLog } from './log';
import { type FaultProxy, type Fired, startProxy } from './microburst';
import { routeFunctions } from './route';
import { FAULTS, rulesOf } from './rules';
import { type Submitted, sendLoad } from './send';

export interface RunOptions {
  readonly messages: number;
  readonly seed: number;
  readonly directory: string;
  /** The share of tries at which a process is told to die before its effect, and of those at which it dies right after. */
  readonly killRate: number;
  /** How often some process is killed whatever it does, in milliseconds. */
  readonly killEveryMs: number;
  /** How long an invocation may take, and with it how soon comes back what a dead process had in hand. */
  readonly timeoutSeconds: number;
  /** Invocations at once of the worker that gets most. */
  readonly maxConcurrency: number;
  /** How long the service behind the charges is down, in the middle of all: a breaker opens, and takes a minute to close. */
  readonly downMs: number;
  /** How long nothing may happen until what is missing is given up. */
  readonly patienceMs: number;
  /** When no more is sent; what was sent by then is handled and accounted for. */
  readonly sendingMs?: number;
  readonly onProgress?: (text: string) => void;
}

/** What a run came to. */
export interface Result {
  /** How many were asked for, about. */
  readonly asked: number;
  /** When no more was sent, if that was bounded. */
  readonly sendingMs?: number;
  readonly seed: number;
  readonly messages: number;
  readonly seconds: number;
  readonly accounts: Readonly<Record<PatternName, Account>>;
  readonly fired: readonly Fired[];
  readonly requests: Readonly<Record<string, number>>;
  readonly kills: { readonly before: number; readonly after: number; readonly anywhere: number };
  /** Messages that their producer refused after all its tries, and that were sent again. */
  readonly resent: number;
  /** Calls that met the service while it was down. */
  readonly refusals: number;
  readonly problems: readonly string[];
}

const LOOK_MS = 1_000;
/** What is on its way from one queue to another is in neither for a moment. */
const QUIET_LOOKS = 3;
const QUEUES = [
  'charges',
  'steps',
  'documents',
  'mails',
  'renders',
  'orders',
  'billing',
  'audit',
  'accounts',
  'balances',
];
/** The worker of the jobs is known by what it does. */
const WORKER: Readonly<Partial<Record<PatternName, string>>> = { jobs: 'renders' };
const CLICKS_BATCH = 50;
const OUTBOX_BATCH = 100;

/** Deploys the app, sends the load through faults, waits until nothing moves, and draws up the account. */
export async function runFaults(options: RunOptions): Promise<Result> {
  const { seed, directory, killRate } = options;
  const load = buildLoad(seed, options.messages);
  const effects = await serveEffects({ seed, killRate });
  const emulator = await startEmulator({ directory });
  let proxy: FaultProxy | undefined;
  try {
    proxy = await startProxy(emulator.endpoint, { seed, directory });
    await bootstrap(emulator, directory);
    Object.assign(process.env, {
      EFFECTS_URL: effects.url,
      FUNCTION_TIMEOUT: `${options.timeoutSeconds}`,
      MAX_CONCURRENCY: `${options.maxConcurrency}`,
    });
    const out = await deploy(emulator, { stack: 'Faults', app: 'tsx test/faults/app/app.ts', directory });
    await routeFunctions(emulator, proxy.endpoint);
    return await new Run(options, { load, effects, emulator, proxy, out }).run();
  } finally {
    await proxy?.stop();
    await emulator.stop();
    await effects.close();
  }
}

interface Parts {
  readonly load: SentLoad;
  readonly effects: Effects;
  readonly emulator: Emulator;
  readonly proxy: FaultProxy;
  readonly out: Readonly<Record<string, string>>;
}

class Run {
  private readonly sqs: SQSClient;
  private readonly dynamodb: DynamoDBDocumentClient;
  private isOver = false;

  constructor(
    private readonly options: RunOptions,
    private readonly parts: Parts,
  ) {
    this.sqs = new SQSClient(parts.emulator.clientConfig);
    this.dynamodb = DynamoDBDocumentClient.from(new DynamoDBClient(parts.emulator.clientConfig));
  }

  async run(): Promise<Result> {
    const { seed, killEveryMs, sendingMs = Number.POSITIVE_INFINITY, onProgress = () => {} } = this.options;
    const { load, effects, emulator, proxy, out } = this.parts;
    const total = sizeOf(withDerived(load));
    const start = performance.now();
    await proxy.rule(rulesOf(FAULTS));
    const feeds = [
      kinesisFeed(emulator, out.ClicksStream!, out.ClicksFunction!, CLICKS_BATCH),
      changesFeed(emulator, out.LogStreamArn!, out.OutboxFunction!, OUTBOX_BATCH),
      changesFeed(emulator, out.LogStreamArn!, out.ArchiverFunction!, OUTBOX_BATCH),
    ];
    const killer = startKiller(emulator.pid, { seed, everyMs: killEveryMs });
    let sent = 0;
    const sending = sendLoad(emulator, proxy.endpoint, out, load, {
      isOver: () => performance.now() - start > sendingMs,
      onSent: (count) => {
        sent += count;
      },
    });
    // Told below.
    sending.catch(() => {});
    let submitted: Submitted | undefined;
    const outage = this.outage();
    try {
      await this.untilQuiet(feeds, async (): Promise<Submitted | undefined> => {
        submitted ??= await Promise.race([sending, Promise.resolve(undefined)]);
        onProgress(`${sent} sent, ${this.done()} of ${total} done, ${effects.killings.length + killer.kills()} kills`);
        return submitted;
      });
    } finally {
      this.isOver = true;
      await killer.stop();
    }
    await outage;
    if (!submitted)
      throw new Error(`nothing has moved for ${this.options.patienceMs} ms, and ${sent} messages are sent`);
    const seconds = (performance.now() - start) / 1000;
    const [fired, requests] = [await proxy.fired(), await proxy.requests()];
    await proxy.rule([]);
    await Promise.all(feeds.map((feed) => feed.stop()));
    return {
      ...(await this.account(submitted, withDerived(submitted.sent))),
      ...this.tally(killer),
      messages: sizeOf(withDerived(submitted.sent)),
      resent: submitted.resent,
      fired,
      requests,
      seconds,
    };
  }

  private tally(killer: Killer) {
    const { effects } = this.parts;
    const killed = (when: string) => effects.killings.filter((killing) => killing.when === when).length;
    return {
      asked: this.options.messages,
      sendingMs: this.options.sendingMs,
      seed: this.options.seed,
      kills: { before: killed('before'), after: killed('after'), anywhere: killer.kills() },
      refusals: effects.refusals(),
    };
  }

  private done(): number {
    return [...this.parts.effects.calls.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** The service behind the charges is down for a while once half of them are done. */
  private async outage(): Promise<void> {
    if (this.options.downMs === 0) return;
    const { load, effects } = this.parts;
    while ((effects.calls.get('charges')?.length ?? 0) < load.charges.length / 2) {
      if (this.isOver) return;
      await sleep(LOOK_MS / 4);
    }
    effects.down('charges');
    await sleep(this.options.downMs);
    effects.down(undefined);
  }

  private async untilQuiet(feeds: readonly Feed[], look: () => Promise<Submitted | undefined>): Promise<void> {
    let quiet = 0;
    let last = { moved: '', at: Date.now() };
    while (quiet < QUIET_LOOKS) {
      await sleep(LOOK_MS);
      const submitted = await look();
      const waiting = await Promise.all(QUEUES.map((name) => this.waiting(name)));
      const isQuiet =
        submitted !== undefined && waiting.every((count) => count === 0) && (await this.isFed(submitted.sent, feeds));
      quiet = isQuiet ? quiet + 1 : 0;
      const moved = JSON.stringify([waiting, this.done(), feeds.map((feed) => feed.passed())]);
      if (moved !== last.moved) last = { moved, at: Date.now() };
      else if (Date.now() - last.at > this.options.patienceMs) return;
    }
  }

  /** Whether what comes through no queue has come to an end. */
  private async isFed(load: SentLoad, [clicks, outbox, archiver]: readonly Feed[]): Promise<boolean> {
    const { effects, out } = this.parts;
    const rows = (await readLedger(this.dynamodb, out.LogTable!)).length;
    const thumbnails = new Set(effects.calls.get('thumbnails')?.map(({ key }) => key)).size;
    const dead = await waitingIn(this.sqs, out.thumbnailsDeadLetters!);
    return (
      clicks!.passed() >= load.clicks.length &&
      outbox!.passed() >= rows &&
      archiver!.passed() >= rows &&
      thumbnails + dead >= load.thumbnails.length
    );
  }

  private async waiting(name: string): Promise<number> {
    const queueUrl = this.parts.out[`${name}Queue`];
    return queueUrl === undefined ? 0 : waitingIn(this.sqs, queueUrl);
  }

  private async account(submitted: Submitted, load: Load): Promise<Pick<Result, 'accounts' | 'problems'>> {
    const { emulator, out } = this.parts;
    const log = await readLog(emulator, out);
    const accounts: Partial<Record<PatternName, Account>> = {};
    for (const pattern of [...SENT, ...DERIVED]) {
      accounts[pattern] = accountOf(load[pattern], await this.evidence(pattern, log), PROMISES[pattern]);
    }
    const problems = Object.entries(accounts).flatMap(([pattern, { problems }]) =>
      problems.map((problem) => `${pattern}: ${problem}`),
    );
    return {
      accounts: accounts as Record<PatternName, Account>,
      problems: [...problems, ...logProblems(log), ...(await this.jobProblems(submitted)), ...this.bodyProblems()],
    };
  }

  private async evidence(pattern: PatternName, log: LogSight): Promise<Evidence> {
    const { effects, emulator, out } = this.parts;
    const worker = WORKER[pattern] ?? pattern;
    // The effect of a command is what is in the log.
    const appended = () =>
      log.events.map(({ id, streamId }) => ({
        id,
        key: id,
        group: streamId,
        step: undefined,
        characters: 0,
        receiveCount: 0,
        unexplained: false,
      }));
    return {
      calls: pattern === 'accounts' ? appended() : (effects.calls.get(pattern) ?? []),
      letters: await readDead(emulator, out[`${worker}DeadLetters`]!, out.PayloadBucket!),
      waiting: await this.waiting(worker),
    };
  }

  /** Each job is one, and has ended as it had to. */
  private async jobProblems({ jobs, sent }: Submitted): Promise<string[]> {
    const { out } = this.parts;
    const rows = (await readLedger(this.dynamodb, out.JobsTable!)) as unknown as { pk: string; state: string }[];
    const states = new Map(rows.map(({ pk, state }) => [pk, state]));
    return sent.jobs.flatMap(({ id, bad }) => {
      const ids = jobs.get(id) ?? [];
      if (ids.length !== 1) return [`${id} is the jobs ${ids.join(', ')}`];
      const state = states.get(ids[0]!);
      return state === (bad ? 'failed' : 'succeeded') ? [] : [`${id} is the job ${ids[0]}, which is ${state}`];
    });
  }

  /** What was too large to travel has arrived whole. */
  private bodyProblems(): string[] {
    const { load, effects } = this.parts;
    return (['documents', 'thumbnails'] as const).flatMap((pattern) => {
      const sizes = new Map(load[pattern].map(({ id, padding = '' }) => [id, padding.length]));
      const wrong = (effects.calls.get(pattern) ?? []).filter(({ id, characters }) => sizes.get(id) !== characters);
      return wrong.map(({ id, characters }) => `${id} came with ${characters} characters`);
    });
  }
}
