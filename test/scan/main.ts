// `npm run scan`: three scanners on what the library synthesizes. Ends with 1 if one finds what is not acknowledged, or
// if an acknowledgement matches nothing any more in one of the combinations of version and flags. With --markdown it only prints the table of docs/scanners.md.
import { join } from 'node:path';
import { ACKNOWLEDGED, type Acknowledgement, covers, mistakes } from './acknowledged';
import { runCfnLint } from './cfn-lint';
import { runCheckov } from './checkov';
import { type Combination, type Finding, labelOf } from './finding';
import { runNag } from './nag';
import { detail, markdown, nameOf, summary } from './report';
import { templates } from './templates';
import { scanners } from './venv';

const root = join(__dirname, '..', '..');

/** The table of the docs is one for all: what is acknowledged is found with every version and with all flags. */
const staleIn = (combination: Combination, judged: ReadonlyMap<Finding, Acknowledgement | undefined>) => {
  const used = new Set(
    [...judged].flatMap(([{ template }, by]) => (template.combinations.includes(combination) ? [by] : [])),
  );
  return ACKNOWLEDGED.filter((acknowledgement) => !used.has(acknowledgement)).map((stale) => ({ stale, combination }));
};

const scan = (): boolean => {
  const bin = scanners(root);
  const scanned = templates(root);
  const findings = [
    ...scanned.flatMap(runNag),
    ...runCfnLint(bin, scanned),
    ...scanned.flatMap((template) => runCheckov(bin, template)),
  ];
  const judged = new Map<Finding, Acknowledgement | undefined>(
    findings.map((finding) => [finding, ACKNOWLEDGED.find((acknowledgement) => covers(acknowledgement, finding))]),
  );
  const open = findings.filter((finding) => !judged.get(finding));
  const combinations = [...new Set(scanned.flatMap((template) => template.combinations))];
  const stale = combinations.flatMap((combination) => staleIn(combination, judged));

  console.log(`Scanned:\n${scanned.map((template) => `  ${nameOf(template)}`).join('\n')}\n`);
  console.log(summary(judged));
  for (const finding of open) console.log(`\nNot acknowledged: ${detail(finding)}`);
  for (const {
    stale: { tool, rule, only },
    combination,
  } of stale) {
    const what = only ? ` on ${only.what}` : '';
    console.log(`\nMatches nothing any more: ${tool} ${rule}${what}, with ${labelOf(combination)}`);
  }
  for (const { tool, rule } of mistakes(ACKNOWLEDGED)) {
    console.log(`\nMust be at zero, not acknowledged: ${tool} ${rule}`);
  }
  const passed = open.length + stale.length + mistakes(ACKNOWLEDGED).length === 0;
  console.log(
    passed
      ? `\nPassed with ${combinations.map(labelOf).join('; ')}: nothing found that is not acknowledged.`
      : `\nFailed: ${open.length} not acknowledged, ${stale.length} stale.`,
  );
  return passed;
};

if (process.argv.includes('--markdown')) console.log(markdown(ACKNOWLEDGED));
else if (!scan()) process.exitCode = 1;
