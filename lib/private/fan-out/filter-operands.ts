import { isIPv4, isIPv6 } from 'node:net';
import type { Problem } from '../problem';
import type { Condition, FilterScope, Operation } from './filter-policy';

const MAX_NUMBER = 1e9;
const MAX_STARS = 3;

type Operand = string | number;

const anythingBut = (operation: Operation) => operation['anything-but'];

/** All texts and numbers that a condition compares with; numeric operators left out. */
function operandsOf(condition: Condition): Operand[] {
  if (typeof condition === 'string') return [condition];
  if (condition === null || typeof condition === 'boolean') return [];
  const { numeric = [], 'anything-but': excluded, exists: _, ...one } = condition;
  return [
    ...Object.values(one),
    ...numeric.filter((member) => typeof member === 'number'),
    ...(Array.isArray(excluded) ? excluded : Object.values(excluded ?? {})),
  ];
}

const wildcardOf = (condition: Condition): string | undefined => {
  if (condition === null || typeof condition !== 'object') return undefined;
  const excluded = anythingBut(condition);
  return condition.wildcard ?? (excluded && 'wildcard' in excluded ? excluded.wildcard : undefined);
};

const starsOf = (pattern: string): number => pattern.replace(/\\./gs, '').split('*').length - 1;

/** Each pattern of a key has points, for each other pattern of that key once more; without wildcards a key has none. */
export function wildcardPoints(conditions: readonly Condition[]): number {
  if (!conditions.some((condition) => wildcardOf(condition) !== undefined)) return 0;
  const patterns = conditions.filter(
    (condition) =>
      condition !== null && typeof condition === 'object' && (condition.wildcard ?? anythingBut(condition)),
  );
  const points = patterns.map((condition) => {
    const stars = starsOf(wildcardOf(condition) ?? '');
    return stars > 1 ? 3 * stars : 1;
  });
  return points.reduce((sum, it) => sum + it, 0) * patterns.length;
}

/** What is wrong with one value, whatever the others are. */
export function operandRefusals(
  key: string,
  condition: Condition,
  scope: FilterScope,
  isKnown: (value: Operand) => boolean,
): Problem[] {
  const refusal = (got: Operand, expected: string, todo: string): Problem => ({
    what: `message filter on ${key}`,
    got,
    expected,
    todo,
  });
  const operands = operandsOf(condition).filter(isKnown);
  const problems: Problem[] = operands.flatMap((operand) => {
    if (typeof operand === 'number') {
      return isComparable(operand)
        ? []
        : [refusal(operand, 'a number from -1e9 to 1e9 with 5 decimals at most', 'publish it in another unit')];
    }
    return scope === 'MessageAttributes' && /["\\]/.test(operand)
      ? [
          refusal(
            operand,
            'no quotation mark and no backslash, which SNS does not match in attributes as they are',
            'filter by the body, with MessageFilter.body',
          ),
        ]
      : [];
  });
  if (problems.length > 0 || condition === null || typeof condition !== 'object') return problems;

  const { prefix, suffix, cidr, numeric } = condition;
  const excluded = anythingBut(condition);
  const wildcard = wildcardOf(condition);
  const affixes = [prefix, suffix, excluded && 'prefix' in excluded ? excluded.prefix : undefined];
  if (affixes.includes('')) problems.push(refusal('an empty text', 'a text', 'use MessageMatch.exists()'));
  if (Array.isArray(excluded) && excluded.length === 0) {
    problems.push(refusal('nothing', 'at least one value', 'use MessageMatch.exists()'));
  }
  if (cidr !== undefined && isKnown(cidr) && !isBlock(cidr)) {
    problems.push(
      refusal(
        cidr,
        'an IP address with /0 to /31, or /127 for IPv6',
        'match a single address with MessageMatch.strings',
      ),
    );
  }
  if (wildcard !== undefined && isKnown(wildcard)) {
    const expected = wildcardExpectation(wildcard);
    if (expected) problems.push(refusal(wildcard || 'an empty text', expected, 'see MessageMatch.wildcard'));
  }
  const [, low, , high] = numeric ?? [];
  if (typeof low === 'number' && typeof high === 'number' && [low, high].every(isKnown) && low >= high) {
    problems.push(
      refusal(`${low} to ${high}`, 'a lower bound below the upper', 'match one number with MessageMatch.numbers'),
    );
  }
  return problems;
}

const isComparable = (value: number): boolean => Math.abs(value) <= MAX_NUMBER && Number(value.toFixed(5)) === value;

function isBlock(cidr: string): boolean {
  const [address = '', bits = '', ...more] = cidr.split('/');
  if (more.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return (isIPv4(address) && Number(bits) < 32) || (isIPv6(address) && !address.includes('%') && Number(bits) < 128);
}

/** What is expected of a pattern that SNS would refuse. */
function wildcardExpectation(pattern: string): string | undefined {
  if (pattern === '') return 'a pattern';
  const unescaped = pattern.replace(/\\[*\\]/g, '.');
  if (unescaped.includes('\\')) return 'a backslash before * or another one only';
  if (unescaped.includes('**')) return 'no two * side by side';
  return starsOf(pattern) > MAX_STARS ? `at most ${MAX_STARS} *` : undefined;
}
