import type { AttributeValue } from '@aws-sdk/client-dynamodb';

const FIRST = 1;
const LAST = Number.MAX_SAFE_INTEGER;

/** The version of a row: it grows with every change, and to change the row is to have seen it. 0 where there is none of ours. */
export function versionIn(value: AttributeValue | undefined): number {
  const version = Number(value?.N);
  return version >= FIRST && version <= LAST ? version : 0;
}

/** Gives a condition its placeholder for a value. */
type PlaceValue = (name: string, value: AttributeValue) => string;

/**
 * The condition that a row has the version that was seen. What somebody has written by hand and is no version counts as none:
 * the next change gives the row one, or there would never be another.
 */
export function ifVersion(seen: number, attribute: string, value: PlaceValue): string {
  if (seen !== 0) return `${attribute} = ${value('seen', { N: String(seen) })}`;
  const [first, last] = [value('first', { N: String(FIRST) }), value('last', { N: String(LAST) })];
  return `(attribute_not_exists(${attribute}) OR NOT ${attribute} BETWEEN ${first} AND ${last})`;
}
