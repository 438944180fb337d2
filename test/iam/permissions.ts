import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CfnElement, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

/** One action of one statement of one policy that the library has written. */
export interface Permission {
  /** Whose it is: class and place, e.g. `EventLog Replayer`. The same in every app. */
  readonly holder: string;
  readonly action: string;
  /** What it is allowed on: class and place, or the type of what the app brings itself. */
  readonly on: string;
  readonly policy: string;
  readonly role: string;
  readonly statement: number;
}

interface Resource {
  readonly Type: string;
  readonly Properties: {
    readonly PolicyDocument?: { readonly Statement: readonly Statement[] };
    readonly Roles?: readonly unknown[];
  };
  readonly Metadata?: { readonly 'aws:cdk:path'?: string };
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** A stack, as it was synthesised. */
interface Synthesised {
  readonly resources: Readonly<Record<string, Resource>>;
  /** By logical id. */
  readonly paths: ReadonlyMap<string, string>;
  /** Of our constructs, by path. */
  readonly classes: ReadonlyMap<string, string>;
}

export const listOf = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);

interface TreeNode {
  readonly path: string;
  readonly children?: Readonly<Record<string, TreeNode>>;
  readonly constructInfo?: { readonly fqn?: string };
}

const OURS = 'cdk-async-patterns.';

function classesIn(node: TreeNode, found = new Map<string, string>()): Map<string, string> {
  const fqn = node.constructInfo?.fqn;
  if (fqn?.startsWith(OURS)) found.set(node.path, fqn.slice(OURS.length));
  for (const child of Object.values(node.children ?? {})) classesIn(child, found);
  return found;
}

/** A stack in a cloud assembly that the CLI has made. */
export function inAssembly(assembly: string, stack: string): Synthesised {
  const read = (file: string) => JSON.parse(readFileSync(join(assembly, file), 'utf8'));
  const resources = read(`${stack}.template.json`).Resources as Record<string, Resource>;
  return {
    resources,
    paths: new Map(Object.entries(resources).map(([id, { Metadata }]) => [id, Metadata?.['aws:cdk:path'] ?? ''])),
    classes: classesIn(read('tree.json').tree),
  };
}

/** A stack in this process, whose constructs of these names are ours. */
export function ofStack(stack: Stack, names: ReadonlySet<string>): Synthesised {
  const all = stack.node.findAll();
  return {
    resources: Template.fromStack(stack).toJSON().Resources,
    paths: new Map(
      all
        .filter((each) => CfnElement.isCfnElement(each))
        .map((each) => [stack.resolve(each.logicalId), each.node.path]),
    ),
    classes: new Map(
      all.filter((each) => names.has(each.constructor.name)).map((each) => [each.node.path, each.constructor.name]),
    ),
  };
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

/** Not the resource itself, but what is in it: an index of a table, the objects of a bucket. */
const isInside = (resource: unknown): boolean => /\/index\/|\/[^"]*\*"/.test(JSON.stringify(resource));

const CONNECTED = 'a connected function';

/** What both classes of workers are made of, by the same code. */
const OF_WORKERS =
  /^(AsyncWorker|LoadLevelingQueue)(?=$| (Policy|Queue|DeadLetterQueue|LogGroup|IdempotencyTable|EventSourceMapping)$)/;

/** The permissions that the library has granted in a stack; what the app grants on resources of its own is left out. */
export function permissionsOf({ resources, paths, classes }: Synthesised): Permission[] {
  /** Class and place of what we made. */
  const placeOf = (id: string): string | undefined => {
    const path = paths.get(id) ?? '';
    for (let scope = path; scope !== ''; scope = scope.slice(0, Math.max(0, scope.lastIndexOf('/')))) {
      const name = classes.get(scope);
      if (name === undefined) continue;
      return [name, ...path.slice(scope.length).split('/').filter(isTelling)].join(' ').replace(OF_WORKERS, 'a worker');
    }
    return undefined;
  };
  return Object.entries(resources).flatMap(([policy, { Type, Properties }]) => {
    if (!['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy'].includes(Type)) return [];
    const place = placeOf(policy);
    const isGrant = place === undefined || place.endsWith(' Grants');
    const holder = isGrant ? CONNECTED : place.replace(/ Policy$/, '');
    return Properties.PolicyDocument!.Statement.flatMap(({ Action, Resource: all }, statement) => {
      const id = referredTo(listOf(all)[0]) ?? '';
      const its = placeOf(id);
      // A schedule has a name of its group's; what else has none of ours, the app has granted.
      if (isGrant && its === undefined) return [];
      return listOf(Action).map((action) => ({
        holder,
        action,
        on: `${its ?? resources[id]?.Type ?? 'what is outside the stack'}${isInside(all) ? ', what is in it' : ''}`,
        policy,
        role: referredTo(Properties.Roles?.[0]) ?? '',
        statement,
      }));
    });
  });
}

const isTelling = (id: string): boolean => id !== '' && id !== 'Resource';

/** The same permission in whatever app: what is proven of one is proven of all. */
export const kindOf = ({ holder, action, on }: Pick<Permission, 'holder' | 'action' | 'on'>): string =>
  `${holder} | ${action} | ${on}`;

/** The kinds of permissions in the fullest forms of all constructs. */
export const kindsIn = (stacks: readonly Stack[], names: ReadonlySet<string>): string[] =>
  [...new Set(stacks.flatMap((stack) => permissionsOf(ofStack(stack, names)).map(kindOf)))].sort();
