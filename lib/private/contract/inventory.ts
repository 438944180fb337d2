/** Key of a template's metadata under which the constructs leave word of themselves: `{ version: 1, patterns }`. */
export const INVENTORY = 'cdk-async-patterns';

export interface InventoryPattern {
  /** The class of the construct. */
  readonly kind: string;
  /** Its path in the construct tree. */
  readonly path: string;
  /** Logical ids by the parts that the resources play: queue, deadLetterQueue, function, mapping, logGroup, ... */
  readonly resources: { readonly [part: string]: string };
}
