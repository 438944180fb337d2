import type { Message } from 'esbuild';
import type { BundleSpec } from './spec';

export interface Failure {
  readonly spec: BundleSpec;
  readonly errors: readonly Message[];
}

/** One text for all the entries that failed, each with its own reasons. */
export function describeFailures(failures: readonly Failure[]): string {
  return failures
    .map(({ spec, errors }) => {
      const reasons = errors.map((error) => `  ${describeMessage(error)}${advice(error)}`);
      return [`cannot bundle ${spec.entry} (in ${spec.root}):`, ...reasons].join('\n');
    })
    .join('\n');
}

export function describeMessage({ text, location }: Message): string {
  if (!location) return text;
  const { file, line, column, lineText } = location;
  return `${file}:${line}:${column + 1}: ${text}\n    ${lineText.trim()}`;
}

function advice({ text }: Message): string {
  const specifier = /^Could not resolve "(.*)"$/.exec(text)?.[1];
  if (specifier === undefined) return '';
  if (/^[./]/.test(specifier)) return '\n    Expected a file at that path, relative to the file that imports it.';
  return (
    '\n    Expected an installed package. Install it in this project, or name it in externalModules if a layer or the ' +
    'Lambda runtime provides it.'
  );
}
