import type { Survivor } from './survivors';

/** What Stryker writes of a run, as far as it is read here. https://github.com/stryker-mutator/mutation-testing-elements */
export interface StrykerReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly StrykerMutant[] }>>;
}

interface Position {
  readonly line: number;
  readonly column: number;
}

export interface StrykerMutant {
  readonly status: string;
  readonly replacement?: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

export interface Mutant {
  readonly idea: string;
  readonly file: string;
  readonly line: number;
  /** What stood there, and what stood there instead; white space counts for nothing. */
  readonly mutated: string;
  readonly replacement: string;
  readonly status: string;
}

/** Of an idea. */
export interface Score {
  readonly idea: string;
  readonly files: readonly string[];
  readonly mutants: number;
  readonly killed: number;
  readonly timeouts: number;
  readonly survived: number;
  readonly uncovered: number;
  /** Share of the mutants that was noticed. */
  readonly score: number;
}

/** The share of the mutants of each idea that has to be noticed. */
export const GOAL = 0.9;

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();

function textAt(source: string, { start, end }: StrykerMutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = lines[last]!.slice(0, end.column - 1);
  lines[0] = lines[0]!.slice(start.column - 1);
  return lines.join('\n');
}

export const mutantsOf = (idea: string, { files }: StrykerReport): Mutant[] =>
  Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map(({ status, replacement = '', location }) => ({
      idea,
      file,
      line: location.start.line,
      mutated: squeezed(textAt(source, location)),
      replacement: squeezed(replacement),
      status,
    })),
  );

export const isAlive = ({ status }: Mutant): boolean => status === 'Survived' || status === 'NoCoverage';

export function scoreOf(idea: string, mutants: readonly Mutant[]): Score {
  const count = (status: string): number => mutants.filter((mutant) => mutant.status === status).length;
  const [killed, timeouts, survived, uncovered] = ['Killed', 'Timeout', 'Survived', 'NoCoverage'].map(count) as [
    number,
    number,
    number,
    number,
  ];
  const total = killed + timeouts + survived + uncovered;
  const files = [...new Set(mutants.map(({ file }) => file))].sort();
  return { idea, files, mutants: total, killed, timeouts, survived, uncovered, score: (killed + timeouts) / total };
}

const covers =
  ({ file, mutated, replacement }: Mutant) =>
  (survivor: Survivor): boolean =>
    survivor.file === file &&
    survivor.mutants.some(([from, to]) => squeezed(from) === mutated && squeezed(to) === replacement);

export interface Judgement {
  readonly explained: readonly (readonly [Mutant, string])[];
  /** Alive, and nobody says why that is no matter. */
  readonly open: readonly Mutant[];
  /** Explained, and not alive any more, or never there. */
  readonly stale: readonly string[];
}

/** Explanations of files that were not mutated are not judged. */
export function judge(mutants: readonly Mutant[], survivors: readonly Survivor[]): Judgement {
  const alive = mutants.filter(isAlive);
  const whys = alive.map((mutant) => [mutant, survivors.find(covers(mutant))?.why] as const);
  const seen = new Set(mutants.map(({ file }) => file));
  const keys = new Set(alive.map(({ file, mutated, replacement }) => keyOf(file, mutated, replacement)));
  return {
    explained: whys.filter((each): each is [Mutant, string] => each[1] !== undefined),
    open: whys.filter(([, why]) => why === undefined).map(([mutant]) => mutant),
    stale: survivors
      .filter(({ file }) => seen.has(file))
      .flatMap(({ file, mutants: pairs }) => pairs.map(([from, to]) => keyOf(file, squeezed(from), squeezed(to))))
      .filter((key) => !keys.has(key)),
  };
}

const keyOf = (file: string, mutated: string, replacement: string): string => `${file}: ${mutated} -> ${replacement}`;

export const describeMutant = ({ file, line, mutated, replacement }: Mutant): string =>
  `${file}:${line}: ${mutated} -> ${replacement}`;

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

export const scoreTable = (scores: readonly Score[]): string =>
  [
    '| idea | files | mutants | killed | timeouts | survived | no coverage | noticed |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...scores.map(({ idea, files, mutants, killed, timeouts, survived, uncovered, score }) =>
      ['', idea, files.length, mutants, killed, timeouts, survived, uncovered, percent(score), ''].join(' | ').trim(),
    ),
  ].join('\n');

const WIDTH = 70;

const code = (text: string): string => {
  const short = text.length > WIDTH ? `${text.slice(0, WIDTH - 20)} … ${text.slice(-17)}` : text;
  return text === '' ? 'nothing' : `<code>${html(short)}</code>`;
};

const html = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[|`*_{}[\]\\]/g, entity);

const entity = (character: string): string => `&#${character.charCodeAt(0)};`;

export const survivorTable = (explained: Judgement['explained']): string =>
  [
    '| where | what stood there | what stood there instead | why it is left |',
    '| --- | --- | --- | --- |',
    ...explained.map(
      ([{ file, line, mutated, replacement }, why]) =>
        `| ${file.replace(/^lambda\//, '')}:${line} | ${code(mutated)} | ${code(replacement)} | ${why} |`,
    ),
  ].join('\n');
