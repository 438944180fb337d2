import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, Work } from './app/work';
import { chance } from './chance';

/** An effect that happened. */
export interface Call {
  readonly id: string;
  readonly key: string;
  readonly group: string | undefined;
  readonly step: number | undefined;
  readonly characters: number;
  /** How often its message had been handed out; 0 if nobody counts that. */
  readonly receiveCount: number;
  /** Whoever had this effect before under the same key was alive, and had heard of it, when it happened again. */
  readonly unexplained: boolean;
}

export interface Killing {
  readonly pattern: string;
  readonly when: 'before' | 'after';
}

export interface Effects {
  readonly url: string;
  /** By pattern, in the order in which they happened. */
  readonly calls: ReadonlyMap<string, readonly Call[]>;
  readonly killings: readonly Killing[];
  /** From now on it answers no call of this pattern well, or does again. */
  down(pattern: string | undefined): void;
  refusals(): number;
  close(): Promise<void>;
}

export interface EffectsOptions {
  readonly seed: number;
  /** The share of tries at which the process dies before the effect, and of those at which it dies right after it. */
  readonly killRate: number;
}

type Sent = Omit<Work, 'padding'> & Pick<Call, 'characters' | 'receiveCount'>;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function read(request: IncomingMessage): Promise<Sent> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Sent;
}

/** Stands for all that handlers call: it counts what it is asked for, and tells some processes to die. On loopback. */
export async function serveEffects({ seed, killRate }: EffectsOptions): Promise<Effects> {
  const calls = new Map<string, Call[]>();
  const killings: Killing[] = [];
  const tries = new Map<string, number>();
  const failures = new Map<string, number>();
  /** By key: who had the effect last. */
  const callers = new Map<string, { readonly pid: number; heard: boolean }>();
  let down: string | undefined;
  let refusals = 0;

  const answer = (
    pattern: string,
    sent: Sent,
    key: string,
    pid: number,
  ): { answer: Answer; caller?: { heard: boolean } } => {
    if (pattern === down) {
      refusals++;
      return { answer: 'down' };
    }
    const name = `${pattern}/${sent.id}`;
    const nth = (tries.get(name) ?? 0) + 1;
    tries.set(name, nth);
    if (chance(seed, 'before', name, nth) < killRate) {
      killings.push({ pattern, when: 'before' });
      return { answer: 'die' };
    }
    const failed = failures.get(name) ?? 0;
    if (failed < sent.fails) {
      failures.set(name, failed + 1);
      return { answer: 'failed' };
    }
    const last = callers.get(`${pattern}/${key}`);
    const { id, group, step, characters, receiveCount } = sent;
    const unexplained = last?.heard === true && isAlive(last.pid);
    const call = { id, key, group, step, characters, receiveCount, unexplained };
    if (!calls.has(pattern)) calls.set(pattern, []);
    calls.get(pattern)!.push(call);
    const caller = { pid, heard: false };
    callers.set(`${pattern}/${key}`, caller);
    if (chance(seed, 'after', name, nth) >= killRate) return { answer: 'done', caller };
    killings.push({ pattern, when: 'after' });
    return { answer: 'die' };
  };

  const server = createServer(async (request, response) => {
    try {
      const sent = await read(request);
      const { 'idempotency-key': key, 'x-process': pid } = request.headers;
      const { answer: text, caller } = answer(request.url!.slice(1), sent, String(key), Number(pid));
      response.end(text, () => {
        if (caller) caller.heard = true;
      });
    } catch {
      // Who asked is gone.
      response.destroy();
    }
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    killings,
    down: (pattern) => {
      down = pattern;
    },
    refusals: () => refusals,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
