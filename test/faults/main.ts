import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LOCAL, ROOT } from '../../bin/local/run';
import { markdown } from './report';
import { runFaults } from './run';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    /** No more is sent after that. */
    minutes: { type: 'string' },
    /** Write the result into the documentation. */
    report: { type: 'boolean', default: false },
  },
});
const messages = Number(values.messages);
const seed = Number(values.seed);

async function main(): Promise<void> {
  let last = 0;

  const result = await runFaults({
    messages,
    seed,
    directory: join(LOCAL, 'faults'),
    killRate: 0.001,
    killEveryMs: 5_000,
    timeoutSeconds: 15,
    maxConcurrency: 12,
    downMs: 6_000,
    ...(values.minutes !== undefined && { sendingMs: Number(values.minutes) * 60_000 }),
    patienceMs: 120_000,
    onProgress(text) {
      if (Date.now() - last < 10_000) return;
      last = Date.now();
      console.log(text);
    },
  });
  const text = markdown(result);
  console.log(text);
  for (const problem of result.problems) console.error(`problem: ${problem}`);
  if (values.report) writeFileSync(join(ROOT, 'docs', 'faults.md'), text);
  process.exit(result.problems.length === 0 ? 0 : 1);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
