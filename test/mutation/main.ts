// `npm run mutate`: changes the code of seven ideas in thousands of places, one at a time, and counts what the unit tests
// notice. `npm run mutate -- pace` does so with one idea. Ends with 1 if an idea misses the goal, if a mutant survives
// without a reason in survivors.ts, or if a reason there is of no mutant that survives. Once it has results of all, it writes
// docs/mutation.md. With --report it only judges what earlier runs have left.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDEAS, type Idea } from './ideas';
import { page } from './page';
import { describeMutant, GOAL, judge, mutantsOf, type StrykerReport, scoreOf, scoreTable } from './report';
import { SURVIVORS } from './survivors';

const ROOT = join(__dirname, '..', '..');
const directoryOf = (name: string): string => `.local/mutation/${name}`;
const reportOf = (name: string): string => join(ROOT, directoryOf(name), 'report.json');

function mutate(name: string, { mutate, tests }: Idea): void {
  const directory = directoryOf(name);
  mkdirSync(join(ROOT, directory), { recursive: true });
  const env = {
    ...process.env,
    MUTATION_FILES: JSON.stringify(mutate),
    MUTATION_TESTS: JSON.stringify(tests),
    MUTATION_DIRECTORY: directory,
  };
  const { status } = spawnSync('stryker', ['run', 'test/mutation/stryker.config.mjs'], {
    cwd: ROOT,
    stdio: 'inherit',
    env,
  });
  if (status !== 0) throw new Error(`${name}: Stryker ended with ${status}`);
}

function main(args: readonly string[]): boolean {
  const names = Object.keys(IDEAS);
  const asked = args.filter((each) => each !== '--report');
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`no such idea: ${unknown.join(', ')}; there are ${names.join(', ')}`);

  const wanted = asked.length > 0 ? asked : names;
  if (!args.includes('--report')) for (const name of wanted) mutate(name, IDEAS[name]!);

  const known = names.filter((name) => existsSync(reportOf(name)));
  const results = known.map((name) => {
    const mutants = mutantsOf(name, JSON.parse(readFileSync(reportOf(name), 'utf8')) as StrykerReport);
    return { name, mutants, score: scoreOf(name, mutants) };
  });
  const scores = results.map(({ score }) => score);
  const judged = results.filter(({ name }) => wanted.includes(name));
  const { open, stale } = judge(
    judged.flatMap(({ mutants }) => mutants),
    SURVIVORS,
  );
  const missed = judged.filter(({ score }) => !(score.score >= GOAL));

  console.log(`\n${scoreTable(scores)}\n`);
  for (const mutant of open) console.log(`Survives without a reason: ${describeMutant(mutant)}`);
  for (const key of stale) console.log(`A reason of no survivor: ${key}`);
  for (const { name } of missed) console.log(`Below ${GOAL * 100} %: ${name}`);

  if (known.length === names.length) {
    const all = judge(
      results.flatMap(({ mutants }) => mutants),
      SURVIVORS,
    );
    writeFileSync(join(ROOT, 'docs', 'mutation.md'), page(scores, all.explained));
    console.log('Written: docs/mutation.md');
  }
  return open.length + stale.length + missed.length === 0;
}

if (!main(process.argv.slice(2))) process.exitCode = 1;
