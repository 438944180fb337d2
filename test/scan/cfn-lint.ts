import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, type Template, typesOf } from './finding';

interface Match {
  readonly Filename: string;
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path?: readonly (string | number)[] };
}

/** Every rule, the informational ones included. */
export const runCfnLint = (bin: string, templates: readonly Template[]): Finding[] => {
  const paths = templates.map(({ path }) => path);
  const args = ['--format', 'json', '--include-checks', 'I', '--non-zero-exit-code', 'none', '--template', ...paths];
  const { stdout, stderr, status } = spawnSync(join(bin, 'cfn-lint'), args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cfn-lint ended with ${status}: ${stderr}`);
  return (JSON.parse(stdout) as Match[]).map((match) => {
    const template = templates.find(({ path }) => path === match.Filename)!;
    const [section, id] = match.Location.Path ?? [];
    const resource = section === 'Resources' ? String(id) : '';
    return {
      tool: 'cfn-lint',
      rule: match.Rule.Id,
      packs: [],
      template,
      resource,
      resourceType: typesOf(JSON.parse(readFileSync(template.path, 'utf8'))).get(resource) ?? '',
      message: match.Message,
    };
  });
};
