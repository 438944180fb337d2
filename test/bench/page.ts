import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './paths';
import { REASONS } from './reasons';
import { cells, type Figure, HEAD, met } from './table';

/** Who is measured, and what they stand on. */
const VERSIONED = [
  'aws-cdk-lib',
  'esbuild',
  '@aws-sdk/client-sqs',
  '@aws-sdk/client-dynamodb',
  '@aws-lambda-powertools/batch',
  '@aws-lambda-powertools/idempotency',
  '@middy/core',
  'sqs-producer',
  'zod',
];

const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;

const row = (row: readonly string[]): string => `| ${row.join(' | ')} |`;

const figureTable = (figures: readonly Figure[]): string[] => {
  const lines = [row(HEAD), row(['---', '--:', '--:', '--:', '---'])];
  for (const [n, figure] of figures.entries()) {
    if (figure.area !== figures[n - 1]?.area) lines.push(row([`**${figure.area}**`, '', '', '', '']));
    const [what, measured, ratio, goal, verdict] = cells(figure) as [string, string, string, string, string];
    lines.push(row([what, measured, ratio, goal, verdict === 'MISSED' ? '**missed**' : verdict]));
  }
  return lines;
};

/** When a run began, and what else the machine had to do then: its load average. */
export interface Begin {
  readonly at: Date;
  readonly load: number;
}

/** The build before a run is a load of its own, but of less than that. */
const isBusy = ({ load }: Begin): boolean => load > cpus().length;

const missedList = (figures: readonly Figure[], begin: Begin): string[] => {
  const missed = figures.filter((figure) => met(figure) === false);
  if (missed.length === 0) return ['None in this run.'];
  return missed.map((figure) => {
    const [what, measured, ratio, goal] = cells(figure);
    const got = figure.goal?.ratio === undefined ? measured : ratio;
    const reason =
      REASONS[figure.id] ?? (isBusy(begin) ? 'The machine was busy: measure again.' : 'Not understood yet.');
    return `- **${figure.area}: ${what}**: ${got}, goal ${goal}. ${reason}`;
  });
};

/** docs/benchmarks.md. */
export const page = (figures: readonly Figure[], begin: Begin): string => {
  const goals = figures.filter(({ goal }) => goal !== undefined).length;
  const missed = figures.filter((figure) => met(figure) === false).length;
  return [
    '# Benchmarks',
    '',
    `\`npm run bench\` writes this page. ${goals} figures have a goal; ${goals - missed} meet it.`,
    '',
    `Measured on ${begin.at.toISOString().slice(0, 10)} with Node.js ${process.version.slice(1)} on ${cpus().length} cores (${cpus()[0]?.model.trim()}), at a load average of ${begin.load.toFixed(1)}${isBusy(begin) ? ' (**a busy machine**)' : ''}, beside`,
    `${VERSIONED.map((name) => `${name} ${versionOf(name)}`).join(', ')}.`,
    '',
    '- Read ratios, not times: all of an area are measured in one run, round by round, in fresh processes, and a ratio is the median of',
    '  the rounds. What disturbs the machine disturbs all; on another one times differ, ratios hardly.',
    '- The ratio is to the first of its area, unless the area says otherwise. `us` is a millionth of a second. Less is better everywhere.',
    '- Nobody is measured at a disadvantage: peers are configured as their documentation has it for speed, bundled by the same esbuild,',
    '  and their SDK is given the same cached middleware where that is said.',
    '- Nothing here went to AWS: requests go to a local server that accepts everything, or to a store in the process.',
    '',
    ...figureTable(figures),
    '',
    '## Goals missed',
    '',
    ...missedList(figures, begin),
    '',
    '## What is measured elsewhere',
    '',
    'The deployed tests print what they see: how exact a pace is and what it costs ([load levelling](load-leveling.md)), how fast a job is',
    'accepted ([jobs](async-api.md)), how many calls reach a dependency that is down ([circuit breaker](circuit-breaker.md)).',
    '',
  ].join('\n');
};
