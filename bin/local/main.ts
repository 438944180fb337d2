import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Books, problemsOf } from './account';
import { collect } from './collect';
import { bootstrap, deploy } from './deploy';
import { type Emulator, startEmulator } from './emulator';
import { buildLoad } from './load';
import { type Reference, referenceOf } from './reference';
import { send } from './send';
import { progress, table } from './table';

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

async function demo(emulator: Emulator, seed: number): Promise<{ reference: Reference; books: Books }> {
  await phase('cdk bootstrap', () => bootstrap(emulator));
  const outputs = await phase('cdk deploy', () => deploy(emulator, { stack: 'Reference' }));
  const reference = referenceOf(outputs);
  const messages = buildLoad(seed);
  const sqs = new SQSClient(emulator.clientConfig);
  const sent = await phase(`sending ${messages.length} messages, seed ${seed}`, (line) =>
    send(sqs, reference, messages, (count) => line.update(`${count} of ${messages.length} sent`)),
  );
  sqs.destroy();
  const books = await phase('accounting for them', (line) =>
    collect(emulator, reference, sent, {
      timeoutSeconds: TIMEOUT_SECONDS,
      onProgress: (now) => line.update(progress(now)),
    }),
  );
  return { reference, books };
}

/**
 * `npm run local`: deploys the reference app to an emulator on this machine and accounts for 500 messages.
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
    const { reference, books } = await demo(emulator, seed);
    const problems = problemsOf(books);
    console.log(`\n${table(books)}\n`);
    for (const problem of problems) console.log(`✘ ${problem}`);
    if (problems.length === 0) {
      console.log(
        `All ${books.accounts.length} messages are accounted for, every payment made once, every group in order, in ${seconds(start)}.`,
      );
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
