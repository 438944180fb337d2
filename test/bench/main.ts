// `npm run bench`: measures everything, prints one table, goals missed included, and writes docs/benchmarks.md.
// `npm run bench -- synth template` measures only these parts and only prints; so does `--quick`, with a tenth of the rounds.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { eventLogFigures } from './event-log/measure';
import { idempotencyFigures } from './idempotency/measure';
import { page } from './page';
import { ROOT } from './paths';
import { producerFigures } from './producer/measure';
import { makeProject } from './project';
import { QUICK } from './quick';
import { runtimeFigures } from './runtime/measure';
import { sizeFigures } from './size';
import { startupFigures } from './startup';
import { synthFigures } from './synth';
import { type Figure, met, table } from './table';
import { templateFigures } from './template';

const PARTS: Record<string, () => Figure[] | Promise<Figure[]>> = {
  runtime: runtimeFigures,
  idempotency: idempotencyFigures,
  producer: producerFigures,
  'event-log': eventLogFigures,
  startup: startupFigures,
  size: sizeFigures,
  synth: synthFigures,
  template: templateFigures,
};

const askedFor = (): string[] => {
  const asked = process.argv.slice(2).filter((argument) => argument !== '--quick');
  const unknown = asked.filter((part) => !(part in PARTS));
  if (unknown.length > 0)
    throw new Error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  return asked;
};

const writeJson = (figures: readonly Figure[], at: Date): void => {
  const path = join(ROOT, '.local', 'bench.json');
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
  const measured = figures.map((figure) => ({ ...figure, met: met(figure) }));
  writeFileSync(path, `${JSON.stringify({ at: at.toISOString(), ...machine, figures: measured }, null, 2)}\n`);
  console.log(`As JSON: ${path}`);
};

const main = async (): Promise<void> => {
  const asked = askedFor();
  const begin = { at: new Date(), load: loadavg()[0]! };
  makeProject();
  const figures: Figure[] = [];
  for (const [part, measure] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.includes(part)) continue;
    const start = performance.now();
    figures.push(...(await measure()));
    console.error(`measured ${part} in ${Math.round((performance.now() - start) / 1000)} s`);
  }
  console.log(table(figures));
  const missed = figures.filter((figure) => met(figure) === false);
  console.log(missed.length > 0 ? `\n${missed.length} goals missed.` : '\nNo goal missed.');
  writeJson(figures, begin.at);
  if (asked.length > 0 || QUICK) return;
  const path = join(ROOT, 'docs', 'benchmarks.md');
  writeFileSync(path, page(figures, begin));
  console.log(`As a page: ${path}`);
};

void main();
