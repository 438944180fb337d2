import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmulator } from '../../bin/local/emulator';
import { LOCAL, ROOT } from '../../bin/local/run';

const directory = join(LOCAL, 'e2e-emulator');

const answers = (endpoint: string): Promise<boolean> =>
  fetch(`${endpoint}/_ministack/health`).then(
    ({ ok }) => ok,
    () => false,
  );

const until = async (condition: () => Promise<boolean> | boolean): Promise<boolean> => {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(50)) if (await condition()) return true;
  return false;
};

describe('startEmulator', () => {
  it('gives each caller an emulator of its own, and stops that one only', async () => {
    const [first, second] = [await startEmulator({ directory }), await startEmulator({ directory })];
    try {
      expect(second.endpoint).not.toBe(first.endpoint);
      await first.stop();
      expect(await answers(first.endpoint)).toBe(false);
      expect(await answers(second.endpoint)).toBe(true);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  }, 30_000);

  it('ends with the process that started it, even if that is killed', async () => {
    const starter = spawn(
      process.execPath,
      [
        '--require',
        'tsx/cjs',
        '--eval',
        `require('./bin/local/emulator').startEmulator({ directory: ${JSON.stringify(directory)} })
          .then(({ endpoint }) => { process.stdout.write(endpoint); setInterval(() => {}, 1000); })`,
      ],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let endpoint = '';
    starter.stdout.on('data', (data) => {
      endpoint += data;
    });
    expect(await until(() => endpoint !== '')).toBe(true);
    expect(await answers(endpoint)).toBe(true);
    process.kill(starter.pid!, 'SIGKILL');
    expect(await until(async () => !(await answers(endpoint)))).toBe(true);
  }, 30_000);
});
