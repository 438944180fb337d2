import { INVENTORY, type InventoryPattern } from '../../lib/private/contract';
import type { Aws } from './aws';
import { type Call, text } from './command';
import { Problem } from './problem';

/** A pattern as it is deployed: its resources by the parts that they play, by the names that AWS knows them by. */
export interface Pattern {
  readonly kind: string;
  readonly path: string;
  readonly resources: Readonly<Record<string, string>>;
}

/** What the constructs left in the templates of a stack and of those nested in it. */
export async function patternsOf(aws: Aws, stack: string): Promise<Pattern[]> {
  const [template, resources] = await Promise.all([aws.template(stack), aws.resources(stack)]);
  const physical = new Map(resources.map(({ logicalId, physicalId }) => [logicalId, physicalId]));
  const own = readInventory(template).map(({ kind, path, resources: parts }) => ({
    kind,
    path,
    resources: Object.fromEntries(
      Object.entries(parts).flatMap(([part, id]) => {
        const found = physical.get(id);
        return found === undefined ? [] : [[part, found]];
      }),
    ),
  }));
  const nested = resources.filter(({ type }) => type === 'AWS::CloudFormation::Stack');
  const theirs = await Promise.all(nested.map(({ physicalId }) => patternsOf(aws, physicalId)));
  return [...own, ...theirs.flat()];
}

export function readInventory(template: string): InventoryPattern[] {
  let metadata: unknown;
  try {
    metadata = JSON.parse(template)?.Metadata?.[INVENTORY];
  } catch {
    // A stack that the CDK did not make may have a template in YAML.
    return [];
  }
  const { version, patterns } = (metadata ?? {}) as { version?: unknown; patterns?: InventoryPattern[] };
  if (version === undefined) return [];
  if (version !== 1 || !Array.isArray(patterns)) {
    throw new Problem(
      `the stack was made by a version of cdk-async-patterns that this one does not know: ${JSON.stringify(version).slice(0, 32)}`,
    );
  }
  if (patterns.every(isPattern)) return patterns;
  throw new Problem(
    'the stack has metadata of cdk-async-patterns that nobody can read: got a pattern without its parts',
  );
}

const isPattern = (pattern: Partial<Record<keyof InventoryPattern, unknown>> | null): boolean =>
  typeof pattern?.kind === 'string' &&
  typeof pattern.path === 'string' &&
  typeof pattern.resources === 'object' &&
  pattern.resources !== null &&
  Object.values(pattern.resources).every((id) => typeof id === 'string');

/** The stack of a target: what is said, or its first part. */
export const stackOf = ({ values }: Pick<Call, 'values'>, target: string): string =>
  text(values, 'stack') ?? target.split('/')[0]!;

/** The pattern that a target such as `Shop/Orders` names. @throws Problem if there is none, or more than one */
export async function patternAt(call: Call, target: string): Promise<Pattern> {
  const stack = stackOf(call, target);
  return find(await patternsOf(call.world.aws, stack), stack, target, text(call.values, 'stack') !== undefined);
}

export function find(patterns: readonly Pattern[], stack: string, target: string, stackIsGiven: boolean): Pattern {
  const exact = patterns.filter(({ path }) => path === target);
  const rest = stackIsGiven ? target : target.split('/').slice(1).join('/');
  const found = exact.length > 0 ? exact : patterns.filter(({ path }) => rest !== '' && path.endsWith(`/${rest}`));
  if (found.length === 1) return found[0]!;
  const paths = (found.length > 1 ? found : patterns).map(({ path }) => path);
  throw new Problem(
    found.length > 1
      ? `${target}: got ${found.length} patterns of that name, expected one of ${paths.join(', ')}`
      : `${target}: got no such pattern in the stack ${stack}, expected one of ${paths.join(', ') || 'some (there are none)'}`,
  );
}

/** @throws Problem if the pattern has none of the kind */
export function part({ resources, path, kind }: Pattern, name: string, what: string): string {
  const found = resources[name];
  if (found !== undefined) return found;
  throw new Problem(`${path}: got ${kind}, expected a pattern with ${what} of its own in this stack`);
}
