import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { type Rebuilt, rebuildBalances } from './accounts/rebuild';
import { collect } from './collect';
import { bootstrap, deploy } from './deploy';
import { type Emulator, startEmulator } from './emulator';
import type { Page } from './page';
import { sendLoads } from './patterns';
import { type Reference, referenceOf } from './reference';

/**
 * What is missing after that long is lost. The longest ways: five receives with their backoff take less than 20 s, a copy that
 * meets a running payment 40 s.
 */
const TIMEOUT_SECONDS = 120;

const QUIET_SECONDS = 5;

/** A line that replaces itself on a terminal; elsewhere, in a CI log, a new one every few seconds. */
class Line {
  private last = performance.now();

  update(text: string): void {
    if (process.stdout.isTTY) {
      process.stdout.write(`\r\x1b[K  ${text}`);
    } else if (performance.now() - this.last > QUIET_SECONDS * 1000) {
      this.last = performance.now();
      console.log(`  ${text}`);
    }
  }

  done(text: string): void {
    console.log(`${process.stdout.isTTY ? '\r\x1b[K' : ''}✔ ${text}`);
  }
}

const seconds = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

async function phase<T>(title: string, work: (line: Line) => Promise<T>): Promise<T> {
  const line = new Line();
  line.update(`${title} …`);
  const start = performance.now();
  const result = await work(line);
  line.done(`${title} (${seconds(start)})`);
  return result;
}

function howToGoOn(
  { env, stopCommand, log }: Emulator,
  { workers, ledgerTable, breakerController }: Reference,
): string {
  const urls = Object.entries(workers).map(
    ([name, { queueUrl, deadLetterQueueUrl }]) => `  ${name}: ${queueUrl}\n  ${name}, dead: ${deadLetterQueueUrl}`,
  );
  const exports = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [
    'The emulator is still running. Point an AWS CLI or SDK at it:',
    `  export ${exports.join(' ')}`,
    ...urls,
    `  ledger table: ${ledgerTable}`,
    `  circuit breaker, to invoke with {"action":"status"}, "open", "close" or "auto": ${breakerController}`,
    `  log, with what the functions write: ${log}`,
    `Stop it with: ${stopCommand}`,
  ].join('\n');
}

async function demo(
  emulator: Emulator,
  seed: number,
): Promise<{ reference: Reference; pages: readonly Page[]; rebuilt: Rebuilt }> {
  await phase('cdk bootstrap', () => bootstrap(emulator));
  const outputs = await phase('cdk deploy', () => deploy(emulator, { stack: 'Reference' }));
  const reference = referenceOf(outputs);
  const bookkeepers = await phase(`sending messages and jobs, seed ${seed}`, (line) =>
    sendLoads(emulator, reference, seed, { onProgress: (text) => line.update(text) }),
  );
  const books = await phase('accounting for them', (line) =>
    collect(emulator, reference, bookkeepers, {
      timeoutSeconds: TIMEOUT_SECONDS,
      onProgress: (pages) => line.update(pages.map((page) => page.progress()).join('; ')),
    }),
  );
  const rebuilt = await phase('rebuilding the balances from the log', () => rebuildBalances(emulator, reference));
  return { reference, pages: Object.values(books), rebuilt };
}

/**
 * `npm run local`: deploys the reference app to an emulator on this machine and accounts for 500 messages,
 * for every copy of every event that came of them, for 60 jobs over HTTP, and for records of a stream, invocations and the
 * events of a log.
 * `-- --keep` leaves it running, `-- --seed <n>` sends another load than the usual one.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, seed: { type: 'string', default: '1' } } });
  const seed = Number(values.seed);
  if (!Number.isInteger(seed)) throw new Error(`--seed: got ${values.seed}, expected a whole number`);

  const start = performance.now();
  const emulator = await phase('starting the emulator', (line) =>
    startEmulator({ keep: values.keep, onInstall: () => line.update('first run: installing the emulator …') }),
  );
  let kept = false;
  try {
    const { reference, pages, rebuilt } = await demo(emulator, seed);
    const problems = [...pages.flatMap((page) => page.problems), ...rebuilt.problems];
    for (const page of pages) console.log(`\n${page.table()}`);
    console.log('');
    for (const problem of problems) console.log(`✘ ${problem}`);
    if (problems.length === 0) {
      for (const page of pages) console.log(page.verdict());
      console.log(
        `${rebuilt.accounts} balances were dropped and are the same again after a replay of ${rebuilt.replayed} events.`,
      );
      console.log(`The books balance, after ${seconds(start)}.`);
    }
    if (values.keep) {
      kept = true;
      console.log(`\n${howToGoOn(emulator, reference)}`);
    }
    return problems.length > 0 ? 1 : 0;
  } finally {
    if (!kept) await emulator.stop();
  }
}

// Until the books are closed: a promise that nothing settles would end the process with 0.
process.exitCode = 1;
main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(`\n${error.message}`);
  },
);
