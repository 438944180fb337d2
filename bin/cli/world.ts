import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Aws } from './aws';
import { sdkAws } from './sdk';

/** All that the commands reach outside themselves. */
export interface World {
  readonly aws: Aws;
  /** A line of the result. */
  out(line: string): void;
  /** A line about the work, apart from its result. */
  note(line: string): void;
  /** A line that the next one replaces; nothing where nobody watches. */
  progress(line: string): void;
  now(): number;
  /** Rests, until then or until somebody interrupts. */
  sleep(ms: number): Promise<void>;
  /** What somebody answers, or nothing where there is nobody. */
  ask(question: string): Promise<string | undefined>;
  /** Fires when somebody interrupts: what is in hand is to be finished. */
  readonly interrupted: AbortSignal;
}

/** The terminal and the real AWS. */
export function realWorld(): World {
  const controller = new AbortController();
  const { stderr, stdin } = process;
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      stderr.write('\nleft at once: what was in hand shows again within two minutes, and may have been sent\n');
      process.exit(130);
    }
    stderr.write('\nfinishing what is in hand; once more to leave at once\n');
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  let shown = false;
  const wipe = (): void => {
    if (shown) stderr.write('\r\x1b[K');
    shown = false;
  };
  return {
    aws: sdkAws(),
    out: (line) => {
      wipe();
      process.stdout.write(`${line}\n`);
    },
    note: (line) => {
      wipe();
      stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!stderr.isTTY) return;
      stderr.write(`\r\x1b[K${line}`);
      shown = true;
    },
    now: Date.now,
    sleep: (ms) => sleep(ms, undefined, { signal: controller.signal }).catch(() => {}),
    ask: async (question) => {
      if (!stdin.isTTY) return undefined;
      const prompt = createInterface({ input: stdin, output: stderr });
      try {
        return await prompt.question(question, { signal: controller.signal });
      } catch {
        return undefined;
      } finally {
        prompt.close();
      }
    },
    interrupted: controller.signal,
  };
}
