import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The versions that are on record. */
export const VERSIONS = globSync('*/written.json', { cwd: __dirname }).map(dirname);

export const fileOf = (version: string): string => join(__dirname, version, 'written.json');
export const recorded = (version: string): any => JSON.parse(readFileSync(fileOf(version), 'utf8'));

/** Where something was that is gone or is another. What was added does not count. */
export const lost = (before: any, after: any, path = ''): string[] => {
  if (before === null || typeof before !== 'object') {
    return Object.is(before, after) ? [] : [`${path}: ${JSON.stringify(before)} became ${JSON.stringify(after)}`];
  }
  if (after === null || typeof after !== 'object') return [`${path} is gone`];
  return Object.keys(before).flatMap((key) => lost(before[key], after[key], `${path}/${key}`));
};
