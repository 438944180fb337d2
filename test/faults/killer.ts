import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { seededRandom } from '../../bin/local/random';

export interface Killer {
  kills(): number;
  stop(): Promise<void>;
}

/** The processes of functions: those that the emulator has started. */
async function functionProcesses(emulator: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, parent]) => Number(parent) === emulator)
    .map(([pid]) => Number(pid));
}

/** From time to time kills the process of some function, at whatever it is: also those of our own, which nobody tells to die. */
export function startKiller(
  emulator: number,
  { seed, everyMs }: { readonly seed: number; readonly everyMs: number },
): Killer {
  const random = seededRandom(seed);
  let stopped = false;
  let kills = 0;
  const running = (async () => {
    while (!stopped) {
      await sleep(everyMs * (0.5 + random()));
      const processes = stopped ? [] : await functionProcesses(emulator);
      const victim = processes[Math.floor(random() * processes.length)];
      if (victim === undefined) continue;
      try {
        process.kill(victim, 'SIGKILL');
        kills++;
      } catch (error) {
        // It has ended by itself.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  })();
  running.catch(() => {});
  return {
    kills: () => kills,
    async stop() {
      stopped = true;
      await running;
    },
  };
}
