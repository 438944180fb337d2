import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Finding, Template } from './finding';

interface Failed {
  readonly check_id: string;
  readonly check_name: string;
  /** `AWS::SQS::Queue.OrdersQueue` */
  readonly resource: string;
}

export const runCheckov = (bin: string, template: Template): Finding[] => {
  const args = ['--file', template.path, '--framework', 'cloudformation', '--output', 'json'];
  const { stdout, stderr, status } = spawnSync(
    join(bin, 'checkov'),
    [...args, '--quiet', '--compact', '--soft-fail', '--skip-download'],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) throw new Error(`checkov ended with ${status}: ${stderr}`);
  const { results, summary } = JSON.parse(stdout);
  if (summary.parsing_errors > 0) throw new Error(`checkov could not read ${template.path}`);
  return (results.failed_checks as Failed[]).map((failed) => {
    const [resourceType, resource] = failed.resource.split('.') as [string, string];
    return {
      tool: 'checkov',
      rule: failed.check_id,
      packs: [],
      template,
      resource,
      resourceType,
      message: failed.check_name,
    };
  });
};
