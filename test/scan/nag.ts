import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { CfnInclude } from 'aws-cdk-lib/cloudformation-include';
import * as nag from 'cdk-nag';
import { type Finding, type Template, typesOf } from './finding';

const PACKS = [
  nag.AwsSolutionsChecks,
  nag.HIPAASecurityChecks,
  nag.NIST80053R4Checks,
  nag.NIST80053R5Checks,
  nag.PCIDSS321Checks,
  nag.ServerlessChecks,
];

/** `NIST.800.53.R5-IAM5[Action::s3:*]` -> pack and rule. */
const split = (name: string): [pack: string, rule: string] => {
  const dash = name.indexOf('-');
  return [name.slice(0, dash), name.slice(dash + 1)];
};

/** All packs on a synthesized template, so that an app need not know of the scan. */
export const runNag = (template: Template): Finding[] => {
  const types = typesOf(JSON.parse(readFileSync(template.path, 'utf8')));
  const stack = new Stack(new App({ analyticsReporting: false }), 'Scanned');
  const included = new CfnInclude(stack, 'Template', { templateFile: template.path });
  const idByPath = new Map([...types.keys()].map((id) => [included.getResource(id).node.path, id]));

  const findings = new Map<string, Finding>();
  for (const Pack of PACKS) {
    for (const violation of new Pack(stack).validateScope(stack).violations) {
      const [pack, rule] = split(violation.ruleName);
      for (const { constructPath } of violation.violatingResources) {
        const resource = idByPath.get(constructPath ?? '') ?? constructPath ?? '';
        const key = `${rule} ${resource}`;
        findings.set(key, {
          tool: 'cdk-nag',
          rule,
          packs: [...(findings.get(key)?.packs ?? []), pack],
          template,
          resource,
          resourceType: types.get(resource) ?? '',
          message: violation.description,
        });
      }
    }
  }
  return [...findings.values()];
};
