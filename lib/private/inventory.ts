import { CfnElement, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { INVENTORY, type InventoryPattern } from './contract';

/** The resources of a pattern by the parts that they play; what is missing is left out. */
export interface Parts {
  readonly [part: string]: IConstruct | undefined;
}

/**
 * Leaves word in the template of what a construct is made of, for the command line. In the template's own metadata, so that
 * no resource changes: by logical ids, since intrinsic functions are not evaluated there.
 */
export function inventory(construct: IConstruct, kind: string, parts: Parts): void {
  const stack = Stack.of(construct);
  const resources: Record<string, string> = {};
  for (const [part, of] of Object.entries(parts)) {
    const id = of && logicalId(stack, of);
    if (id !== undefined) resources[part] = id;
  }
  listOf(stack).push({ kind, path: construct.node.path, resources });
}

const lists = new WeakMap<Stack, InventoryPattern[]>();

function listOf(stack: Stack): InventoryPattern[] {
  const known = lists.get(stack);
  if (known) return known;
  const list: InventoryPattern[] = [];
  lists.set(stack, list);
  stack.addMetadata(INVENTORY, { version: 1, patterns: list });
  return list;
}

/** What is imported, or of another stack, has no resource here. As a token: an id may be overridden later. */
function logicalId(stack: Stack, of: IConstruct): string | undefined {
  const resource = of.node.defaultChild;
  return resource && CfnElement.isCfnElement(resource) && resource.stack === stack ? resource.logicalId : undefined;
}
