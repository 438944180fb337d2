// `npm run scan`: three scanners on what the library synthesizes. Ends with 1 if one finds what is not acknowledged, or
// if an acknowledgement matches nothing any more. With --markdown it only prints the table of docs/scanners.md.
import { join } from 'node:path';
import { ACKNOWLEDGED, type Acknowledgement, covers, mistakes } from './acknowledged';
import { runCfnLint } from './cfn-lint';
import { runCheckov } from './checkov';
import type { Finding } from './finding';
import { runNag } from './nag';
import { detail, markdown, summary } from './report';
import { templates } from './templates';
import { scanners } from './venv';

const root = join(__dirname, '..', '..');

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
  const used = new Set(judged.values());
  const stale = ACKNOWLEDGED.filter((acknowledgement) => !used.has(acknowledgement));

  console.log(`Scanned: ${scanned.map(({ name }) => name).join(', ')}\n`);
  console.log(summary(judged));
  for (const finding of open) console.log(`\nNot acknowledged: ${detail(finding)}`);
  for (const { tool, rule } of stale) console.log(`\nMatches nothing any more: ${tool} ${rule}`);
  for (const { tool, rule } of mistakes(ACKNOWLEDGED)) {
    console.log(`\nMust be at zero, not acknowledged: ${tool} ${rule}`);
  }
  const passed = open.length + stale.length + mistakes(ACKNOWLEDGED).length === 0;
  console.log(
    passed
      ? '\nPassed: nothing found that is not acknowledged.'
      : `\nFailed: ${open.length} not acknowledged, ${stale.length} stale.`,
  );
  return passed;
};

if (process.argv.includes('--markdown')) console.log(markdown(ACKNOWLEDGED));
else if (!scan()) process.exitCode = 1;
