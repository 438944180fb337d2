import { duration, type Option, positive, text, type Values } from './command';
import type { Letter } from './letter';
import { UsageProblem } from './problem';

/** Which letters are meant. */
export type Select = (letter: Letter, now: number) => boolean;

export const SELECT_OPTIONS: Readonly<Record<string, Option>> = {
  reason: { type: 'string', value: 'text', help: 'only those whose reason holds the text, or matches a /pattern/' },
  'older-than': { type: 'string', value: '2h', help: 'only those that have been dead for longer' },
  'newer-than': { type: 'string', value: '2h', help: 'only those that have been dead for less' },
};

/** @throws UsageProblem if a value is none */
export function selectOf(values: Values): Select {
  const reason = reasonTest(text(values, 'reason'));
  const older = duration(values, 'older-than');
  const newer = duration(values, 'newer-than');
  return (letter, now) => {
    const age = now - letter.deadAt;
    return reason(letter.reason) && (older === undefined || age > older) && (newer === undefined || age < newer);
  };
}

function reasonTest(reason: string | undefined): (text: string) => boolean {
  if (reason === undefined) return () => true;
  const pattern = /^\/(.*)\/([imsu]*)$/s.exec(reason);
  if (pattern) {
    try {
      const expression = new RegExp(pattern[1]!, pattern[2]);
      return (value) => expression.test(value);
    } catch (error) {
      throw new UsageProblem(`--reason: ${(error as Error).message}`);
    }
  }
  const lower = reason.toLowerCase();
  return (value) => value.toLowerCase().includes(lower);
}

export const limitOf = (values: Values): number | undefined => positive(values, 'limit');
