import type { Acknowledgement } from './acknowledged';
import { type Finding, labelOf, type Template } from './finding';

const short = (type: string): string => type.replace(/^AWS::/, '');

/** `Defaults of 2.276.0, 2.276.0 with flags` */
export const nameOf = ({ name, combinations }: Template): string =>
  `${name} of ${combinations.map(labelOf).join(', ')}`;

/** The table of docs/scanners.md. */
export const markdown = (acknowledgements: readonly Acknowledgement[]): string =>
  [
    '| Scanner | Rule | On | Why it is left | To zero by |',
    '| --- | --- | --- | --- | --- |',
    ...acknowledgements.map(({ tool, rule, where, only, reason, optIn }) => {
      const on = only?.what ?? where.map(short).join(', ');
      return `| ${tool} | ${rule} | ${on} | ${reason} | ${optIn ? `\`${optIn}\`` : ''} |`;
    }),
  ].join('\n');

/** One line a rule and template, with how often it was found and what was made of it. */
export const summary = (findings: ReadonlyMap<Finding, Acknowledgement | undefined>): string => {
  const counts = new Map<string, number>();
  for (const [{ tool, rule, template }, acknowledgement] of findings) {
    const verdict = acknowledgement ? 'acknowledged' : 'FOUND';
    const key = `${verdict.padEnd(12)}  ${tool.padEnd(8)}  ${rule.padEnd(36)}  ${nameOf(template)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, count]) => `${key} x ${count}`)
    .join('\n');
};

export const detail = ({ tool, rule, packs, template, resource, resourceType, message }: Finding): string =>
  `${tool} ${rule}${packs.length > 0 ? ` (${packs.join(', ')})` : ''}: ${nameOf(template)}: ${resource} ${short(resourceType)}\n    ${message}`;
