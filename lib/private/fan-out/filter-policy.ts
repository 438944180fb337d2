/** The filter policy of a subscription, as SNS reads it. */
export interface FilterPolicy {
  readonly [key: string]: readonly Condition[] | FilterPolicy | readonly FilterPolicy[];
}

export type FilterScope = 'MessageAttributes' | 'MessageBody';

/** One of the values that a key may have. */
export type Condition = string | boolean | null | Operation;

export interface Operation {
  readonly exists?: boolean;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly 'equals-ignore-case'?: string;
  readonly wildcard?: string;
  readonly cidr?: string;
  readonly numeric?: readonly (string | number)[];
  readonly 'anything-but'?: readonly (string | number)[] | { readonly prefix?: string; readonly wildcard?: string };
}

/** The key of alternatives. */
export const OR = '$or';

/** SNS takes `$or` for a key of the message when an alternative has one of these keys. */
export const OPERATORS: readonly string[] = [
  'exists',
  'prefix',
  'suffix',
  'equals-ignore-case',
  'wildcard',
  'cidr',
  'numeric',
  'anything-but',
];

export interface Leaf {
  readonly path: readonly string[];
  readonly conditions: readonly Condition[];
}

type Value = FilterPolicy[string];

const isList = (value: Value): value is readonly Condition[] | readonly FilterPolicy[] => Array.isArray(value);

/** The alternatives of a policy, and the keys beside them. */
export function partsOf(policy: FilterPolicy): {
  readonly keys: [string, readonly Condition[] | FilterPolicy][];
  readonly alternatives: readonly FilterPolicy[];
} {
  const { [OR]: alternatives = [], ...keys } = policy;
  return {
    keys: Object.entries(keys) as [string, readonly Condition[] | FilterPolicy][],
    alternatives: alternatives as readonly FilterPolicy[],
  };
}

/** Every key that has conditions, those of alternatives too. */
export function leavesOf(policy: FilterPolicy, above: readonly string[] = []): Leaf[] {
  const { keys, alternatives } = partsOf(policy);
  return [
    ...keys.flatMap(([key, value]) =>
      isList(value)
        ? [{ path: [...above, key], conditions: value as readonly Condition[] }]
        : leavesOf(value, [...above, key]),
    ),
    ...alternatives.flatMap((alternative) => leavesOf(alternative, above)),
  ];
}

/** How SNS counts: the values of each key times its depth, multiplied; alternatives are added up. */
export function combinationsOf(policy: FilterPolicy, depth = 1): number {
  const { keys, alternatives } = partsOf(policy);
  const product = keys.reduce(
    (total, [, value]) => total * (isList(value) ? value.length * depth : combinationsOf(value, depth + 1)),
    1,
  );
  return alternatives.length === 0
    ? product
    : product * alternatives.reduce((sum, alternative) => sum + combinationsOf(alternative, depth), 0);
}
