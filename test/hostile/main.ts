import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

// Fuzzes for longer than `npm test` does, each time elsewhere: npm run fuzz -- --runs 5000 [--seed 7] [--only jobs]
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));
const whole = (name: string, text: string): string => {
  if (/^\d{1,9}\d?$/.test(text)) return text;
  throw new RangeError(`--${name}: got ${text}, expected a whole number`);
};
const env = { ...process.env, FUZZ_RUNS: whole('runs', values.runs), FUZZ_SEED: whole('seed', seed) };
console.log(`${values.runs} runs a decoder, seed ${seed}`);
const jest = createRequire(__filename).resolve('jest/bin/jest');
const { status } = spawnSync(
  process.execPath,
  [jest, '--ci', '--selectProjects', 'unit', '--testPathPatterns', `test/hostile/${values.only}`],
  { env, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
