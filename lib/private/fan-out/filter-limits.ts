import type { Problem } from '../problem';
import { operandRefusals, wildcardPoints } from './filter-operands';
import { combinationsOf, type FilterPolicy, type FilterScope, leavesOf, OPERATORS, partsOf } from './filter-policy';

// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
const MAX_KEYS = 5;
const MAX_COMBINATIONS = 150;
const MAX_WILDCARD_POINTS = 100;
const MAX_BYTES = 256 * 1024;

const ATTRIBUTE_NAME = /^(?!\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/;

/**
 * What SNS would refuse at deployment, or take and never match.
 *
 * @param isKnown whether a value is what the template will have, and no token
 */
export function filterRefusals(
  policy: FilterPolicy,
  scope: FilterScope,
  isKnown: (value: string | number) => boolean,
): Problem[] {
  const leaves = leavesOf(policy);
  if (leaves.length === 0) return [EMPTY];
  const problems = [
    ...structureRefusals(policy),
    ...leaves.flatMap(({ path, conditions }) =>
      conditions.length === 0
        ? [{ ...EMPTY, what: `message filter on ${path.join('.')}`, expected: 'at least one value' }]
        : conditions.flatMap((condition) => operandRefusals(path.join('.'), condition, scope, isKnown)),
    ),
    ...(scope === 'MessageAttributes' ? attributeRefusals(policy) : []),
  ];
  return problems.length > 0 ? problems : sizeRefusals(policy);
}

const EMPTY: Problem = {
  what: 'message filter',
  got: 'nothing',
  expected: 'at least one key',
  todo: 'leave the filter out if every message is to be delivered',
};

function structureRefusals(policy: FilterPolicy): Problem[] {
  const { keys, alternatives } = partsOf(policy);
  const reserved = alternatives.flatMap((alternative) =>
    Object.keys(alternative).filter((key) => OPERATORS.includes(key)),
  );
  const below = [
    ...keys.flatMap(([, value]) => (Array.isArray(value) ? [] : [value as FilterPolicy])),
    ...alternatives,
  ];
  return [
    ...(keys.some(([key]) => key === '') ? [{ ...EMPTY, what: 'key of a message filter', expected: 'a name' }] : []),
    ...(alternatives.length === 1
      ? [
          {
            what: 'alternatives of a message filter',
            got: 1,
            expected: 'at least 2, or none',
            todo: 'put its keys among those that must always match',
          },
        ]
      : []),
    ...reserved.map((key) => ({
      what: 'key in an alternative of a message filter',
      got: key,
      expected: 'none of the words that SNS reserves',
      todo: 'filter on another key, or make a subscriber for each alternative',
    })),
    ...below.flatMap((child) =>
      Object.keys(child).length === 0
        ? [{ ...EMPTY, what: 'object or alternative in a message filter' }]
        : structureRefusals(child),
    ),
  ];
}

function attributeRefusals(policy: FilterPolicy): Problem[] {
  return leavesOf(policy).flatMap(({ path }): Problem[] => {
    if (path.length > 1) {
      return [
        {
          what: `message filter on ${path.join('.')}`,
          got: 'an object in attributes',
          expected: 'values: attributes hold no objects',
          todo: 'filter by the body, with MessageFilter.body',
        },
      ];
    }
    return ATTRIBUTE_NAME.test(path[0]!)
      ? []
      : [
          {
            what: 'key of a message filter',
            got: path[0]!,
            expected: 'the name of an attribute: letters, digits, -, _ and single dots within',
            todo: 'filter by an attribute that can exist, or by the body',
          },
        ];
  });
}

function sizeRefusals(policy: FilterPolicy): Problem[] {
  const leaves = leavesOf(policy);
  const limits: [string, number, number, string][] = [
    [
      'keys of a message filter',
      new Set(leaves.map(({ path }) => JSON.stringify(path))).size,
      MAX_KEYS,
      'publish what it filters by in fewer keys',
    ],
    [
      'combinations of a message filter, values x depth of each key multiplied',
      combinationsOf(policy),
      MAX_COMBINATIONS,
      'use prefixes or ranges instead of lists, and attributes instead of deep keys',
    ],
    [
      'wildcard points of a message filter',
      leaves.reduce((sum, { conditions }) => sum + wildcardPoints(conditions), 0),
      MAX_WILDCARD_POINTS,
      'use prefixes and suffixes, and fewer patterns for a key',
    ],
    [
      'bytes of a message filter',
      Buffer.byteLength(JSON.stringify(policy)),
      MAX_BYTES,
      'use prefixes instead of lists of long texts',
    ],
  ];
  return limits.flatMap(([what, got, max, todo]) =>
    got > max ? [{ what, got, expected: `at most ${max}`, todo }] : [],
  );
}
