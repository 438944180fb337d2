import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../bin/local/emulator';
import { cleanEnv, tail, withLog } from '../../bin/local/run';
import { virtualEnvironment } from '../../bin/local/venv';

const VERSION = '0.10.0';

/** A rule of the proxy: which requests, and what happens to them. https://pypi.org/project/microburst/ */
export interface Rule {
  readonly service: string;
  readonly probability: number;
  readonly error?: { readonly code: string; readonly status?: number };
  readonly reset?: boolean;
  readonly latency?: { readonly min: number; readonly max: number };
  readonly timeout_ms?: number;
  readonly response?: { readonly abort_bytes: number };
}

/** What fired, as the proxy counts it. */
export interface Fired {
  readonly service: string;
  readonly operation: string;
  readonly action: string;
  readonly count: number;
}

export interface FaultProxy {
  readonly endpoint: string;
  /** From now on these rules and no others. */
  rule(rules: readonly Rule[]): Promise<void>;
  fired(): Promise<Fired[]>;
  /** Requests by service, those that nothing befell included. */
  requests(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/**
 * It draws from Python's generator, and has no option to seed it. It ends when its stdin is closed, as it is when this process is gone,
 * even if that was killed.
 */
const SEEDED = `
import logging, os, random, sys, threading
logging.disable(logging.INFO)
random.seed(int(sys.argv.pop(1)))
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from microburst.cli import main
main()`;

const METRIC = /^microburst_faults_total\{service="(.*?)",operation="(.*?)",action="(.*?)"\} (\d+)$/gm;

async function untilHealthy(endpoint: string, child: ChildProcess, log: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (Date.now() < end && child.exitCode === null) {
    const response = await fetch(`${endpoint}/_microburst/health`).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(`the proxy did not come up at ${endpoint}; the end of ${log}:\n${tail(log)}`);
}

/** A proxy before the emulator, that draws with this seed what befalls requests. At first nothing does. */
export async function startProxy(
  upstream: string,
  {
    seed,
    directory,
    onInstall,
  }: { readonly seed: number; readonly directory: string; readonly onInstall?: () => void },
): Promise<FaultProxy> {
  const bin = await virtualEnvironment('faults-venv', { microburst: VERSION }, onInstall);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const log = join(directory, 'proxy.log');
  const args = ['-c', SEEDED, `${seed}`, '--upstream', upstream, '--port', `${port}`, '--no-resign'];
  const child = withLog(log, (fd) => spawn(join(bin, 'python'), args, { env: cleanEnv(), stdio: ['pipe', fd, fd] }));
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await untilHealthy(endpoint, child, log);
  } catch (error) {
    await stop();
    throw error;
  }

  const get = async (path: string): Promise<Response> => {
    const response = await fetch(`${endpoint}/_microburst/${path}`);
    if (!response.ok) throw new Error(`${path} of the proxy: got ${response.status} ${await response.text()}`);
    return response;
  };
  return {
    endpoint,
    async rule(rules) {
      const response = await fetch(`${endpoint}/_microburst/rules`, { method: 'POST', body: JSON.stringify(rules) });
      if (!response.ok) throw new Error(`rules of the proxy: got ${response.status} ${await response.text()}`);
    },
    async fired() {
      const text = await (await get('metrics')).text();
      return [...text.matchAll(METRIC)].map(([, service = '', operation = '', action = '', count]) => ({
        service,
        operation,
        action,
        count: Number(count),
      }));
    },
    async requests() {
      const { by_service } = (await (await get('stats')).json()) as {
        by_service: readonly { service: string; requests: number }[];
      };
      return Object.fromEntries(by_service.map(({ service, requests }) => [service, requests]));
    },
    stop,
  };
}
