import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One action of one statement of one policy of the library's in a synthesised stack. */
export interface Permission {
  /** Whose policy it is: class and place, e.g. `EventLog Replayer`. The same in every app. */
  readonly holder: string;
  readonly action: string;
  /** What it is allowed on: class and place, or the type of what the app brings itself. */
  readonly on: string;
  readonly policy: string;
  readonly role: string;
  readonly statement: number;
}

interface TreeNode {
  readonly id: string;
  readonly path: string;
  readonly children?: Readonly<Record<string, TreeNode>>;
  readonly constructInfo?: { readonly fqn?: string };
}

interface Resource {
  readonly Type: string;
  readonly Properties: {
    readonly PolicyDocument?: { readonly Statement: readonly Statement[] };
    readonly Roles?: unknown[];
  };
  readonly Metadata?: { readonly 'aws:cdk:path'?: string };
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

const OURS = 'cdk-async-patterns.';

export const listOf = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);

/** The paths of our constructs, and their classes. */
function classesIn(node: TreeNode, found = new Map<string, string>()): Map<string, string> {
  const fqn = node.constructInfo?.fqn;
  if (fqn?.startsWith(OURS)) found.set(node.path, fqn.slice(OURS.length));
  for (const child of Object.values(node.children ?? {})) classesIn(child, found);
  return found;
}

/** The logical id that a value of the template refers to first. */
function referredTo(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('Ref' in value) return value.Ref as string;
  if ('Fn::GetAtt' in value) return (value['Fn::GetAtt'] as string[])[0];
  for (const part of Object.values(value)) {
    const found = referredTo(part);
    if (found !== undefined && !found.startsWith('AWS::')) return found;
  }
  return undefined;
}

/** What is behind the ARN of a resource, if it is a part: an index, the objects of a bucket. */
const partOf = (resource: unknown): string => (/\/index\/|\/\*"/.test(JSON.stringify(resource)) ? ', its parts' : '');

/** The permissions that the library has granted in a stack; what the app grants on resources of its own is left out. */
export function permissionsIn(assembly: string, stack: string): Permission[] {
  const read = (file: string) => JSON.parse(readFileSync(join(assembly, file), 'utf8'));
  const classes = classesIn(read('tree.json').tree as TreeNode);
  const resources = read(`${stack}.template.json`).Resources as Record<string, Resource>;

  /** Class and place of what we made. */
  const placeOf = (path: string): string | undefined => {
    for (let scope = path; scope !== ''; scope = scope.slice(0, Math.max(0, scope.lastIndexOf('/')))) {
      const name = classes.get(scope);
      if (name !== undefined) return [name, ...path.slice(scope.length).split('/').filter(isTelling)].join(' ');
    }
    return undefined;
  };
  const onWhat = (resource: unknown): { readonly label: string; readonly isOurs: boolean } => {
    const found = resources[referredTo(resource) ?? ''];
    if (found === undefined) return { label: 'a resource by its name', isOurs: true };
    const place = placeOf(found.Metadata?.['aws:cdk:path'] ?? '');
    return { label: `${place ?? found.Type}${partOf(resource)}`, isOurs: place !== undefined };
  };

  return Object.entries(resources).flatMap(([policy, { Type, Properties, Metadata }]) => {
    const holder = placeOf(Metadata?.['aws:cdk:path'] ?? '');
    if (!['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'].includes(Type) || holder === undefined) return [];
    return Properties.PolicyDocument!.Statement.flatMap(({ Action, Resource: all }, statement) => {
      const [first] = listOf(all);
      const { label, isOurs } = onWhat(first);
      if (holder.endsWith(' Grants') && !isOurs) return [];
      return listOf(Action).map((action) => ({
        holder: holder.replace(/ Policy$/, ''),
        action,
        on: label,
        policy,
        role: referredTo(Properties.Roles?.[0]) ?? '',
        statement,
      }));
    });
  });
}

const isTelling = (id: string): boolean => id !== '' && id !== 'Resource';

/** The same permission in whatever app: what is proven of one is proven of all. */
export const kindOf = ({ holder, action, on }: Permission): string => [holder, action, on].join(' | ');
