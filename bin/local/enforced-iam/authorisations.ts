import { readFileSync } from 'node:fs';

/** What a role asked for. */
export interface Authorisation {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What roles were allowed, each once, and what they were denied, each time. */
export const authorisationsIn = (record: string): Authorisation[] =>
  readFileSync(record, 'utf8')
    .split('\n')
    // The last line may be half written.
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Authorisation);

/** What roles were denied, in words, each once. */
export const denialsIn = (record: string): string[] => {
  const denials = authorisationsIn(record).filter(({ allowed }) => !allowed);
  return [...new Set(denials.map(({ role, action, resource }) => `${role} may not ${action} on ${resource}`))];
};
